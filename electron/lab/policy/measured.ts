import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CostClass } from '../../../shared/arch/cost.ts'
import type { PolicyMode } from './image.ts'
import type { CodeLine } from './routines.ts'

/** The classes in which the real KVM's instructions were counted. */
export const measuredClasses = [
  'mrs',
  'msr',
  'load-store',
  'isb',
  'dsb',
  'dmb',
  'eret',
  'sys',
  'nop',
  'hint',
  'branch',
  'other',
] as const
export type MeasuredClass = (typeof measuredClasses)[number]
export type MeasuredCounts = Record<MeasuredClass, number>

/** One configuration of resources/measured/kvm.json. */
export interface MeasuredKvm {
  kernel: string
  mode: PolicyMode
  mte: boolean
  windows: number
  total: number
  exitHalf: number
  entryHalf: number
  classes: MeasuredCounts
}

export interface MeasuredFile {
  title: string
  source: string
  date: string
  window: string
  limits: string
  counts: MeasuredKvm[]
  /** Per class: what of KVM's work ours does not do. */
  explanations: Record<MeasuredClass, string>
  leftOut: string
}

/** A round trip of ours in the same classes. */
export interface MeasuredTrip {
  total: number
  exitHalf: number
  entryHalf: number
  /** From guest to guest, the host's part included, and without it. */
  classes: MeasuredCounts
  switchClasses: MeasuredCounts
}

export interface MeasuredRow {
  class: MeasuredClass
  /** With MTE, and (in the switch alone: the host's part varies) how many there are because of it; ours, then the kernel's. */
  ours: number
  kvm: number
  oursForMte: number
  kvmForMte: number
  explanation: string
}

export interface MeasuredComparison {
  kernel: string
  mode: PolicyMode
  rows: MeasuredRow[]
  totals: Record<'total' | 'exitHalf' | 'entryHalf', { ours: number; kvm: number }>
  source: string
  leftOut: string
}

export const readMeasured = (resources: string): MeasuredFile =>
  JSON.parse(readFileSync(join(resources, 'measured/kvm.json'), 'utf8')) as MeasuredFile

const byCost: Partial<Record<CostClass, MeasuredClass>> = {
  mrs: 'mrs',
  msr: 'msr',
  load: 'load-store',
  store: 'load-store',
  exclusive: 'load-store',
  atomic: 'load-store',
  'tag-load': 'load-store',
  'tag-store': 'load-store',
  isb: 'isb',
  dsb: 'dsb',
  dmb: 'dmb',
  hint: 'hint',
  branch: 'branch',
  'exception-return': 'eret',
  'cache-maintenance': 'sys',
  'tlb-maintenance': 'sys',
  'address-translation': 'sys',
}

/** The class in which the measurement would have counted an instruction; null for the host's HVC, which is in the total alone. */
export function measuredClass({ text, cost }: CodeLine): MeasuredClass | null {
  if (text.startsWith('hvc ')) return null
  if (text === 'nop') return 'nop'
  return (cost !== null ? byCost[cost] : undefined) ?? 'other'
}

export function countMeasured(lines: readonly CodeLine[]): MeasuredCounts {
  const counts = Object.fromEntries(measuredClasses.map((key) => [key, 0])) as MeasuredCounts
  for (const line of lines) {
    const key = measuredClass(line)
    if (key !== null) counts[key]++
  }
  return counts
}

/** Our round trips beside those of each kernel that was measured in this mode; none where ours has no such trip. */
export function compareMeasured(
  { counts, explanations, source, leftOut }: MeasuredFile,
  mode: PolicyMode,
  mte: MeasuredTrip | null,
  plain: MeasuredTrip | null,
): MeasuredComparison[] {
  if (mte === null || plain === null) return []
  return counts
    .filter((one) => one.mode === mode && one.mte)
    .flatMap((kvm) => {
      const without = counts.find((one) => one.kernel === kvm.kernel && one.mode === mode && !one.mte)
      if (without === undefined) return []
      const beside = (key: 'total' | 'exitHalf' | 'entryHalf') => ({ ours: mte[key], kvm: kvm[key] })
      const rows = measuredClasses.map((key) => ({
        class: key,
        ours: mte.classes[key],
        kvm: kvm.classes[key],
        oursForMte: mte.switchClasses[key] - plain.switchClasses[key],
        kvmForMte: kvm.classes[key] - without.classes[key],
        explanation: explanations[key],
      }))
      return [
        {
          kernel: kvm.kernel,
          mode,
          rows,
          totals: { total: beside('total'), exitHalf: beside('exitHalf'), entryHalf: beside('entryHalf') },
          source,
          leftOut,
        },
      ]
    })
}
