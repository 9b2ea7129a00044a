import { isSysregName, storageName, sysregs } from '../../shared/arch/sysregs.ts'
import type {
  MachineMemory,
  MachineState,
  MachineTarget,
  RegisterValue,
} from '../../shared/model/machine-view.ts'

/** Names of the registers whose value differs between two states of a machine. */
export function changedRegisters(before: MachineState | null, after: MachineState): ReadonlySet<string> {
  if (before === null || before.at.pe !== after.at.pe) return new Set()
  const old = new Map(allRegisters(before).map((one) => [one.name, one]))
  return new Set(
    allRegisters(after)
      .filter(({ name, value, effective }) => {
        const was = old.get(name)
        return was !== undefined && (was.value !== value || was.effective !== effective)
      })
      .map(({ name }) => name),
  )
}

export const allRegisters = ({ general, system }: MachineState): RegisterValue[] => [
  ...general,
  ...system.flatMap(({ registers }) => registers),
]

/** One granule as a line of a memory dump. */
export interface GranuleRow {
  address: bigint
  /** Sixteen bytes in hexadecimal, in groups of eight; empty where nothing is mapped. */
  bytes: string
  text: string
  /** null where nothing is mapped. */
  tag: number | null
  /** Registers that point into it, each with the logical tag of its value. */
  pointers: { name: string; tag: number; matches: boolean }[]
}

const NO_TAG = 255
const TAG_AND_TOP = 0x00ff_ffff_ffff_ffffn

/** @param state whose general registers are looked through for pointers into the memory */
export function granuleRows(memory: MachineMemory, state: MachineState): GranuleRow[] {
  const pointers = state.general.filter(({ name }) => name !== 'pstate' && name !== 'pc')
  return Array.from({ length: memory.tags.length }, (_, i) => {
    const address = BigInt.asUintN(64, memory.address + BigInt(i * 16))
    const tag = memory.tags[i] === NO_TAG ? null : memory.tags[i]!
    const bytes = [...memory.bytes.subarray(i * 16, i * 16 + 16)]
    const hex = (part: number[]): string => part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    return {
      address,
      bytes: tag === null ? '' : `${hex(bytes.slice(0, 8))}  ${hex(bytes.slice(8))}`,
      text:
        tag === null
          ? ''
          : bytes.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : '·')).join(''),
      tag,
      pointers: (tag === null ? [] : pointers)
        .filter(({ value }) => (value & TAG_AND_TOP & ~15n) === (address & TAG_AND_TOP))
        .map(({ name, value }) => {
          const logical = Number((value >> 56n) & 15n)
          return { name, tag: logical, matches: logical === tag }
        }),
    }
  })
}

/**
 * What a person typed as an address: hexadecimal with or without 0x, the name of a register, or a symbol of the program.
 * @returns the address, or the symbol to ask for
 */
export function addressTyped(text: string, state: MachineState): bigint | { symbol: string } | null {
  const typed = text.trim()
  if (typed === '') return null
  const named = allRegisters(state).find(({ name }) => name.toLowerCase() === typed.toLowerCase())
  if (named) return named.value
  const digits = /^(?:0x)?([0-9a-f_ ]{1,20})$/i.exec(typed)?.[1]?.replace(/[_ ]/g, '')
  if (digits !== undefined && digits.length > 0 && digits.length <= 16) return BigInt(`0x${digits}`)
  return /^[A-Za-z_.][\w.$]{0,199}$/.test(typed) ? { symbol: typed } : null
}

/** What a person typed as a place: `5000` a moment, `c 12000` a cycle, `i 300` an instruction of the PE, `end`. */
export function placeTyped(text: string, pe: number): MachineTarget | null {
  const typed = text.trim().toLowerCase()
  if (typed === 'end') return { kind: 'end' }
  const parts = /^([a-z]*)\s*(\d{1,15})$/.exec(typed.replaceAll(/[\s,](?=\d{3}\b)/g, ''))
  if (!parts) return null
  const at = Number(parts[2])
  switch (parts[1]) {
    case '':
    case 'm':
    case 'moment':
      return { kind: 'moment', moment: at }
    case 'c':
    case 'cycle':
      return { kind: 'cycle', pe, cycle: at }
    case 'i':
    case 'instruction':
      return { kind: 'position', pe, instructions: at }
    default:
      return null
  }
}

/** What the table says of a system register; null for a general one. */
export const registerDoc = (name: string): string | null =>
  isSysregName(name) ? sysregs[storageName(name)].doc : null
