import { ProblemError } from '../../shared/base/result.ts'
import { MemoryPages } from '../machine/board/memory-pages.ts'
import { OneThreadBoard, type OneThreadSettings } from '../machine/board/one-thread.ts'
import { Tap } from '../machine/debug/tap.ts'
import { Timeline, type TimelineOptions } from '../machine/debug/timeline.ts'
import type { Observer } from '../machine/observe/observer.ts'
import type { Chooser } from '../machine/sync/chooser.ts'
import { allocate, checkPlan } from './allocate.ts'
import { loadPlan } from './load-plan.ts'
import { featuresOf, type MachinePlan } from './plan.ts'

type Listeners = Pick<OneThreadSettings, 'console' | 'observe'>

/**
 * The machine of a plan in this thread, its program loaded and nothing run. Its schedule is deterministic and its clock the
 * model's, whatever the plan says of them.
 * @param chooser decides when writes and faults arrive, whatever the plan says of that
 * @throws ProblemError when the image or the plan is unusable
 */
export function openOneThread(plan: MachinePlan, listeners: Listeners, chooser?: Chooser): OneThreadBoard {
  const taken: MachinePlan = { ...plan, schedule: { ...plan.schedule, kind: 'deterministic' } }
  checkPlan(taken)
  const views = allocate(plan)
  const memory = new MemoryPages(views, 'zeros')
  const loaded = loadPlan(views, { ...plan, clock: 'model' })
  return new OneThreadBoard(views, memory, {
    ...taken,
    ...loaded,
    ...listeners,
    ...(chooser ? { sync: 'explore', chooser } : {}),
    features: (pe) => featuresOf(taken, pe),
  })
}

/**
 * The same machine with a debugger's view on it.
 * @param chooser as above; going back must not disturb it
 * @throws ProblemError when the image or the plan is unusable, or the plan parallel
 */
export function openTimeline(
  plan: MachinePlan,
  console: (bytes: Uint8Array) => void,
  options: Partial<TimelineOptions> = {},
  chooser?: Chooser,
): Timeline {
  if (plan.schedule.kind === 'parallel') {
    throw new ProblemError(
      'schedule',
      'a parallel run can go back to its snapshots only, since host time decided what lies between',
      'Run it with the deterministic schedule.',
    )
  }
  const taps: Tap[] = []
  const observe = (pe: number, recorder: Observer): Tap => {
    const tap = new Tap(recorder)
    taps[pe] = tap
    return tap
  }
  return new Timeline(openOneThread(plan, { console, observe }, chooser), taps, options)
}
