import { spanOf } from '../../../shared/arch/layout.ts'
import { lateRegisters } from '../../../shared/arch/synchronisation.ts'
import type { Sysreg } from '../../../shared/arch/sysreg.ts'
import { sysregs } from '../../../shared/arch/sysregs.ts'
import { maskOf } from '../../../shared/base/bits.ts'
import type {
  ClosingEvent,
  PendingFaultView,
  PendingRegister,
  PendingView,
} from '../../../shared/model/pending.ts'
import { effectiveSlotOf, PSTATE, slotOf } from '../cpu/layout.ts'
import { FaultQueue } from './fault-queue.ts'
import { aliased } from './late-writes.ts'
import { ALIAS, type PendingWrite, PendingWrites } from './pending-writes.ts'
import { TFSR } from './tag-faults.ts'

const SCTLR = { 1: effectiveSlotOf('SCTLR_EL1'), 2: effectiveSlotOf('SCTLR_EL2') } as const
const EOS = 1n << 11n
const EIS = 1n << 22n
const ITFSB = 1n << 37n

/**
 * What is pending on a stopped PE.
 * @param state its words, PSTATE among them: a running core stores it when it stops
 * @param exs whether the PE has FEAT_ExS, so that EIS and EOS count
 */
export function pendingView(pe: number, state: BigUint64Array, exs: boolean): PendingView {
  const events = contextEvents(state, exs)
  return { pe, registers: pendingRegisters(state, events), faults: pendingFaults(state, events) }
}

function contextEvents(state: BigUint64Array, exs: boolean): ClosingEvent[] {
  const el = Number((state[PSTATE]! >> 2n) & 3n)
  const holds = (level: 1 | 2, bit: bigint): boolean => !exs || (state[SCTLR[level]]! & bit) !== 0n
  const events: ClosingEvent[] = ['ISB']
  if (el < 2 && holds(1, EIS)) events.push('exception entry to EL1')
  if (holds(2, EIS)) events.push('exception entry to EL2')
  if (el === 1 && holds(1, EOS)) events.push('exception return from EL1')
  if (el === 2 && holds(2, EOS)) events.push('exception return from EL2')
  return events
}

function pendingRegisters(state: BigUint64Array, closedBy: ClosingEvent[]): PendingRegister[] {
  const byRegister = new Map<number, PendingWrite[]>()
  for (const write of new PendingWrites(state).entries()) {
    const writes = byRegister.get(write.register)
    if (writes) writes.push(write)
    else byRegister.set(write.register, [write])
  }
  return [...byRegister].map(([number, writes]) => {
    const values = writes.map(({ value }) => value)
    if (number >= ALIAS) {
      const register = aliased[number - ALIAS]!
      return pendingRegister(register, 'other names', [...values, state[slotOf(register)]!], closedBy)
    }
    const { name, mask } = lateRegisters[number]!
    const effective = state[effectiveSlotOf(name)]!
    const candidates = [effective, ...values.map((value) => (effective & ~mask) | value)]
    return pendingRegister(name, 'uses', candidates, closedBy)
  })
}

function pendingRegister(
  register: string,
  readers: PendingRegister['readers'],
  candidates: bigint[],
  closedBy: ClosingEvent[],
): PendingRegister {
  const differ = candidates.reduce((bits, value) => bits | (value ^ candidates[0]!), 0n)
  const fields = Object.entries((sysregs as Readonly<Record<string, Sysreg>>)[register]!.fields)
    .filter(([, position]) => (maskOf(...spanOf(position)) & differ) !== 0n)
    .map(([field]) => field)
  return {
    register,
    readers,
    fields,
    architectural: candidates.at(-1)!,
    effective: candidates[0]!,
    candidates,
    closedBy,
  }
}

function pendingFaults(state: BigUint64Array, events: ClosingEvent[]): PendingFaultView[] {
  const bits = ['TF0', 'TF1'] as const
  const completed = TFSR.flatMap((register) =>
    bits.flatMap((bit, i): PendingFaultView[] => {
      const unseen = state[effectiveSlotOf(register)]! & ~state[slotOf(register)]!
      return (unseen >> BigInt(i)) & 1n ? [{ register, bit, state: 'completed', closedBy: events }] : []
    }),
  )
  const pending = new FaultQueue(state).entries().map(
    ({ register, bit }): PendingFaultView => ({
      register: TFSR[register]!,
      bit: bits[bit]!,
      state: 'pending',
      closedBy: completingEvents(state, register),
    }),
  )
  return [...completed, ...pending]
}

/** What completes a fault: entry to EL1 leaves TFSR_EL2 alone. */
function completingEvents(state: BigUint64Array, register: number): ClosingEvent[] {
  const el = Number((state[PSTATE]! >> 2n) & 3n)
  const events: ClosingEvent[] = ['DSB (full or LD)']
  if (el < 2 && register < 2 && state[SCTLR[1]]! & ITFSB) events.push('exception entry to EL1')
  if (state[SCTLR[2]]! & ITFSB) events.push('exception entry to EL2')
  return events
}
