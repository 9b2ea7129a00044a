import { type DecodedField, fieldsOf as decode } from '../../shared/arch/decode-fields.ts'
import { type SysregName, sysregs } from '../../shared/arch/sysregs.ts'
import { maskText, tagText } from './format.ts'

export interface Field {
  name: string
  value: bigint
  text: string
  /** The value with its meaning in words, where that is too long for a column of the inspector. */
  title?: string
  /** A 16-bit mask to draw as a strip. */
  mask?: number
}

/** Characters of code type that fit one of four columns of the narrowest inspector. */
const COLUMN = 8

const known = (register: string): register is SysregName => Object.hasOwn(sysregs, register)

/** The register's fields in display order, from its row in shared/arch; empty for one that is a single value. */
export const fieldsOf = (register: string, value: bigint): Field[] =>
  known(register) ? decode(register, value).map((field) => shown(register, field)) : []

/** Tags in brackets, masks as lists of tags, wide fields in hexadecimal, the rest as the manual counts them. */
function shown(register: SysregName, { field: name, high, low, value, meaning }: DecodedField): Field {
  if (name === 'TAG') return { name, value, text: tagText(Number(value)) }
  if (register === 'GCR_EL1' && name === 'Exclude')
    return { name, value, text: maskText(Number(value)), mask: Number(value) }
  if (high - low >= 7) return { name, value, text: value.toString(16).padStart(4, '0') }
  if (!meaning || name === 'RRND') return { name, value, text: value.toString() }
  const title = `${value} ${meaning}`
  return title.length <= COLUMN
    ? { name, value, text: title }
    : { name, value, text: value.toString(), title }
}

/** Where a write of the register reaches its indirect readers, in a sentence for the inspector. */
export const registerNotes: Readonly<Record<string, string>> = {
  RGSR_EL1: 'Program order is enough for this register in documents from 2023-09 on.',
  GCR_EL1: 'A write reaches IRG, ADDG and SUBG at the next context synchronisation event.',
  TFSR_EL1: 'Collects asynchronous faults of EL1, by bit 55 of the address.',
  TFSRE0_EL1: 'Collects asynchronous faults of EL0, by bit 55 of the address.',
}
