import { type CostClass, costClasses } from '../../../shared/arch/cost.ts'
import type { PathPart } from '../../workers/trace-switches.ts'
import { pathParts } from '../../workers/trace-switches.ts'
import { type CostComparison, compareCosts } from '../cost-interval.ts'
import type { CostProfile } from '../cost-profile.ts'
import { type AlignedRow, align } from './align.ts'
import { type DeadOffset, deadOffsets } from './dead-offset.ts'
import type { PolicyMode } from './image.ts'
import type { ClassCounts, SwitchPath, TripCounts } from './path.ts'
import { type CodeLine, isBarrier, type Routine } from './routines.ts'
import type { PolicyView } from './view.ts'

/** One row of a difference: an instruction of both, or of one side alone. `retargeted`: the same branch, to elsewhere. */
export interface DiffRow {
  kind: 'same' | 'removed' | 'added' | 'retargeted'
  a: string | null
  b: string | null
}

export interface RoutineDiff {
  routine: string
  /** Parts of the switch that execute it; empty for code outside the switch. */
  parts: PathPart[]
  /** All rows of the routine, in order. */
  rows: DiffRow[]
}

export interface PolicyDiff {
  a: string
  b: string
  mode: PolicyMode
  /** No instruction of the image differs. */
  equal: boolean
  routines: RoutineDiff[]
  barriers: { added: string[]; removed: string[] }
  /** Offsets that one side declares and no instruction of its image uses. */
  deadOffsets: { a: DeadOffset[]; b: DeadOffset[] }
  /** Executed instructions of b less those of a, per class: an HVC round trip of a VM with MTE and of one without, and put and load of the former. */
  counts: Record<'mte' | 'plain' | 'put' | 'load', ClassCounts | null>
  /** What the round trip of a VM with MTE costs more (or less) in b, per profile. */
  costs: CostComparison[]
}

/** Compares two policies in one mode, instruction by instruction. */
export function diffPolicies(
  a: PolicyView,
  b: PolicyView,
  profiles: readonly CostProfile[],
): Omit<PolicyDiff, 'mode'> {
  const routines = diffRoutines(a.routines, b.routines).map(({ routine, rows }) => ({
    routine,
    parts: partsOf(routine, a.path, b.path),
    rows,
  }))
  const counts = {
    mte: difference(a.path.mte, b.path.mte),
    plain: difference(a.path.plain, b.path.plain),
    put: difference(a.path.put, b.path.put),
    load: difference(a.path.load, b.path.load),
  }
  return {
    a: a.name,
    b: b.name,
    equal: routines.length === 0,
    routines,
    barriers: {
      added: barriers(routines, 'added'),
      removed: barriers(routines, 'removed'),
    },
    deadOffsets: { a: deadOffsets(a.image, a.files), b: deadOffsets(b.image, b.files) },
    counts,
    costs: counts.mte === null ? [] : profiles.map((profile) => compareCosts(counts.mte!, profile)),
  }
}

function barriers(routines: readonly RoutineDiff[], kind: 'added' | 'removed'): string[] {
  return routines.flatMap(({ routine, rows }) =>
    rows
      .filter((row) => row.kind === kind)
      .map((row) => row.b ?? row.a!)
      .filter(isBarrier)
      .map((text) => `${text} in ${routine}`),
  )
}

const partsOf = (routine: string, a: SwitchPath, b: SwitchPath): PathPart[] =>
  pathParts.filter((part) => a.routines[part].includes(routine) || b.routines[part].includes(routine))

function difference(a: TripCounts | null, b: TripCounts | null): ClassCounts | null {
  if (a === null || b === null) return null
  const entries = costClasses.map((key): [CostClass, number] => [
    key,
    (b.classes[key] ?? 0) - (a.classes[key] ?? 0),
  ])
  return Object.fromEntries(entries.filter(([, count]) => count !== 0))
}

/** The routines that differ, in the order of b, those that only a has behind them. */
export function diffRoutines(
  a: readonly Routine[],
  b: readonly Routine[],
): { routine: string; rows: DiffRow[] }[] {
  const ofA = new Map(a.map((routine) => [routine.name, routine.code]))
  const ofB = new Set(b.map(({ name }) => name))
  const changed = [
    ...b.map(({ name, code }) => ({ routine: name, rows: diffCode(ofA.get(name) ?? [], code) })),
    ...a
      .filter(({ name }) => !ofB.has(name))
      .map(({ name, code }) => ({ routine: name, rows: diffCode(code, []) })),
  ]
  return changed.filter(({ rows }) => rows.some(({ kind }) => kind !== 'same'))
}

function diffCode(a: readonly CodeLine[], b: readonly CodeLine[]): DiffRow[] {
  const rows = align(
    a.map(({ normalised }) => normalised),
    b.map(({ normalised }) => normalised),
  )
  const landing = landings(rows, a, b)
  return rows.map((row) => {
    const left = row.a === null ? null : a[row.a]!
    const right = row.b === null ? null : b[row.b]!
    if (left === null) return { kind: 'added', a: null, b: right!.text }
    if (right === null) return { kind: 'removed', a: left.text, b: null }
    const kind = landing.a(left.target) === landing.b(right.target) ? 'same' : 'retargeted'
    return { kind, a: left.text, b: right.text }
  })
}

/** Where a target lies in the alignment: the next row that both sides have, so that a label moves with what stands behind it. */
function landings(rows: readonly AlignedRow[], a: readonly CodeLine[], b: readonly CodeLine[]) {
  const rowOf = { a: new Map<number, number>(), b: new Map<number, number>() }
  let next = rows.length
  for (let at = rows.length - 1; at >= 0; at--) {
    const row = rows[at]!
    if (row.a !== null && row.b !== null) next = at
    if (row.a !== null) rowOf.a.set(a[row.a]!.address, next)
    if (row.b !== null) rowOf.b.set(b[row.b]!.address, next)
  }
  const find = (side: 'a' | 'b') => (target: number | null) =>
    target === null ? null : (rowOf[side].get(target) ?? rows.length)
  return { a: find('a'), b: find('b') }
}
