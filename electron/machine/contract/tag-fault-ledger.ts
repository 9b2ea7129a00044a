import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import type { FaultBegin, FaultEnd } from '../observe/watcher.ts'
import type { FaultKind } from '../sync/fault-queue.ts'
import { TFSR } from '../sync/tag-faults.ts'
import type { Findings } from './findings.ts'
import {
  type Bits,
  type Carried,
  type Cause,
  clear,
  type Fault,
  type PendingRead,
  placeOf,
  sideOf,
  type Token,
} from './identity.ts'
import { NOBODY, ownerName, type RawStep } from './steps.ts'
import { capital } from './switched.ts'
import type { Acts } from './who.ts'

/** What an owner has written itself: the bits, and the write. */
interface Left {
  readonly value: number
  readonly token: Token
}

/** Shared by all PEs: a vCPU and its faults move between them. */
export interface LedgerState {
  readonly faults: ReadonlyMap<number, Fault>
  readonly left: ReadonlyMap<string, Left>
  readonly next: number
}

/** The TFSR registers of one PE: why their bits are 1, the faults on their way, who wrote last. */
export interface PlaceState {
  readonly architectural: readonly Bits[]
  readonly completed: readonly Bits[]
  readonly queue: readonly number[]
  readonly last: readonly (Token | null)[]
  readonly kept: readonly boolean[]
}

export const emptyPlace: PlaceState = {
  architectural: [clear, clear, clear],
  completed: [clear, clear, clear],
  queue: [],
  last: [null, null, null],
  kept: [false, false, false],
}

const replaced = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((old, i) => (i === at ? value : old))

const key = (owner: Owner, pe: number, register: number): string =>
  owner >= 0 ? `${owner} ${register}` : `host ${pe} ${register}`

/** The owner of a register's bits in its own view: what the host has in TFSRE0_EL1 is its task's. */
const holderOf = (owner: Owner, register: number): Owner => (owner < 0 && register === 0 ? HOST_TASK : owner)

/**
 * Asynchronous tag check faults from the access to the owner that learns of them, and the registers TFSR_EL1, TFSR_EL2 and
 * TFSRE0_EL1 bit by bit: a bit is 1 because of certain faults or writes, wherever it was saved to meanwhile.
 */
export class TagFaultLedger {
  private readonly findings: Findings
  private faults = new Map<number, Fault>()
  private left = new Map<string, Left>()
  private next = 1

  constructor(findings: Findings) {
    this.findings = findings
  }

  save(): LedgerState {
    return { faults: new Map(this.faults), left: new Map(this.left), next: this.next }
  }

  restore(saved: LedgerState): void {
    this.faults = new Map(saved.faults)
    this.left = new Map(saved.left)
    this.next = saved.next
  }

  /** Faults that their owners could still find or miss. */
  outstanding(): number {
    let count = 0
    for (const { judged } of this.faults.values()) if (!judged) count++
    return count
  }

  raised(place: PlaceState, owner: Owner, kind: FaultKind, begin: FaultBegin, step: RawStep): PlaceState {
    const id = this.next++
    const { register, bit } = kind
    const state = begin === 'landed' ? 'landed' : 'pending'
    this.faults.set(id, { id, owner, register, bit, step, state, met: null, judged: begin === 'merged' })
    if (begin === 'landed') return this.land(place, [id])
    return begin === 'pending' ? { ...place, queue: [...place.queue, id] } : place
  }

  /** @param own whether their owner wrote the control that let them vanish, or the register over them */
  leftQueue(
    place: PlaceState,
    positions: readonly number[],
    end: FaultEnd,
    owner: Owner,
    step: RawStep,
  ): PlaceState {
    const gone = positions.map((at) => place.queue[at]!)
    const left = { ...place, queue: place.queue.filter((_, at) => !positions.includes(at)) }
    const met = (text: string): RawStep => ({ ...step, text })
    switch (end) {
      case 'landed':
        for (const id of gone)
          this.change(id, { met: met('Here the fault reaches its register, whoever owns it.') })
        return this.land(left, gone)
      case 'completed': {
        let { completed } = left
        for (const id of gone) {
          const fault = this.change(id, {
            state: 'completed',
            met: met('Here the fault is completed, into whatever its register holds now.'),
          })
          if (fault)
            completed = replaced(completed, fault.register, withCause(completed[fault.register]!, fault))
        }
        return { ...left, completed }
      }
      case 'overwritten':
      case 'vanished':
        for (const id of gone) {
          const fault = this.faults.get(id)
          if (fault && sideOf(fault.owner) === sideOf(owner)) this.faults.delete(id)
          else if (end === 'overwritten')
            this.change(id, {
              state: 'gone',
              met: met('The fault lands just before this write, which overwrites it.'),
            })
          else
            this.change(id, {
              state: 'gone',
              met: met(
                'A control of the fault is written while it is pending: the new value governs it, and it has no effect.',
              ),
            })
        }
        return left
    }
  }

