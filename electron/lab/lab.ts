import { basename, join } from 'node:path'
import { fail, ok, ProblemError, type Result } from '../../shared/base/result.ts'
import type { CallName, Calls, EventName, Events, Handlers, LabApi } from '../../shared/contract/calls.ts'
import type { Experiment } from '../../shared/model/experiment.ts'
import { type ExperimentReading, readExperiment } from '../../shared/model/experiment-text.ts'
import type { RunId } from '../../shared/model/run.ts'
import { dataFolder, defaultSession } from '../base/data-folder.ts'
import { packageVersion } from '../base/package-root.ts'
import { openStore, type SpawnStore } from '../store/client.ts'
import type { NewRun, StoreCallName } from '../store/protocol.ts'
import type { SpawnInspector } from '../workers/inspect/client.ts'
import type { SpawnPe, StartMachine } from '../workers/plan.ts'
import { checkArguments } from './call-arguments.ts'
import { Checks } from './checks.ts'
import { compareRuns } from './compare/compare.ts'
import { type ComparedRun, gatherRun } from './compare/gather.ts'
import { locateSource } from './image.ts'
import { Inspections } from './inspect.ts'
import { LiveRun } from './live-run.ts'
import { museumCases } from './museum.ts'
import { type PlannedRun, planRun, syncText } from './plan-run.ts'
import { policyList } from './policy-list.ts'
import { experimentsIn, knownNames } from './resources.ts'
import { cardOf } from './review/run-card.ts'

export interface LabOptions {
  /** Session file; null for the default one in the data folder. */
  session: string | null
  spawnPe: SpawnPe
  spawnStore: SpawnStore
  spawnInspector: SpawnInspector
  startMachine: StartMachine
  /** Path of the resources folder. */
  resources: string
}

export type Lab = LabApi & {
  /** Stops the live run, closes the session and ends the store. */
  close(): Promise<void>
}

/**
 * The lab service on one session: what Electron, the loopback host and the command line serve.
 *
 * `call` answers what a person can mend as a problem, and rejects only for a bug of ours. One run is live at a time.
 * @throws ProblemError when the session cannot be opened
 */
