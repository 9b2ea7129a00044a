import type { FaultRow, RegisterRow, SwitchRow, TraceBatch } from '../../shared/model/trace.ts'
import { HOST } from '../../shared/model/trace.ts'

/** A small generator of numbers, the same everywhere: Marsaglia's xorshift32. */
export function xorshift(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

export interface TraceMaker {
  pe: number
  cycle: number
  switches: number
  instructions: number
  /** The next switch of the PE with what belongs to it: registers at entry and exit, sometimes a fault, events. */
  next(): TraceBatch
}

/**
 * Rows as a PE of the lab emits them: cycles ascend, phases add up to the latency, GCR_EL1 goes to the vCPU at entry (its
 * effective value at the ERET) and back to the host at the exit, and every fifth switch holds a tag fault.
 */
export function traceMaker(pe: number, vcpus: number, seed = 1): TraceMaker {
  const random = xorshift(seed + 977 * (pe + 1))
  const maker: TraceMaker = { pe, cycle: 0, switches: 0, instructions: 0, next }
  const change = (
    cycle: number,
    slot: RegisterRow['slot'],
    owner: number,
    cause: RegisterRow['cause'],
    value: bigint,
  ): RegisterRow => ({
    pe,
    cycle,
    ns: cycle,
    register: 'GCR_EL1',
    slot,
    owner,
    cause,
    value,
    pc: 0x4008_0000n + BigInt(cycle % 4096),
  })

  function next(): TraceBatch {
    const registers: RegisterRow[] = []
    if (maker.switches === 0) {
      registers.push(
        change(0, 'architectural', HOST, 'initial', 1n),
        change(0, 'effective', HOST, 'initial', 1n),
      )
    }
    const vcpu = maker.switches % vcpus
    const guestMask = 0xff00n | BigInt(vcpu)
    const entry = [60 + (random() % 20), 90 + (random() % 40), 8, 12, 4, 6]
    const exit = [55, 80 + (random() % 16), 9, 10, 8, 6]
    const startCycle = maker.cycle + 40
    const guestCycle = startCycle + sum(entry)
    const exitCycle = guestCycle + 300 + (random() % 200)
    const endCycle = exitCycle + sum(exit)
    registers.push(
      change(startCycle + 50, 'architectural', vcpu, 'msr', guestMask),
      change(guestCycle, 'effective', vcpu, 'synchronised', guestMask),
      change(exitCycle + 60, 'architectural', HOST, 'msr', 1n),
      change(exitCycle + 68, 'effective', HOST, 'synchronised', 1n),
    )
    const row: SwitchRow = {
      pe,
      vcpu,
      startCycle,
      guestCycle,
      exitCycle,
      endCycle,
      instructions: 240,
      guestInstructions: 150,
      phases: entry.map((cycles, i) => cycles + exit[i]!),
      esr: 0x5a00_0000n,
      elr: 0xffff_8000_8000_1040n,
      exit: 'HVC',
      startNs: startCycle * 3,
      endNs: endCycle * 3,
    }
    const faults: FaultRow[] = []
    if (maker.switches % 5 === 4) {
      const kind = random() % 3 === 0 ? 'sync' : 'async'
      faults.push({
        pe,
        cycle: guestCycle + 17,
        ns: guestCycle * 3,
        owner: vcpu,
        el: random() % 2,
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
    maker.cycle = endCycle
    maker.switches++
    maker.instructions += 390
    return {
      switches: [row],
      faults,
      registers,
      events: {
        pe,
        cycle: Float64Array.of(startCycle, guestCycle, exitCycle),
        kind: Uint8Array.of(5, 1, 0),
        el: Uint8Array.of(1, 2, 1),
        pc: BigUint64Array.of(0x4008_0000n, 0x4008_1000n, row.elr),
        detail: BigUint64Array.of(0n, 2n, row.esr),
      },
    }
  }
  return maker
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** The batches of several PEs, so many switches each, in one list. */
export function traces(pes: number, vcpus: number, switches: number, seed = 1): TraceBatch[] {
  return Array.from({ length: pes }, (_, pe) => {
    const maker = traceMaker(pe, vcpus, seed)
    return Array.from({ length: switches }, () => maker.next())
  }).flat()
}
