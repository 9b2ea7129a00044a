import { expect, it } from 'vitest'
import { createRing, ringConsumer } from '../../shared/model/event-ring.ts'
import type { EventColumns } from '../../shared/model/trace.ts'
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

it('events come through rings as they come with batches, rings that are full most of the time too', async () => {
  const batched = await start(image, plan)
  const { stateHash } = await batched.ended

  const rings = Array.from({ length: PES }, (_, pe) => createRing(pe, 256))
  const consumers = rings.map(ringConsumer)
  const taken: EventColumns[] = []
  const take = () => {
    for (const consumer of consumers) {
      const events = consumer.peek(100)
      taken.push(events)
      consumer.free(events.cycle.length)
    }
  }
  const timer = setInterval(take, 1)
  const ringed = await start(image, plan, { rings })
  const end = await ringed.ended
  clearInterval(timer)
  while (consumers.some((consumer) => consumer.size() > 0)) take()

  expect(end.stateHash).toBe(stateHash)
  expect(ringed.switches.length).toBe(batched.switches.length)
  const all = [...taken, ...ringed.events]
  for (let pe = 0; pe < PES; pe++) {
    const wanted = eventsOf(batched.events, pe)
    expect(wanted.cycle.length).toBeGreaterThan(1000)
    expect(eventsOf(all, pe)).toEqual(wanted)
  }
}, 120_000)

it('a machine stops though nobody empties its rings, and what they do not hold comes with the batches', async () => {
  const rings = Array.from({ length: PES }, (_, pe) => createRing(pe, 64))
  const machine = await start(image, plan, { rings })
  const words = new Int32Array(rings[0]!)
  while (Atomics.load(words, 0) < 64) await new Promise((resolve) => setTimeout(resolve, 5))
  const { reason } = await machine.handle.stop()
  expect(reason.kind).toBe('stopped')
  expect(ringConsumer(rings[0]!).size()).toBe(64)
  expect(eventsOf(machine.events, 0).cycle.length).toBeGreaterThan(0)
}, 120_000)
