import type { Advice, CheckReport, Verdict } from '../../../shared/model/findings.ts'
import type { StopReason } from '../../../shared/model/trace.ts'
import type { OneThreadBoard } from '../../machine/board/one-thread.ts'
import { type ContractState, SwitchContract, type Violation } from '../../machine/contract/contract.ts'
import { type Decision, Explorer } from '../../machine/sync/explore.ts'
import { openOneThread } from '../one-thread.ts'
import type { MachinePlan } from '../plan.ts'
import { defaultLimits, exploreLayers, type Judge, type Limits } from './layers.ts'

/** What is checked: a plan with what the contract must know of it. */
export interface CheckedPlan {
  plan: MachinePlan
  mode: Verdict['mode']
  /** Runs of sync seeded that are judged. */
  samples: number
  vcpus: readonly { mte: boolean }[] | null
  hypervisor: 'nvhe' | 'vhe' | null
  /** What its sources alone show, without a run: offsets that nothing is written with. */
  advice: readonly Advice[]
}

/** A broken invariant with the decisions of the execution that showed it; the rest of that took its first alternative. */
export interface Broken {
  violation: Violation
  decisions: readonly Decision[]
}

/** What all executions together showed. */
export interface Tried {
  broken: Broken[]
  choices: number
  exhaustive: boolean
  /** Why not all were tried; null where they were, or samples were asked for. */
  incomplete: string | null
}

/** What one execution, the one with every first alternative, showed beside violations. */
export interface Base extends Pick<CheckReport, 'pending'> {
  /** Instructions that all PEs executed. */
  moment: number
  slots: ReturnType<SwitchContract['slots']>
  barriers: ReturnType<SwitchContract['barriers']>
  closings: ReturnType<SwitchContract['closings']>
  statistics: SwitchContract['statistics']
  violations: readonly Violation[]
  /** Why the machine ended, and what it wrote to the UART. */
  end: StopReason | null
  console: string
}

/** Instructions between two looks at whether somebody wants to stop. */
const BREATH = 20_000

/** Thrown where a check was given up by a person. */
export class CheckStopped extends Error {}

/** Called now and then: lets others work, and throws CheckStopped when the check is not wanted any more. */
export type Breathe = (executions: number) => Promise<void>

const silent = { console: () => {} }

function watched(board: OneThreadBoard, { vcpus, hypervisor }: CheckedPlan): SwitchContract {
  const contract = new SwitchContract(board, { vcpus, mode: hypervisor })
  contract.attach()
  return contract
}

/** One execution as the plan's own mode has it, or with every write and fault as late as it may be. */
export async function runBase(checked: CheckedPlan, breathe: Breathe): Promise<Base> {
  const { plan, mode } = checked
  const written: Uint8Array[] = []
  const listen = { console: (bytes: Uint8Array) => void written.push(bytes.slice()) }
  const board = openOneThread(mode === 'explore' ? { ...plan, sync: 'latest' } : plan, listen)
  const contract = watched(board, checked)
  for (let next = BREATH; board.end() === null && board.advance() > 0; ) {
    if (board.moment < next) continue
    next = board.moment + BREATH
    await breathe(1)
  }
  return {
    moment: board.moment,
    pending: contract.boundaries(),
    slots: contract.slots(),
    barriers: contract.barriers(),
    closings: contract.closings(),
    statistics: contract.statistics,
    violations: [...contract.violations()],
    end: board.end(),
    console: Buffer.concat(written).toString('latin1'),
  }
}

/**
 * Every execution of `explore`, some of `seeded`, the one of `eager` and `latest`.
 * @param enough whether, with this found, the rest need not be tried
 */
export async function tryAll(
  checked: CheckedPlan,
  base: Base,
  breathe: Breathe,
  limits: Limits = defaultLimits,
  enough: (violation: Violation) => boolean = () => false,
): Promise<Tried> {
  const { plan, mode } = checked
  if (mode === 'explore') return explore(checked, base, breathe, limits, enough)
  const executions = [base]
  if (mode === 'seeded') {
    const seed = plan.syncParameters?.seed ?? 1
    for (let sample = 1; sample < checked.samples; sample++) {
      const syncParameters = { ...plan.syncParameters, seed: (seed + sample) >>> 0 }
      executions.push(await runBase({ ...checked, plan: { ...plan, syncParameters } }, breathe))
    }
  }
  const broken = executions.flatMap(({ violations }) =>
    violations.map((violation) => ({ violation, decisions: [] })),
  )
  return { broken: distinct(broken), choices: executions.length, exhaustive: false, incomplete: null }
}

async function explore(
  checked: CheckedPlan,
  base: Base,
  breathe: Breathe,
  limits: Limits,
  enough: (violation: Violation) => boolean,
): Promise<Tried> {
  const explorer = new Explorer()
  const board = openOneThread(checked.plan, silent, explorer)
  const steps = exploreLayers(board, explorer, judgeOf(watched(board, checked)), limits, enough)
  for (;;) {
    const step = steps.next()
    if (step.done) {
      const { found, widest, incomplete } = step.value
      const broken = [
        ...found.map(({ broken: violation, decisions }) => ({ violation, decisions })),
        // The execution with every first alternative, to its end.
        ...base.violations.map((violation) => ({ violation, decisions: [] })),
      ]
      return { broken: distinct(broken), choices: widest, exhaustive: incomplete === null, incomplete }
    }
    await breathe(step.value.executions)
  }
}

interface Judged {
  contract: ContractState
  taken: number
}

/** The contract as exploration asks it. */
function judgeOf(contract: SwitchContract): Judge<Judged, Violation> {
  let taken = 0
  return {
    save: () => ({ contract: contract.save(), taken }),
    restore(saved) {
      contract.restore(saved.contract)
      taken = saved.taken
    },
    digest: () => contract.digest(),
    take() {
      const all = contract.violations()
      const fresh = all.slice(taken)
      taken = all.length
      return fresh
    },
    outstanding: () => contract.outstanding(),
  }
}

const keyOf = ({ kind, register, owner, other }: Violation): string => [kind, register, owner, other].join()

/** Each kind, register and pair of owners once: the one with the fewest steps, then the fewest decisions. */
function distinct(all: readonly Broken[]): Broken[] {
  const best = new Map<string, Broken>()
  for (const one of all) {
    const known = best.get(keyOf(one.violation))
    if (known === undefined || sizeOf(one) < sizeOf(known)) best.set(keyOf(one.violation), one)
  }
  return [...best.values()]
}

const sizeOf = ({ violation, decisions }: Broken): number =>
  violation.trail.length * 1000 + decisions.filter(({ taken }) => taken > 0).length
