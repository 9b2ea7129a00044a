import { expect, it } from 'vitest'
import { createRing, ringConsumer } from '../../shared/model/ring.ts'
import {
  type ChangeColumns,
  changeRows,
  type EventColumns,
  type RegisterRow,
} from '../../shared/model/trace.ts'
import { allProbes, buildImage, handoverConfig, start } from '../../test/guests/run-guest.ts'

const PES = 2
const image = buildImage(handoverConfig())
const plan = { pes: PES, probes: allProbes, sync: 'latest' } as const

/** The columns of a PE as plain lists, however they were cut. */
const eventsOf = (batches: readonly EventColumns[], pe: number) => {
  const mine = batches.filter((batch) => batch.pe === pe)
  return {
    cycle: mine.flatMap(({ cycle }) => [...cycle]),
    kind: mine.flatMap(({ kind }) => [...kind]),
    el: mine.flatMap(({ el }) => [...el]),
    pc: mine.flatMap(({ pc }) => [...pc]),
    detail: mine.flatMap(({ detail }) => [...detail]),
  }
}

/** Register changes without host time, which is sampled. */
const changesOf = (rows: readonly RegisterRow[], pe: number) =>
  rows.filter((row) => row.pe === pe).map(({ ns, ...row }) => row)

it('events and register changes come through rings as they come with batches, rings that are full most of the time too', async () => {
  const batched = await start(image, plan)
  const { stateHash } = await batched.ended

  const rings = Array.from({ length: PES }, (_, pe) => ({
    events: createRing(pe, 256),
    changes: createRing(pe, 128, 'changes'),
  }))
  const events = rings.map((mine) => ringConsumer(mine.events))
  const changes = rings.map((mine) => ringConsumer<ChangeColumns>(mine.changes))
  const taken: EventColumns[] = []
  const changed: RegisterRow[] = []
  const take = () => {
    for (const consumer of events) {
      const columns = consumer.peek(100)
      taken.push(columns)
      consumer.free(columns.cycle.length)
    }
    for (const consumer of changes) {
      const columns = consumer.peek(50)
      changed.push(...changeRows(columns, allProbes.registers))
      consumer.free(columns.cycle.length)
    }
  }
  const timer = setInterval(take, 1)
  const ringed = await start(image, plan, { rings })
  const end = await ringed.ended
  clearInterval(timer)
  while ([...events, ...changes].some((consumer) => consumer.size() > 0)) take()

  expect(end.stateHash).toBe(stateHash)
  expect(ringed.switches.length).toBe(batched.switches.length)
  for (let pe = 0; pe < PES; pe++) {
    const wanted = eventsOf(batched.events, pe)
    expect(wanted.cycle.length).toBeGreaterThan(1000)
    expect(eventsOf([...taken, ...ringed.events], pe)).toEqual(wanted)
    const wantedChanges = changesOf(batched.registers, pe)
    expect(wantedChanges.length).toBeGreaterThan(1000)
    expect(changesOf([...changed, ...ringed.registers], pe)).toEqual(wantedChanges)
  }
}, 120_000)

it('a machine stops though nobody empties its rings, and what they do not hold comes with the batches', async () => {
  const rings = Array.from({ length: PES }, (_, pe) => ({ events: createRing(pe, 64) }))
  const machine = await start(image, plan, { rings })
  // Whichever PE comes to it first then holds the turn.
  const full = () => rings.findIndex(({ events }) => ringConsumer(events).size() === 64)
  while (full() < 0) await new Promise((resolve) => setTimeout(resolve, 5))
  const pe = full()
  const { reason } = await machine.handle.stop()
  expect(reason.kind).toBe('stopped')
  expect(ringConsumer(rings[pe]!.events).size()).toBe(64)
  expect(eventsOf(machine.events, pe).cycle.length).toBeGreaterThan(0)
}, 120_000)
