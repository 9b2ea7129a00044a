import { checkSysregs } from './check.ts'
import type { Feature } from './features.ts'
import { type Layout, rowLayout, rowStorage } from './layout.ts'
import type { Sysreg } from './sysreg.ts'
import { controlEl1 } from './sysregs/control-el1.ts'
import { controlEl2 } from './sysregs/control-el2.ts'
import { debugAndPmu } from './sysregs/debug-and-pmu.ts'
import { e2hNames } from './sysregs/e2h-names.ts'
import { exception } from './sysregs/exception.ts'
import { gic } from './sysregs/gic.ts'
import { identification } from './sysregs/identification.ts'
import { mte } from './sysregs/mte.ts'
import { pauth } from './sysregs/pauth.ts'
import { ras } from './sysregs/ras.ts'
import { specialPurpose } from './sysregs/special-purpose.ts'
import { thread } from './sysregs/thread.ts'
import { timer } from './sysregs/timer.ts'
import { translation } from './sysregs/translation.ts'

/** The rows by subject, in table order. */
const groups = {
  'Memory tagging': mte,
  'Control, EL1': controlEl1,
  'Control, EL2': controlEl2,
  Translation: translation,
  Exceptions: exception,
  'Special-purpose': specialPurpose,
  Threads: thread,
  'Pointer authentication': pauth,
  Timers: timer,
  'Interrupt controller': gic,
  Identification: identification,
  RAS: ras,
  Debug: debugAndPmu,
  'VHE names': e2hNames,
}

type Groups = typeof groups
export type SysregName = { [G in keyof Groups]: keyof Groups[G] }[keyof Groups]

/** Every system register of the machine. What no row names is UNDEFINED, but for the ID block (isIdSpace). */
// Joined as untyped objects: a spread of the literal types takes the compiler half a minute.
export const sysregs: Readonly<Record<SysregName, Sysreg>> = Object.assign(
  {},
  ...Object.values<object>(groups),
)

const problems = checkSysregs(sysregs)
if (problems.length > 0) throw new Error(`system register rows:\n${problems.join('\n')}`)

/** The rows' names by subject, in table order: for panels and documentation. */
export const sysregGroups = Object.fromEntries(
  Object.entries(groups).map(([subject, rows]) => [subject, Object.keys(rows)]),
) as Readonly<Record<string, readonly SysregName[]>>

export const isSysregName = (name: string): name is SysregName => Object.hasOwn(sysregs, name)

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
