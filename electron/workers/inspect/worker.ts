import { parentPort, workerData } from 'node:worker_threads'
import { ProblemError } from '../../../shared/base/result.ts'
import { openTimeline } from '../one-thread.ts'
import { followChoices } from './follow-choices.ts'
import { Inspector } from './inspector.ts'
import type { FromInspect, InspectCalls, InspectStart, ToInspect } from './protocol.ts'
import { symbolsOf } from './symbols.ts'
import { codeOf, memoryOf, stateOf, walkOf } from './view.ts'

/** The thread of the Machine view: one machine, its requests answered one after the other. */
const port = parentPort
if (port === null) throw new Error('electron/workers/inspect/worker.ts runs as a worker thread')
const { plan, choices, stop } = workerData as InspectStart
const stopWord = new Int32Array(stop)
/** Milliseconds between two words about where the machine is. */
const TELL = 100

const post = (message: FromInspect): void => port.postMessage(message)
type Handlers = { [C in keyof InspectCalls]: (args: InspectCalls[C]['args']) => InspectCalls[C]['reply'] }

try {
  const handlers = open()
  post({ kind: 'ready' })
  port.on('message', ({ ticket, name, args }: ToInspect) => {
    try {
      post({ kind: 'reply', ticket, value: handlers[name](args as never) })
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      post({ kind: 'problem', ticket, problem: error.problem })
    }
  })
} catch (error) {
  if (!(error instanceof ProblemError)) throw error
  post({ kind: 'refused', problem: error.problem })
  port.close()
}

function open(): Handlers {
  const chooser = choices === null ? undefined : followChoices(choices)
  const inspector = new Inspector(openTimeline(plan, () => {}, {}, chooser))
  const symbols = symbolsOf(plan.image)
  let told = performance.now()
  const onward = (moment: number): boolean => {
    if (performance.now() - told > TELL) {
      told = performance.now()
      post({ kind: 'moving', moment })
    }
    return Atomics.load(stopWord, 0) === 0
  }
  /** Where a request is asked of. @throws ProblemError where that lies behind the end, or somebody said to stop */
  const at = (moment: number): void => {
    if (inspector.timeline.moment === moment) return
    if (inspector.go({ kind: 'moment', moment }, onward)) return
    throw new ProblemError(
      `moment ${moment}`,
      'the machine does not come to it, or was stopped on the way',
      'Go to an earlier place.',
    )
  }
  return {
    go({ from, target, pe }) {
      Atomics.store(stopWord, 0, 0)
      if (from !== null) at(from)
      return stateOf(inspector, symbols, pe, inspector.go(target, onward))
    },
    code({ moment, pe, address, count }) {
      at(moment)
      return codeOf(inspector.peOf(pe), symbols, address, count)
    },
    memory({ moment, pe, address, granules }) {
      at(moment)
      return memoryOf(inspector.peOf(pe), address, granules)
    },
    walk({ moment, pe, address }) {
      at(moment)
      return walkOf(inspector.peOf(pe), address)
    },
    symbol: ({ name }) => symbols.address(name),
  }
}
