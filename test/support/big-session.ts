import { startSession } from '../../electron/store/session.ts'
import type { RunId } from '../../shared/model/run.ts'
import {
  type FaultRow,
  HOST,
  type PeStatus,
  type RegisterRow,
  type SwitchRow,
} from '../../shared/model/trace.ts'
import { EVENTS_PER_ROUND, type EventStream, eventStream } from './event-stream.ts'
import { newRun } from './store-rows.ts'
import { xorshift } from './trace-rows.ts'

const PES = 2
const VCPUS = 4
/** Rounds of one PE in a chunk. */
const ROUNDS = 500
const REGISTERS = ['GCR_EL1', 'RGSR_EL1', 'TFSR_EL1', 'HCR_EL2']

export interface BigSession {
  run: RunId
  /** How many of each the run has. */
  events: number
  switches: number
  changes: number
  faults: number
  cycles: number
}

/** A session with one finished run of two PEs and at least so many events, made by seed, with the switches that they belong to. */
export function makeBigSession(path: string, events: number, seed = 1): BigSession {
  const session = startSession({ path, version: '0.1.0' })
  const run = session.handlers['run.create'](newRun('many events'))
  const made: BigSession = { run, events: 0, switches: 0, changes: 0, faults: 0, cycles: 0 }
  const pes = Array.from({ length: PES }, (_, pe) => onePe(pe, seed))
  while (made.events < events) {
    const traces = pes.map((pe) => pe.chunk())
    for (const trace of traces) {
      made.events += trace.events.cycle.length
      made.switches += trace.switches.length
      made.changes += trace.registers.length
      made.faults += trace.faults.length
    }
    session.handlers['run.append']({
      run,
      chunk: { traces, console: [], pes: pes.map((pe) => pe.status()), hostNs: made.events * 1000 },
    })
  }
  made.cycles = Math.max(...pes.map((pe) => pe.status().cycles))
  session.handlers['run.finish']({
    run,
    end: {
      state: 'finished',
      stop: { kind: 'limit', which: 'switches' },
      stateHash: null,
      hostNs: 1,
      pes: [],
    },
  })
  session.handlers.close({})
  return made
}

function onePe(pe: number, seed: number) {
  const random = xorshift(seed + 31 * pe)
  const stream: EventStream = eventStream(pe, seed)
  let switches = 0

  function chunk() {
    const events = stream.next(ROUNDS * EVENTS_PER_ROUND)
    const rows: SwitchRow[] = []
    const registers: RegisterRow[] = []
    const faults: FaultRow[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const at = (event: number) => events.cycle[round * EVENTS_PER_ROUND + event]!
      const vcpu = switches % VCPUS
      const [startCycle, guestCycle, exitCycle, endCycle] = [at(0), at(21), at(70), at(90)] as const
      const latency = guestCycle - startCycle + endCycle - exitCycle
      const mte = random() % 40
      const phases = [60, 80, mte, 12, 8, latency - 160 - mte]
      rows.push({
        pe,
        vcpu,
        startCycle,
        guestCycle,
        exitCycle,
        endCycle,
        instructions: 240,
        guestInstructions: 150,
        phases,
        esr: 0x5a00_0000n,
        elr: 0xffff_8000_8000_1040n,
        exit: 'HVC',
        startNs: startCycle * 3,
        endNs: endCycle * 3,
      })
      for (const [i, register] of REGISTERS.entries()) {
        const change = (cycle: number, owner: number, value: bigint): RegisterRow => ({
          pe,
          cycle,
          ns: cycle * 3,
          register,
          slot: 'architectural',
          owner,
          cause: 'msr',
          value,
          pc: 0x4008_1000n + BigInt(i * 16),
        })
        registers.push(
          change(guestCycle - 40 + i, vcpu, BigInt((random() & 0xffff) | 1)),
          change(exitCycle + 30 + i, HOST, 1n),
        )
      }
      if (random() % 20 === 0) {
        const kind = random() % 3 === 0 ? 'sync' : 'async'
        faults.push({
          pe,
          cycle: guestCycle + 17,
          ns: guestCycle * 3,
          owner: vcpu,
          el: 1,
          kind,
          mode: kind,
          pc: 0x8000_1000n,
          address: 0xf700_0000_8000_8010n,
          granule: 0x4810_8010,
          pointerTag: 7,
          memoryTag: 3,
          write: true,
          bytes: 8,
        })
      }
      switches++
    }
    return { switches: rows, faults, registers, events: { ...events } }
  }

  const status = (): PeStatus => ({
    pe,
    power: 'on',
    el: 1,
    instructions: switches * 390,
    cycles: stream.cycle,
    switches,
    owner: HOST,
    pc: 0n,
  })
  return { chunk, status }
}
