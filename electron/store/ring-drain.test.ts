import { afterAll, beforeEach, expect, it } from 'vitest'
import { createRing, ringConsumer, ringProducer } from '../../shared/model/ring.ts'
import type { RunId } from '../../shared/model/run.ts'
import { type ChangeColumns, changeColumns, type RegisterRow } from '../../shared/model/trace.ts'
import { sessionFolder, start } from '../../test/support/session-files.ts'
import { newRun } from '../../test/support/store-rows.ts'
import type { Session } from './session.ts'

const { fresh, remove } = sessionFolder()
afterAll(remove)

const names = ['HCR_EL2', 'GCR_EL1']
const change = (cycle: number, value: bigint): RegisterRow => ({
  pe: 0,
  cycle,
  ns: cycle,
  register: 'GCR_EL1',
  slot: 'architectural',
  owner: 1,
  cause: 'msr',
  value,
  pc: 0x4000n,
})

let session: Session
let run: RunId
let ring: SharedArrayBuffer
beforeEach(() => {
  session = start(fresh())
  run = session.handlers['run.create'](newRun())
  ring = createRing(0, 64, 'changes')
  session.handlers['run.rings']({ run, rings: [ring], registers: names })
  return () => session.handlers.close({})
})
const send = (...rows: RegisterRow[]) =>
  ringProducer<ChangeColumns>(ring).write(changeColumns(0, rows, names), 0)
const lane = () => {
  const asked = { run, range: { from: 0, to: 100 }, columns: 50, pe: 0, registers: ['GCR_EL1'] }
  return session.handlers['run.registers'](asked).map(({ cycle, value }) => [[...cycle], [...value]])
}

it('register changes arrive by themselves, and what is left with the end of the run', async () => {
  send(change(5, 1n), change(9, 2n))
  await expect.poll(lane, { timeout: 10_000 }).toEqual([
    [
      [5, 9],
      [1n, 2n],
    ],
  ])
  expect(ringConsumer(ring).size()).toBe(0)
  send(change(12, 3n))
  const stop = { kind: 'stopped' } as const
  session.handlers['run.finish']({
    run,
    end: { state: 'stopped', stop, stateHash: null, hostNs: 1, pes: [] },
  })
  expect(lane()).toEqual([
    [
      [5, 9, 12],
      [1n, 2n, 3n],
    ],
  ])
  expect(session.handlers['run.get']({ run }).registerChanges).toEqual([
    { register: 'GCR_EL1', owner: 1, count: 3 },
  ])
})

it('what a full ring did not take is stored after what it holds, in one cycle too', () => {
  send(change(5, 1n), change(7, 2n))
  const registers = [change(7, 3n)]
  const traces = [{ switches: [], faults: [], registers, events: null }]
  session.handlers['run.append']({ run, chunk: { traces, console: [], pes: [], hostNs: 0 } })
  expect(lane()).toEqual([
    [
      [5, 7, 7],
      [1n, 2n, 3n],
    ],
  ])
})