export async function openLab(options: LabOptions): Promise<Lab> {
  const { resources } = options
  const version = packageVersion()
  const path = options.session ?? defaultSession(dataFolder())
  const store = await openStore(options.spawnStore, { path, version })
  const { info } = store
  void store.damage.then((why) => {
    if (why !== null) announce('session.damaged', { why })
  })
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  const checks = new Checks(store, (run, summary) => announce('run.checked', { run, summary }))
  const machines = new Inspections(options.spawnInspector, store, resources, (run, moment) =>
    announce('machine.moving', { run, moment }),
  )
  let live: LiveRun | null = null
  let starting = false

  function announce<E extends EventName>(name: E, payload: Events[E]): void {
    for (const listener of listeners.get(name) ?? []) listener(payload as never)
  }

  function liveRun(run: RunId): LiveRun {
    if (live?.run === run) return live
    throw new ProblemError(
      `${info.path}#${run}`,
      `run ${run} is not running here`,
      'Only a live run can be paused, resumed or stopped.',
    )
  }

  async function start({ text, name, set }: Calls['run.start']['args']): Promise<RunId> {
    if (info.readOnly) {
      throw new ProblemError(
        info.path,
        `the session is read-only: ${info.readOnlyWhy}`,
        'Copy the file to a folder that you may write to, and open the copy.',
      )
    }
    if (live !== null || starting) {
      const which = live === null ? 'another run' : `run ${live.run}`
      throw new ProblemError(
        info.path,
        `${which} is live, and one runs at a time`,
        'Wait for it to end, or stop it first.',
      )
    }
    starting = true
    try {
      const reading = readingOf(text, name, set)
      const planned = planRun(reading.experiment, resources)
      return await begin(planned, newRun(reading.experiment, reading.text, planned))
    } finally {
      starting = false
    }
  }

  function read(
    text: string,
    name: string,
    set: readonly string[],
  ): Extract<ExperimentReading, { problems: [] }> {
    const reading = readExperiment(text, set, knownNames(resources))
    const [first] = reading.problems
    if (reading.experiment !== null) return reading
    const place = `${name}:${first!.line}:${first!.column}: ${first!.path}`
    throw new ProblemError(place, first!.cause, first!.remedy)
  }

  /** The experiment with the source of its own, if it names one, as an absolute path: a stored run can be planned again anywhere. */
  function readingOf(text: string, name: string, set: readonly string[]) {
    const reading = read(text, name, set)
    const { source } = reading.experiment.hypervisor
    if (source === undefined) return reading
    const found = locateSource(source, name)
    return found === source
      ? reading
      : read(text, name, [...set, `hypervisor.source=${JSON.stringify(found)}`])
  }

  async function begin({ plan, checked }: PlannedRun, row: NewRun): Promise<RunId> {
    const run = await store.call('run.create', row)
    const mine = new LiveRun(run, plan, store, {
      progress: (progress) => announce('run.progress', progress),
      console: (text) => announce('run.console', { run, text }),
      ended: (summary) => {
        live = null
        if (checked !== null && summary.state !== 'stopped' && summary.stateHash !== null)
          checks.start(run, checked, `experiment ${row.experiment}`)
        announce('run.ended', { run, summary })
      },
    })
    live = mine
    announce('run.started', { run })
    try {
      mine.attach(await options.startMachine(plan, mine.machineEvents, options.spawnPe))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const problem =
        error instanceof ProblemError ? error.problem : { place: 'machine', cause: message, remedy: '' }
      await mine.abandon(problem)
      throw error
    }
    return run
  }

  const ofStore = <C extends CallName & StoreCallName>(name: C) =>
    ((args: Calls[C]['args']) => store.call(name, args as never)) as Handlers[C]

  const handlers: Handlers = {
    'session.info': async () => ({
      name: basename(info.path),
      path: info.path,
      readOnly: info.readOnly,
      readOnlyWhy: info.readOnlyWhy,
      runs: await store.call('run.count', {}),
      schemaVersion: info.schemaVersion,
      sqliteVersion: info.sqliteVersion,
      appVersion: version,
    }),
    // Beside the file only: a page names no path to write to.
    'session.backup': () => store.call('session.backup', { to: null }),
    'experiment.list': async () => [
      ...experimentsIn(join(resources, 'experiments')),
      ...experimentsIn(join(dataFolder(), 'experiments')),
    ],
    'experiment.check': async ({ text }) => readExperiment(text, [], knownNames(resources)).problems,
    'policy.list': async () => policyList(resources),
    'museum.list': async () => museumCases(resources),
    'run.start': start,
    'run.progress': async ({ run }) => (live?.run === run ? live.progress() : null),
    'run.pause': async ({ run }) => {
      await liveRun(run).pause()
      return null
    },
    'run.resume': async ({ run }) => {
      await liveRun(run).resume()
      return null
    },
    'run.stop': async ({ run }) => {
      if (await checks.stop(run)) return null
      await liveRun(run).stop()
      return null
    },
    'run.delete': async ({ run }) => {
      await store.call('run.delete', { run })
      announce('run.deleted', { run })
      return null
    },
    'run.list': ofStore('run.list'),
    'run.get': ofStore('run.get'),
    'run.experiment': ofStore('run.experiment'),
    'run.findings': ({ run }) => checks.report(run),
    'run.card': async ({ run }) => {
      const report = await checks.report(run)
      const { experiment } = await store.call('run.get', { run })
      const { text } = await store.call('run.experiment', { run })
      return { text: await cardOf(resources, `${info.path}#${run}`, experiment, text, report, version) }
    },
    'run.console': ofStore('run.console'),
    'run.latency': ofStore('run.latency'),
    'run.latency-band': ofStore('run.latency-band'),
    'run.distribution': ofStore('run.distribution'),
    'run.faults': ofStore('run.faults'),
    'run.fault-map': ofStore('run.fault-map'),
    'run.fault-list': ofStore('run.fault-list'),
    'run.events': ofStore('run.events'),
    'run.slices': ofStore('run.slices'),
    'run.registers': ofStore('run.registers'),
    'run.switch': ofStore('run.switch'),
    'run.switch-at': ofStore('run.switch-at'),
    'run.compare': async ({ a, b, least }) => {
      const side = async (runs: readonly RunId[]) => {
        const gathered: ComparedRun[] = []
        for (const run of runs) gathered.push(await gatherRun(lab, resources, info.path, run))
        return gathered
      }
      return compareRuns(resources, await side(a), await side(b), least)
    },
    'machine.go': ({ run, finding, ...args }) => machines.call({ run, finding }, 'go', args),
    'machine.code': ({ run, finding, ...args }) => machines.call({ run, finding }, 'code', args),
    'machine.memory': ({ run, finding, ...args }) => machines.call({ run, finding }, 'memory', args),
    'machine.walk': ({ run, finding, ...args }) => machines.call({ run, finding }, 'walk', args),
    'machine.symbol': async ({ run, finding, name }) => {
      const address = await machines.call({ run, finding }, 'symbol', { name })
      return address === null ? null : { address }
    },
    'machine.stop': async ({ run }) => {
      await machines.stop(run)
      return null
    },
  }

  const lab: Lab = {
    async call<C extends CallName>(name: C, args: Calls[C]['args']): Promise<Result<Calls[C]['reply']>> {
      try {
        checkArguments(name, args)
        return ok(await handlers[name](args))
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error
        const { place, cause, remedy } = error.problem
        return fail(place, cause, remedy)
      }
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set.add(listener as (payload: never) => void))
      return () => void set.delete(listener as (payload: never) => void)
    },
    async close() {
      await live?.stop()
      await checks.close()
      await machines.close()
      await store.close()
    },
  }
  return lab
}

/** What a run is listed with: its policy, or the file that brought the hypervisor. */
const policyName = ({ policy, source }: Experiment['hypervisor']): string =>
  source === undefined ? policy : basename(source)

function newRun(
  experiment: Experiment,
  text: string,
  { plan, experimentHash, imageHash }: PlannedRun,
): NewRun {
  return {
    title: experiment.title,
    experiment: experiment.name,
    text,
    experimentHash,
    imageHash,
    startedMs: Date.now(),
    pes: plan.pes,
    vcpus: experiment.vcpus.map(({ guest, mte, checks }, vcpu) => ({ vcpu, guest, mte, checks })),
    schedule: plan.schedule.kind,
    seed: plan.schedule.seed,
    sync: syncText(plan, experiment.machine.sync),
    mode: experiment.hypervisor.mode,
    policy: policyName(experiment.hypervisor),
    costProfile: experiment.cost.profile,
  }
}
