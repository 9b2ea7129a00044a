import type { MachineEnd, MachineHandle, MachinePlan, StartMachine } from '../../electron/workers/plan.ts'
import type { PeStatus, StopReason, TraceBatch } from '../../shared/model/trace.ts'
import { traceMaker } from './trace-rows.ts'

export interface FakeMachine {
  start: StartMachine
  /** The plan of the machine started last. */
  plan: MachinePlan | null
  /** Ends the machine as if for that reason: a guest's exit, a lockup, a lost worker. */
  end(reason: StopReason): void
}

export interface FakeChoices {
  /** The guests end with this code after so many switches in all. */
  switches: number
  exitCode?: number
  /** Switches that each PE makes every tick of 5 ms. */
  perTick?: number
}

/**
 * A machine that computes nothing: it emits rows as a real one does, obeys pause, resume and stop, and ends by the stop
 * rule for switches, by its guests' exit, or as a test tells it to.
 */
export function fakeMachine({ switches, exitCode = 0, perTick = 4 }: FakeChoices): FakeMachine {
  let tell: (reason: StopReason) => void = () => {}
  const fake: FakeMachine = {
    plan: null,
    end: (reason) => tell(reason),
    async start(plan, events) {
      fake.plan = plan
      const pes = Array.from({ length: plan.pes }, (_, pe) => traceMaker(pe, 2, plan.schedule.seed))
      const made = () => pes.reduce((sum, pe) => sum + pe.switches, 0)
      const status = (power: PeStatus['power']): PeStatus[] =>
        pes.map((pe) => ({
          pe: pe.pe,
          power,
          el: 1,
          instructions: pe.instructions,
          cycles: pe.cycle,
          switches: pe.switches,
          owner: -1,
          pc: 0x4008_0000n,
        }))
      let settle: (end: MachineEnd) => void = () => {}
      const ended = new Promise<MachineEnd>((resolve) => {
        settle = resolve
      })
      let over = false
      let paused = false
      const finish = (reason: StopReason) => {
        if (over) return
        over = true
        clearInterval(timer)
        settle({
          reason,
          stateHash: reason.kind === 'failed' ? null : '5a'.repeat(32),
          pes: status('off'),
          hostNs: 12_345_678,
        })
      }
      tell = finish
      const limit = plan.stop.switches ?? Number.POSITIVE_INFINITY
      const tick = () => {
        if (paused || over) return
        for (const pe of pes) {
          const batch: TraceBatch = { switches: [], faults: [], registers: [], events: null }
          for (let i = 0; i < perTick && made() < Math.min(limit, switches); i++) {
            const next = pe.next()
            batch.switches.push(...next.switches)
            batch.faults.push(...next.faults)
            batch.registers.push(...next.registers)
            if (plan.probes.events) batch.events = next.events
          }
          events.trace(batch)
        }
        events.console(Buffer.from(`made ${made()}\n`))
        events.status(status('on'))
        if (made() >= limit) finish({ kind: 'limit', which: 'switches' })
        else if (made() >= switches) finish({ kind: 'exit', code: exitCode, by: 'PSCI SYSTEM_OFF' })
      }
      const timer = setInterval(tick, 5)
      const handle: MachineHandle = {
        ended,
        inputs: () => [],
        snapshot() {
          throw new Error('a fake machine has no state')
        },
        goto: () => Promise.reject(new Error('a fake machine has no state')),
        async pause() {
          paused = true
          return status('on')
        },
        resume() {
          paused = false
        },
        async stop() {
          finish({ kind: 'stopped' })
          return ended
        },
        input() {},
        endInput() {},
      }
      return handle
    },
  }
  return fake
}
