import { bits } from '../base/bits.ts'
import { errorStatusCodes, exceptionClassOf, faultStatusCodes, issFields } from './exception.ts'
import type { Feature } from './features.ts'
import { fieldTable, spanOf } from './layout.ts'
import { type SysregName, storageName, sysregs } from './sysregs.ts'

/** One field of a register's value. `field` is the manual's name; parts of a syndrome are `ISS.DFSC`. */
export interface DecodedField {
  field: string
  /** Bit positions, both inclusive. */
  high: number
  low: number
  value: bigint
  /** The value in words, where the row has them. */
  meaning?: string
}

/** What decides the layout besides the name: HCR_EL2.E2H, and the features of the PE (absent: every field is shown). */
export interface DecodeContext {
  e2h?: boolean
  features?: ReadonlySet<Feature>
}

/**
 * The fields of a register's value from the highest to the lowest, for panels and listings. A register that is one 64-bit
 * value, or has nothing in it, has none. A syndrome also gives the fields of its ISS, after ISS itself.
 */
export function fieldsOf(name: SysregName, value: bigint, context: DecodeContext = {}): DecodedField[] {
  const row = sysregs[storageName(name)]
  const decoded: DecodedField[] = []
  for (const [field, position] of Object.entries(fieldTable(row, context.e2h ?? false))) {
    const needs = row.fieldFeatures?.[field]
    if (needs && context.features && !context.features.has(needs)) continue
    const [high, low] = spanOf(position)
    const part = bits(value, high, low)
    decoded.push(withMeaning({ field, high, low, value: part }, row.meanings?.[field]?.[Number(part)]))
  }
  decoded.sort((a, b) => b.high - a.high)
  return isSyndrome(name) ? withSyndrome(decoded, value) : decoded
}

const isSyndrome = (name: SysregName): boolean => storageName(name) === 'ESR_EL1' || name === 'ESR_EL2'

function withSyndrome(fields: DecodedField[], esr: bigint): DecodedField[] {
  const row = exceptionClassOf(esr)
  const named = fields.map((f) => (f.field === 'EC' ? withMeaning(f, row?.doc) : f))
  const codes = row?.iss === 'error' ? errorStatusCodes : faultStatusCodes
  const parts = issFields(esr).map((part) => {
    const isStatus = part.field === 'DFSC' || part.field === 'IFSC'
    return withMeaning(
      { ...part, field: `ISS.${part.field}` },
      isStatus ? codes[Number(part.value)] : undefined,
    )
  })
  return [...named, ...parts]
}

const withMeaning = (field: DecodedField, meaning: string | undefined): DecodedField =>
  meaning === undefined ? field : { ...field, meaning }
