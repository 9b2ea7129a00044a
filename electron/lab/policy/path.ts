import { type CostClass, costClasses } from '../../../shared/arch/cost.ts'
import { writeElf } from '../../../shared/asm/elf-write.ts'
import type { Assembled } from '../../../shared/asm/link.ts'
import { type PathPart, pathParts, type RoundTrip, traceSwitches } from '../../workers/trace-switches.ts'
import { planRun } from '../plan-run.ts'
import { type PolicyMode, policyExperiment } from './image.ts'
import { countMeasured, type MeasuredTrip } from './measured.ts'
import type { CodeLine, Routine } from './routines.ts'

/** Executed instructions per operation class; classes with none are left out. */
export type ClassCounts = Partial<Record<CostClass, number>>

/** What one round trip of an HVC executes: the most frequent among those of that kind. */
export interface TripCounts {
  total: number
  classes: ClassCounts
  parts: Partial<Record<PathPart, number>>
}

/** The switch as it ran on the reference machine. */
export interface SwitchPath {
  /** Round trips of an HVC that the host answers at once, by whether the VM has MTE; null where none was seen. */
  mte: TripCounts | null
  plain: TripCounts | null
  /** vcpu_put and vcpu_load of a VM with MTE. */
  put: TripCounts | null
  load: TripCounts | null
  /** The same round trips with the host's part, as the real KVM's were measured. */
  whole: { mte: MeasuredTrip | null; plain: MeasuredTrip | null }
  /** The routines of each part, in the order in which they were first entered. */
  routines: Record<PathPart, string[]>
  /** Marks by the address of the instruction that they stand before. */
  marks: ReadonlyMap<number, readonly { kind: number; argument: number }[]>
}

/** Enough for some hundred switches: the round trips of one kind differ only where an interrupt came between. */
const INSTRUCTIONS = 150_000

/**
 * Runs an assembled policy on the reference machine and says what a switch executes.
 * @throws ProblemError when the machine cannot run the image
 */
export function switchPath(
  resources: string,
  image: Assembled,
  routines: readonly Routine[],
  mode: PolicyMode,
): SwitchPath {
  const planned = planRun(policyExperiment(resources, 'mainline', mode), resources).plan
  const plan = { ...planned, image: { bytes: writeElf(image), file: 'policy' } }
  const lines = new Map<number, { line: CodeLine; routine: string }>()
  for (const { name, code } of routines)
    for (const line of code) lines.set(line.address, { line, routine: name })
  const own = new Set(
    routines.filter(isHypervisors).flatMap(({ code }) => code.map(({ address }) => address)),
  )
  const { trips, marks } = traceSwitches(plan, INSTRUCTIONS, (pc) => own.has(pc))
  const lineAt = (pc: number): CodeLine | null => lines.get(pc)?.line ?? null
  const calls = trips.filter(({ hvc }) => hvc)
  const between = (test: (from: number, to: number) => boolean, parts: readonly PathPart[]) =>
    mostFrequent(
      calls.filter(({ from, to }) => test(from, to)),
      parts,
      lineAt,
    )
  const mte = between((from, to) => from === 0 && to === 0, SWITCH)
  const plain = between((from, to) => from === 1 && to === 1, SWITCH)
  const put = between((from, to) => from === 0 && to !== 0, ['put'])
  const load = between((from, to) => from !== 0 && to === 0, ['load'])
  return {
    mte: countTrip(mte, SWITCH, lineAt),
    plain: countTrip(plain, SWITCH, lineAt),
    put: countTrip(put, ['put'], lineAt),
    load: countTrip(load, ['load'], lineAt),
    whole: {
      mte: measuredTrip(
        between((from, to) => from === 0 && to === 0, pathParts),
        lineAt,
      ),
      plain: measuredTrip(
        between((from, to) => from === 1 && to === 1, pathParts),
        lineAt,
      ),
    },
    routines: routinesByPart(trips, (pc) => lines.get(pc)?.routine ?? null),
    marks,
  }
}

const SWITCH = ['exit', 'enter'] as const

type LineAt = (pc: number) => CodeLine | null

/** Written under hyp/, and no service that the host shares. */
export const isHypervisors = ({ file }: Routine): boolean =>
  file.startsWith('hyp/') && !file.endsWith('/console.S')

/** The first of those that execute the same numbers of each class in these parts, of which there are most. */
function mostFrequent(
  trips: readonly RoundTrip[],
  parts: readonly PathPart[],
  lineAt: LineAt,
): RoundTrip | null {
  const kinds = new Map<string, { trip: RoundTrip; seen: number }>()
  for (const trip of trips) {
    const key = JSON.stringify(countTrip(trip, parts, lineAt))
    const kind = kinds.get(key) ?? { trip, seen: 0 }
    kind.seen++
    kinds.set(key, kind)
  }
  return [...kinds.values()].toSorted((a, b) => b.seen - a.seen)[0]?.trip ?? null
}

function countTrip(trip: RoundTrip | null, parts: readonly PathPart[], lineAt: LineAt): TripCounts | null {
  if (trip === null) return null
  const found = new Map<CostClass, number>()
  for (const pc of parts.flatMap((part) => trip.executed[part])) {
    const key = lineAt(pc)?.cost ?? null
    if (key !== null) found.set(key, (found.get(key) ?? 0) + 1)
  }
  const counted = parts.map((part): [PathPart, number] => [part, trip.executed[part].length])
  return {
    total: counted.reduce((sum, [, count]) => sum + count, 0),
    classes: Object.fromEntries(
      costClasses.flatMap((key) => (found.has(key) ? [[key, found.get(key)!]] : [])),
    ),
    parts: Object.fromEntries(counted),
  }
}

/** From guest to guest, the host's part included, in the classes of the measurement. */
function measuredTrip(trip: RoundTrip | null, lineAt: LineAt): MeasuredTrip | null {
  if (trip === null) return null
  const { executed } = trip
  const linesOf = (parts: readonly PathPart[]): CodeLine[] =>
    parts.flatMap((part) => executed[part].map(lineAt).filter((line) => line !== null))
  return {
    total: pathParts.reduce((sum, part) => sum + executed[part].length, 0),
    exitHalf: executed.exit.length,
    entryHalf: executed.enter.length,
    classes: countMeasured(linesOf(pathParts)),
    switchClasses: countMeasured(linesOf(SWITCH)),
  }
}

function routinesByPart(
  trips: readonly RoundTrip[],
  routineOf: (pc: number) => string | null,
): Record<PathPart, string[]> {
  const found = { exit: [], put: [], host: [], load: [], enter: [] } as Record<PathPart, string[]>
  for (const { executed } of trips) {
    for (const part of pathParts) {
      for (const pc of executed[part]) {
        const name = routineOf(pc)
        if (name !== null && !found[part].includes(name)) found[part].push(name)
      }
    }
  }
  return found
}