  revealed(place: PlaceState, register: number, bits: bigint): PlaceState {
    const waiting = place.completed[register]!
    const now = place.architectural[register]!
    const merged = [0, 1].map((bit) => {
      if (!((bits >> BigInt(bit)) & 1n)) return now[bit]!
      for (const cause of waiting[bit]!)
        if (cause.kind === 'fault') this.change(cause.id, { state: 'landed' })
      return [...now[bit]!, ...waiting[bit]!.filter((cause) => !includes(now[bit]!, cause))]
    }) as unknown as Bits
    const rest = [0, 1].map((bit) => ((bits >> BigInt(bit)) & 1n ? [] : waiting[bit]!)) as unknown as Bits
    return {
      ...place,
      architectural: replaced(place.architectural, register, merged),
      completed: replaced(place.completed, register, rest),
    }
  }

  private land(place: PlaceState, ids: readonly number[]): PlaceState {
    let { architectural } = place
    for (const id of ids) {
      const fault = this.change(id, { state: 'landed' })
      if (fault)
        architectural = replaced(
          architectural,
          fault.register,
          withCause(architectural[fault.register]!, fault),
        )
    }
    return { ...place, architectural }
  }

  private change(id: number, to: Partial<Fault>): Fault | null {
    const fault = this.faults.get(id)
    if (fault === undefined) return null
    const changed = { ...fault, ...to }
    this.faults.set(id, changed)
    return changed
  }

  /** What MRS reads was stored to memory. */
  kept(place: PlaceState, register: number): PlaceState {
    return place.kept[register] ? place : { ...place, kept: replaced(place.kept, register, true) }
  }

  /**
   * An MSR of a TFSR.
   * @param constant a deliberate value, not one from memory or another register @param brought loaded from memory
   * @param foreign by the name of a guest's register
   */
  written(
    place: PlaceState,
    pe: number,
    register: number,
    value: bigint,
    by: {
      owner: Owner
      acts: Acts
      carried: Carried | null
      constant: boolean
      brought: boolean
      foreign: boolean
    },
    step: RawStep,
  ): PlaceState {
    const { owner, acts, carried, foreign } = by
    const brings =
      acts === 'switch' ||
      (acts === 'either' && !by.constant && (carried?.bits != null || by.brought || place.kept[register]!))
    const given = !brings && foreign
    const token: Token =
      carried?.token ??
      ({
        register: TFSR[register]!,
        owner: brings || given ? NOBODY : owner,
        what: given ? 'set' : 'write',
        step,
      } satisfies Token)
    const bits = [0, 1].map((bit) => {
      if (!((value >> BigInt(bit)) & 1n)) return []
      const causes = carried?.bits?.[bit] ?? []
      return causes.length > 0 ? causes : [{ kind: 'write', token } satisfies Cause]
    }) as unknown as Bits
    if (!brings && !foreign) this.own(pe, owner, register, Number(value & 3n), bits, token)
    return {
      ...place,
      architectural: replaced(place.architectural, register, bits),
      completed: replaced(place.completed, register, clear),
      last: replaced(place.last, register, token),
      kept: replaced(place.kept, register, false),
    }
  }

  /** An owner writes its own register: what it clears it has dealt with, whether it looked or not. */
  private own(pe: number, owner: Owner, register: number, value: number, bits: Bits, token: Token): void {
    this.left.set(key(owner, pe, register), { value, token })
    for (const fault of [...this.faults.values()]) {
      if (!this.belongs(fault, owner, pe, register) || fault.state === 'pending') continue
      const kept = bits[fault.bit]!.some((cause) => cause.kind === 'fault' && cause.id === fault.id)
      if (!kept) this.faults.delete(fault.id)
    }
  }

  /** A vCPU takes its faults along; the host on one PE has nothing to do with those on another. */
  private belongs(fault: Fault, owner: Owner, pe: number, register: number): boolean {
    return fault.register === register && placeOf(fault.owner, fault.step.pe) === placeOf(owner, pe)
  }

  /** What an owner's read of its own register has to show by now, and which of the causes there are not dealt with. */
  present(owner: Owner, pe: number, register: number, bits: Bits): NonNullable<PendingRead['faults']> {
    const open = [...this.faults.values()].filter(
      (fault) =>
        this.belongs(fault, owner, pe, register) &&
        !fault.judged &&
        (fault.state === 'landed' || fault.state === 'gone'),
    )
    const ids = bits.flat().flatMap((cause) => (cause.kind === 'fault' ? [cause.id] : []))
    return { open, alive: ids.filter((id) => this.faults.has(id)) }
  }

