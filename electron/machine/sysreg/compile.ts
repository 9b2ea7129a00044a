import type { Feature, FeatureChoice } from '../../../shared/arch/features.ts'
import { featureSet } from '../../../shared/arch/features.ts'
import { fieldAt, rowLayout, rowStorage } from '../../../shared/arch/layout.ts'
import type { ExceptionLevel, Sysreg, Trap } from '../../../shared/arch/sysreg.ts'
import { sysregs } from '../../../shared/arch/sysregs.ts'
import { effectiveSlotOf, hasStorage, slotOf } from '../cpu/layout.ts'

const table: Readonly<Record<string, Sysreg>> = sysregs

/** A row made ready for one machine: masks for its features, slots, and traps with their control bits found. */
export interface Register {
  name: string
  row: Sysreg
  /** Words of the architectural and the effective value; -1 without storage. */
  slot: number
  effective: number
  /** A write stores `value & stored | ones`. */
  stored: bigint
  ones: bigint
  /** Bits that MRS returns as field values, index 1 while HCR_EL2.E2H is 1. */
  fields: readonly [bigint, bigint]
  /** Lowest EL that may read and write; 3 where nobody may. */
  lowestRead: number
  lowestWrite: number
  traps: TrapsByLevel
  e2h: Register | null
  alias: Register | null
}

/** Traps by the EL of the access that they catch. */
export type TrapsByLevel = readonly [CompiledTrap[], CompiledTrap[], CompiledTrap[]]

export interface CompiledTrap {
  trap: Trap
  control: TrapControl | null
  and: TrapControl | null
}

/** Where a trap's control bit lies: word of the effective value, and bit number for E2H = 0 and 1 (-1: absent). */
interface TrapControl {
  slot: number
  bit: readonly [number, number]
}

export const packEncoding = (op0: number, op1: number, crn: number, crm: number, op2: number): number =>
  (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2

function controlOf(name: string): TrapControl | null {
  if (name === 'always') return null
  const [register, field] = name.split('.') as [string, string]
  const bit = (e2h: boolean): number => fieldAt(table[register]!, field, e2h)?.[1] ?? -1
  return { slot: effectiveSlotOf(register), bit: [bit(false), bit(true)] }
}

export const levelNumber: Readonly<Record<ExceptionLevel | 'none', number>> = {
  EL0: 0,
  EL1: 1,
  EL2: 2,
  none: 3,
}

export function compileTraps(
  traps: readonly Trap[] | undefined,
  features: ReadonlySet<Feature>,
): TrapsByLevel {
  const byLevel: TrapsByLevel = [[], [], []]
  for (const trap of traps ?? []) {
    if (trap.to === 'EL2' && !features.has('FEAT_EL2')) continue
    byLevel[levelNumber[trap.from] as 0 | 1 | 2].push({
      trap,
      control: controlOf(trap.bit),
      and: trap.and ? controlOf(trap.and) : null,
    })
  }
  return byLevel
}

/** Registers and instructions of EL2 and its aliases of EL1 (op1 = 4, 5) are UNDEFINED where FEAT_EL2 is not implemented. */
export const belongsToEl2 = (op1: number): boolean => op1 === 4 || op1 === 5

const ENCODINGS = 1 << 16

/** Every register that exists with some features, by packed encoding and by name. */
interface CompiledRegisters {
  readonly byEncoding: readonly (Register | undefined)[]
  readonly byName: ReadonlyMap<string, Register>
}

/** What was compiled for a choice of features: PEs share it, and a machine that is forked takes it as it is. */
export function oncePerChoice<T>(compile: (choice: FeatureChoice) => T): (choice: FeatureChoice) => T {
  const made = new Map<string, T>()
  return (choice) => {
    const key = JSON.stringify(choice)
    const found = made.get(key) ?? compile(choice)
    made.set(key, found)
    return found
  }
}

export const compileRegisters = oncePerChoice((choice): CompiledRegisters => {
  const features = featureSet(choice)
  const byName = new Map<string, Register>()
  for (const [name, row] of Object.entries(table)) {
    if (row.feature && !features.has(row.feature)) continue
    const hasWord = hasStorage(name)
    byName.set(name, {
      name,
      row,
      slot: hasWord ? slotOf(name) : -1,
      effective: hasWord ? effectiveSlotOf(name) : -1,
      ...rowStorage(row, features),
      fields: [rowLayout(row, features, false).fields, rowLayout(row, features, true).fields],
      lowestRead: levelNumber[row.read],
      lowestWrite: levelNumber[row.write],
      traps: compileTraps(row.traps, features),
      e2h: null,
      alias: null,
    })
  }
  for (const register of byName.values()) {
    register.e2h = byName.get(register.row.e2h ?? '') ?? null
    register.alias = byName.get(register.row.alias ?? '') ?? null
  }
  const byEncoding = new Array<Register | undefined>(ENCODINGS).fill(undefined)
  for (const register of byName.values()) {
    const { enc } = register.row
    if (features.has('FEAT_EL2') || !belongsToEl2(enc[1])) byEncoding[packEncoding(...enc)] = register
  }
  return { byName, byEncoding }
})
