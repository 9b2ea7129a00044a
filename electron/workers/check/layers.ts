import type { OneThreadBoard } from '../../machine/board/one-thread.ts'
import type { Snapshot } from '../../machine/board/snapshot.ts'
import { stateKey } from '../../machine/board/state-hash.ts'
import { type Decision, ExploreLimit, type Explorer } from '../../machine/sync/explore.ts'

/** What judges a run beside the machine, as exploration needs it: its state goes with the machine's. */
export interface Judge<Saved, Broken> {
  save(): Saved
  restore(saved: Saved): void
  /** With equal digests and equal machine states the future is judged alike. */
  digest(): string
  /** What was found broken since it was last asked. */
  take(): Broken[]
  /** How much has happened that cannot be judged yet. */
  outstanding(): number
}

export interface Limits {
  /** Executions of one segment. */
  segment: number
  /** Different states at the end of a segment. */
  states: number
  /** Instructions that a broken execution is followed for until all that it owes is judged. */
  follow: number
  /** Executions in all. */
  executions: number
}

export const defaultLimits: Limits = {
  segment: 4096,
  states: 64,
  follow: 60_000,
  executions: 1_000_000,
}

/** For one of many scenarios: what needs more is said not to be exhaustive. */
export const scenarioLimits: Limits = { ...defaultLimits, segment: 64, states: 8, executions: 150 }

/** For a switch that misses something, which may leave open more than is worth trying: enough to show what it breaks. */
export const boundedLimits: Limits = { ...defaultLimits, segment: 256, states: 16, executions: 1024 }

/** Of two limits the stricter in each. */
export const bothLimits = (a: Limits, b: Limits): Limits => ({
  segment: Math.min(a.segment, b.segment),
  states: Math.min(a.states, b.states),
  follow: Math.min(a.follow, b.follow),
  executions: Math.min(a.executions, b.executions),
})

/** One thing found broken, with what the execution decided on the way, segment by segment. */
export interface Found<Broken> {
  broken: Broken
  decisions: readonly Decision[]
}

export interface Explored<Broken> {
  found: Found<Broken>[]
  /** Executions that differ in a decision. */
  executions: number
  /** The most executions of one segment: of one window between two moments at which nothing was pending. */
  widest: number
  segments: number
  /** Why the set is not complete; null when it is. */
  incomplete: string | null
}

interface State<Saved> {
  snapshot: Snapshot
  judged: Saved
  path: readonly Decision[]
}

/** Instructions of a segment at least, and how many more are executed at a time until nothing is pending. */
const LEAST = 256
const STRIDE = 32
const MOST = 20_000

const quiet = (board: OneThreadBoard): boolean =>
  board.pes.every(({ core: { sync } }) => !sync.pending && sync.pendingFaults() === 0)

/** Runs to the next moment at which nothing is pending. */
function runSegment(board: OneThreadBoard): void {
  const from = board.moment
  for (;;) {
    if (board.advance(STRIDE) === 0) return
    const length = board.moment - from
    if ((length >= LEAST && quiet(board)) || length >= MOST) return
  }
}

/**
 * Every legal execution of a machine, layer by layer: from each different state every execution of the next segment, and of
 * those that end in the same state, with the same judgement to come, one. A program that nothing pending can disturb so costs
 * one run. An execution in which something was found broken is followed alone until the rest of its damage is judged, unless
 * all are: then they are what is gone on with.
 *
 * Yields after each segment, so that its caller can look up or give up.
 * @param board not run yet, its chooser the explorer
 * @param enough whether, with this found, the rest need not be tried
 */
export function* exploreLayers<Saved, Broken>(
  board: OneThreadBoard,
  explorer: Explorer,
  judge: Judge<Saved, Broken>,
  limits: Limits = defaultLimits,
  enough: (broken: Broken) => boolean = () => false,
): Generator<{ moment: number; executions: number }, Explored<Broken>> {
  const result: Explored<Broken> = { found: [], executions: 1, widest: 1, segments: 0, incomplete: null }
  const place = new Place(board, judge)
  let layer: State<Saved>[] = [place.take([])]
  while (layer.length > 0) {
    const ends: State<Saved>[] = []
    const broken: State<Saved>[] = []
    for (const state of layer) {
      let executions = 0
      const execute = (): void => {
        executions++
        place.go(state)
        runSegment(board)
      }
      try {
        for (const _ of explorer.executions(execute, limits.segment)) {
          const path = [...state.path, ...structuredClone(explorer.decisions)]
          const found = judge.take().map((one) => ({ broken: one, decisions: path }))
          result.found.push(...found)
          if (board.end() !== null || board.idle) continue
          const list = found.length > 0 ? broken : ends
          list.push(place.take(path))
        }
      } catch (error) {
        if (!(error instanceof ExploreLimit)) throw error
        result.incomplete ??= error.message
      }
      result.executions += executions - 1
      result.widest = Math.max(result.widest, executions)
      result.segments++
      yield { moment: board.moment, executions: result.executions }
      if (result.found.some(({ broken: one }) => enough(one))) return result
      if (result.executions <= limits.executions) continue
      result.incomplete ??= `more than ${limits.executions} executions`
      return result
    }
    // Where nobody came through whole, the run goes on in those that are broken: what else is wrong lies behind.
    const whole = ends.length > 0
    if (whole) {
      for (const state of broken)
        result.found.push(...follow(board, explorer, judge, place, state, limits.follow))
    }
    const next = whole ? ends : broken
    layer = next.length > 1 ? different(next, board, judge, place) : next
    if (layer.length > limits.states) {
      result.incomplete ??= `${layer.length} different states at one moment; ${limits.states} are followed`
      layer.length = limits.states
    }
  }
  return result
}

/** One of each. */
function different<Saved>(
  states: readonly State<Saved>[],
  board: OneThreadBoard,
  judge: Judge<Saved, unknown>,
  place: Place<Saved>,
): State<Saved>[] {
  const byKey = new Map<string, State<Saved>>()
  for (const state of states) {
    place.go(state)
    const key = `${stateKey(board.views, state.snapshot.memory)} ${judge.digest()}`
    if (!byKey.has(key)) byKey.set(key, state)
  }
  place.left()
  return [...byKey.values()]
}

/** Where the board and its judge are, so that nothing is put back that is there already. */
class Place<Saved> {
  private readonly board: OneThreadBoard
  private readonly judge: Judge<Saved, unknown>
  private present: State<Saved> | null = null

  constructor(board: OneThreadBoard, judge: Judge<Saved, unknown>) {
    this.board = board
    this.judge = judge
  }

  take(path: readonly Decision[]): State<Saved> {
    this.present = { snapshot: this.board.take(), judged: this.judge.save(), path }
    return this.present
  }

  /** Goes to a state, to run on from it. */
  go(state: State<Saved>): void {
    if (this.present !== state) {
      this.board.put(state.snapshot)
      this.judge.restore(state.judged)
    }
    this.present = null
  }

  left(): void {
    this.present = null
  }
}

/** The first alternative everywhere, until nothing is left to judge. */
function follow<Saved, Broken>(
  board: OneThreadBoard,
  explorer: Explorer,
  judge: Judge<Saved, Broken>,
  place: Place<Saved>,
  state: State<Saved>,
  limit: number,
): Found<Broken>[] {
  const found: Broken[] = []
  const run = (): void => {
    place.go(state)
    const until = board.moment + limit
    while (judge.outstanding() > 0 && board.moment < until && board.advance(STRIDE) > 0)
      found.push(...judge.take())
  }
  explorer.executions(run, 2).next()
  return found.map((broken) => ({ broken, decisions: state.path }))
}