  /** What an owner reads in a register of its own, bit by bit. */
  judge(place: { bits: Bits; last: Token | null }, pe: number, register: number, read: PendingRead): void {
    const { owner, value, step } = read
    if (owner === UNKNOWN_OWNER) {
      this.findings.unknownOwner = true
      return
    }
    const { open, alive } = read.faults!
    for (const bit of [0, 1]) {
      const missed = open.filter((fault) => fault.bit === bit)
      if ((value >> BigInt(bit)) & 1n)
        this.one(place.bits[bit]!, pe, register, bit, owner, missed, alive, step)
      else this.zero(place.last, pe, register, bit, owner, missed, step)
    }
  }

  private one(
    causes: readonly Cause[],
    pe: number,
    register: number,
    bit: number,
    owner: Owner,
    open: readonly Fault[],
    alive: readonly number[],
    step: RawStep,
  ): void {
    const name = TFSR[register]!
    const holder = holderOf(owner, register)
    const own = causes.filter((cause) => {
      const whose = cause.kind === 'fault' ? cause.owner : cause.token.owner
      return sideOf(whose) === sideOf(owner)
    })
    const left = this.left.get(key(owner, pe, register))
    if (own.some((cause) => cause.kind === 'write' || alive.includes(cause.id))) {
      for (const fault of open) this.change(fault.id, { judged: true })
      return
    }
    const again = own.find((cause) => cause.kind === 'fault')
    if (again) {
      const text = `${capital(ownerName(holder))} reads TF${bit} = 1 in ${name} of a fault that it has cleared before.`
      this.findings.add('tag-fault-duplicated', name, holder, null, [
        again.step,
        left?.token.step,
        { ...step, text },
      ])
      return
    }
    for (const cause of causes) {
      if (cause.kind !== 'fault') continue
      const text = `${capital(ownerName(holder))} reads TF${bit} = 1 in ${name}, and takes the fault of ${ownerName(cause.owner)} for its own. ${unknowable}`
      const met = this.faults.get(cause.id)?.met ?? null
      this.findings.add('tag-fault-misattributed', name, cause.owner, holder, [
        cause.step,
        met,
        { ...step, text },
      ])
    }
    for (const fault of open) this.lost(fault, holder, name, step)
    const writes = causes.filter((cause) => cause.kind === 'write')
    if (writes.length < causes.length || left === undefined) return
    if (writes.some(({ token }) => token.what === 'set')) return
    const wrote = writes[0]?.token ?? null
    this.replaced(name, holder, wrote, left, step, `TF${bit} = 1`)
  }

  private zero(
    last: Token | null,
    pe: number,
    register: number,
    bit: number,
    owner: Owner,
    open: readonly Fault[],
    step: RawStep,
  ): void {
    const name = TFSR[register]!
    const holder = holderOf(owner, register)
    if (last?.what === 'set') {
      for (const fault of open) this.change(fault.id, { judged: true })
      return
    }
    for (const fault of open) this.lost(fault, holder, name, step)
    const left = this.left.get(key(owner, pe, register))
    if (left === undefined || !((left.value >> bit) & 1)) return
    this.replaced(name, holder, last, left, step, `TF${bit} = 0`)
  }

  private lost(fault: Fault, holder: Owner, name: string, step: RawStep): void {
    const text = `${capital(ownerName(holder))} looks into ${name} and does not find its own fault. ${unknowable}`
    this.findings.add('tag-fault-lost', name, fault.owner, null, [fault.step, fault.met, { ...step, text }])
    this.change(fault.id, { judged: true })
  }

  private replaced(
    name: string,
    owner: Owner,
    found: Token | null,
    left: Left,
    step: RawStep,
    what: string,
  ): void {
    const kind = owner >= 0 ? 'guest-state-lost' : 'host-state-lost'
    const other = found === null || sideOf(found.owner) === sideOf(owner) ? null : found.owner
    const whose = other === null || other === NOBODY ? 'not what it left' : `what ${ownerName(other)} left`
    const text = `${capital(ownerName(owner))} reads ${what} in ${name}, ${whose}.`
    this.findings.add(kind, name, owner === HOST_TASK ? HOST : owner, other, [
      left.token.step,
      found?.step,
      { ...step, text },
    ])
  }

  /** For a digest: every fault, in the order in which they were raised. */
  entries(): Iterable<Fault> {
    return this.faults.values()
  }

  fault(id: number): Fault | null {
    return this.faults.get(id) ?? null
  }

  leftEntries(): ReadonlyMap<string, Left> {
    return this.left
  }
}

const unknowable = 'Software cannot know which access it was, nor its address.'

const includes = (causes: readonly Cause[], one: Cause): boolean =>
  causes.some((cause) =>
    cause.kind === 'fault'
      ? one.kind === 'fault' && cause.id === one.id
      : one.kind === 'write' && cause.token === one.token,
  )

function withCause(bits: Bits, fault: Fault): Bits {
  const { id, owner, step } = fault
  const cause: Cause = { kind: 'fault', id, owner, step }
  return replaced<readonly Cause[]>(bits, fault.bit, [...bits[fault.bit]!, cause]) as unknown as Bits
}
