import { checkSysregs } from './check.ts'
import type { Feature } from './features.ts'
import { type Layout, rowLayout, rowStorage } from './layout.ts'
import type { Sysreg } from './sysreg.ts'
import { controlEl1 } from './sysregs/control-el1.ts'
import { controlEl2 } from './sysregs/control-el2.ts'
import { debugAndPmu } from './sysregs/debug-and-pmu.ts'
import { e2hNames } from './sysregs/e2h-names.ts'
import { exception } from './sysregs/exception.ts'
import { identification } from './sysregs/identification.ts'
import { mte } from './sysregs/mte.ts'
import { ras } from './sysregs/ras.ts'
import { specialPurpose } from './sysregs/special-purpose.ts'
import { thread } from './sysregs/thread.ts'
import { timer } from './sysregs/timer.ts'
import { translation } from './sysregs/translation.ts'

const joined = {
  ...mte,
  ...controlEl1,
  ...controlEl2,
  ...translation,
  ...exception,
  ...specialPurpose,
  ...thread,
  ...timer,
  ...identification,
  ...ras,
  ...debugAndPmu,
  ...e2hNames,
}

export type SysregName = keyof typeof joined

/** Every system register of the machine. What no row names is UNDEFINED, but for the ID block (isIdSpace). */
export const sysregs: Readonly<Record<SysregName, Sysreg>> = joined

const problems = checkSysregs(sysregs)
if (problems.length > 0) throw new Error(`system register rows:\n${problems.join('\n')}`)

const names = <G extends object>(group: G) => Object.keys(group) as (keyof G & SysregName)[]

/** The rows by subject, in table order: for panels and documentation. */
export const sysregGroups: Readonly<Record<string, readonly SysregName[]>> = {
  'Memory tagging': names(mte),
  'Control, EL1': names(controlEl1),
  'Control, EL2': names(controlEl2),
  Translation: names(translation),
  Exceptions: names(exception),
  'Special-purpose': names(specialPurpose),
  Threads: names(thread),
  Timers: names(timer),
  Identification: names(identification),
  RAS: names(ras),
  Debug: names(debugAndPmu),
  'VHE names': names(e2hNames),
}

export const isSysregName = (name: string): name is SysregName => Object.hasOwn(joined, name)

/** The register whose storage a name reaches: itself, or the target of an alias (TFSR_EL12 gives TFSR_EL1). */
export function storageName(name: SysregName): SysregName {
  return (sysregs[name].alias as SysregName | undefined) ?? name
}

const encodingKey = (op0: number, op1: number, crn: number, crm: number, op2: number): number =>
  (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2

const byEncoding = new Map<number, SysregName>()
for (const [name, row] of Object.entries(sysregs) as [SysregName, Sysreg][]) {
  byEncoding.set(encodingKey(...row.enc), name)
}

/** @returns undefined for an encoding without a row: UNDEFINED, or zero where isIdSpace holds. */
export function sysregByEncoding(
  op0: number,
  op1: number,
  crn: number,
  crm: number,
  op2: number,
): SysregName | undefined {
  return byEncoding.get(encodingKey(op0, op1, crn, crm, op2))
}

/** The generic name that assemblers take: `S3_0_C1_C0_6`. */
export function encodingName(op0: number, op1: number, crn: number, crm: number, op2: number): string {
  return `S${op0}_${op1}_C${crn}_C${crm}_${op2}`
}

/** The block of ID registers: reads succeed everywhere in it (reservedId in sysregs/identification.ts gives the rules). */
export function isIdSpace([op0, op1, crn, crm]: Sysreg['enc']): boolean {
  return op0 === 3 && op1 === 0 && crn === 0 && crm >= 1 && crm <= 7
}

/** Fields, RES0 and RES1 of a register on a PE with these features, while HCR_EL2.E2H has the given value. */
export function layoutOf(name: SysregName, features: ReadonlySet<Feature>, e2h = false): Layout {
  return rowLayout(sysregs[storageName(name)], features, e2h)
}

/** A write stores `value & stored | ones`. */
export function storageOf(
  name: SysregName,
  features: ReadonlySet<Feature>,
): { stored: bigint; ones: bigint } {
  return rowStorage(sysregs[storageName(name)], features)
}
