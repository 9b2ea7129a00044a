import type { Insn } from '../../../shared/isa/insn.ts'
import type { Operations } from '../../../shared/isa/operations.ts'
import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import { RAM_BASE } from '../board/map.ts'
import type { Pe } from '../board/pe.ts'
import type { Core } from '../cpu/core.ts'
import { GuestFault } from '../cpu/fault.ts'
import { HCR } from '../mmu/controls.ts'
import { page } from '../mmu/walk.ts'
import { type Mark, markKinds } from '../observe/marks.ts'
import type { TagMismatch } from '../observe/observer.ts'
import type { FaultBegin, FaultEnd, Semantics, Watcher } from '../observe/watcher.ts'
import type { FaultKind } from '../sync/fault-queue.ts'
import { tfsrNumber } from '../sync/tag-faults.ts'
import { type Flow, flowOf, isPlain, type TagTouch } from './flow.ts'
import { HostTco, type HostTcoState } from './host-tco.ts'
import type { Carried, PendingRead } from './identity.ts'
import { judgeInjection, judgeResumption } from './injection.ts'
import { reached } from './names.ts'
import { Place } from './place.ts'
import type { Shared } from './shared.ts'
import { NOBODY, ownerName, type RawStep } from './steps.ts'
import {
  capital,
  isSwitched,
  keyRegisters,
  type SwitchedName,
  SwitchedRegisters,
  type SwitchedState,
} from './switched.ts'
import { emptyPlace, type PlaceState } from './tag-fault-ledger.ts'
import { Values, type ValuesState } from './values.ts'
import { type Acts, Who, type WhoState } from './who.ts'
import { WithoutMte } from './without-mte.ts'

type Machine = Operations<bigint>

/** The part of the checker's state that belongs to one PE. */
export interface PeCheckerState {
  readonly who: WhoState
  readonly switched: SwitchedState
  readonly faults: PlaceState
  readonly values: ValuesState
  readonly hostTco: HostTcoState
  /** The owner of an exception that was injected wrongly and whose handler has not returned yet. */
  readonly injected: Owner | null
}

/** What a host finds its own in, besides the keys: a VHE host has no SCTLR_EL1. */
const PAIR: readonly SwitchedName[] = ['RGSR_EL1', 'GCR_EL1']
const WITH_CONTROL: readonly SwitchedName[] = [...PAIR, 'SCTLR_EL1']
const KEY_ACCESS = HCR.API | HCR.APK

/** The switch contract on one PE: follows values, faults and tags, and asks at the places where an owner relies on them. */
export class PeChecker implements Watcher {
  private readonly pe: Pe
  private readonly core: Core
  private readonly shared: Shared
  private readonly who: Who
  private readonly place: Place
  private readonly values: Values
  private readonly hostTco: HostTco
  private readonly withoutMte: WithoutMte
  private readonly keys: readonly SwitchedName[]
  readonly switched: SwitchedRegisters
  private faults: PlaceState = emptyPlace
  private injected: Owner | null = null
  /** Of the instruction under way, as the state before it gives them: where it accesses memory, which tags it stores. */
  private addresses: bigint[] = []
  private tags: number[][] = []
  /** IRG has drawn. */
  private drawn = false
  /** What may synchronise context or complete faults next: the instruction or exception under way. */
  private event: { text: string; at: RawStep } | null = null
  /** PSTATE.TCO before an exception return. */
  private tcoBefore = false
  /** Faults that were raised. */
  raised = 0

  /** @param judgesTco whether a VHE host has to get its PSTATE.TCO back */
  constructor(pe: Pe, shared: Shared, marked: boolean, judgesTco: boolean) {
    const { core } = pe
    this.pe = pe
    this.core = core
    this.shared = shared
    this.place = new Place(pe)
    this.who = new Who(core, marked, shared.machines)
    this.switched = new SwitchedRegisters(core, shared.ghosts, shared.findings)
    this.values = new Values(pe, shared, this.who, this.place, {
      looked: (carried) => this.looked(carried),
      kept: (carried) => this.kept(carried),
    })
    this.hostTco = new HostTco(core, this.who, shared.findings, this.place, judgesTco)
    this.withoutMte = new WithoutMte(core, shared, this.place)
    this.keys = core.features.has('FEAT_PAuth') ? keyRegisters : []
  }

  save(): PeCheckerState {
    const { who, switched, values, hostTco, faults, injected } = this
    return {
      who: who.save(),
      switched: switched.save(),
      values: values.save(),
      hostTco: hostTco.save(),
      faults,
      injected,
    }
  }

  restore(saved: PeCheckerState): void {
    this.who.restore(saved.who)
    this.switched.restore(saved.switched)
    this.values.restore(saved.values)
    this.hostTco.restore(saved.hostTco)
    this.faults = saved.faults
    this.injected = saved.injected
  }

  decoded<O>(word: number, row: Insn, fields: Record<string, number>, sem: Semantics<O>): Semantics<O> {
    const flow = flowOf(word, row, fields)
    if (row.cost === 'exception-return') {
      return (o, f) => {
        this.event = { text: `exception return from EL${this.core.el}`, at: this.place.step('') }
        this.tcoBefore = this.core.tco()
        sem(o, f)
      }
    }
    if (isPlain(flow)) {
      const { values } = this
      const any = flow.uses | flow.writes | flow.moved
      return (o, f) => {
        sem(o, f)
        values.computed(flow, any)
      }
    }
    return (o, f) => {
      this.before(flow, o as unknown as Machine)
      sem(o, f)
      this.after(flow, o as unknown as Machine)
    }
  }

  /** Addresses are computed before the instruction changes what they depend on. */
  private before(flow: Flow, o: Machine): void {
    const { addresses } = this
    addresses.length = 0
    try {
      for (const touch of flow.loads) addresses.push(touch.address(o))
      for (const touch of flow.stores) addresses.push(touch.address(o))
      for (const touch of flow.tagLoads) addresses.push(touch.address(o))
      for (const touch of flow.tagStores) addresses.push(touch.address(o))
    } catch (error) {
      // The instruction itself takes this exception.
      if (!(error instanceof GuestFault)) throw error
    }
    if (flow.tagStores.length > 0) this.tags = flow.tagStores.map((touch) => tagsOf(touch, o))
    if (flow.barrier) this.barrier(flow.barrier)
  }

  private after(flow: Flow, o: Machine): void {
    const { addresses, values } = this
    let at = 0
    for (const touch of flow.loads) values.load(touch, addresses[at++]!)
    for (const touch of flow.stores) values.store(touch, addresses[at++]!)
    if (at > 0) this.hostTco.accessed(flow.touches, this.pe.mmu.flags)
    for (const touch of flow.tagLoads) this.tagLoad(touch, addresses[at++]!)
    for (const [i, touch] of flow.tagStores.entries()) this.tagStore(touch, addresses[at++]!, this.tags[i]!)
    if (flow.msr) this.msr(flow.msr, o)
    if (flow.tco !== null) this.hostTco.written()
    if (flow.tagSource) this.tagSource(flow)
    values.registers(flow, flow.mrs ? this.mrs(flow) : null)
  }

  private msr({ encoding, source }: NonNullable<Flow['msr']>, o: Machine): void {
    const { core, place } = this
    const target = reached(core, encoding)
    if (target === null) return
    const { name, foreign } = target
    const owner = this.who.owner()
    this.withoutMte.accessed(owner, name, null)
    if (name === 'TCO') this.hostTco.written()
    if (name === 'HCR_EL2') this.hostTco.takenBack()
    const tfsr = tfsrNumber(name)
    if (tfsr < 0 && !isSwitched(name)) return
    const acts = this.who.acts()
    const { carried, brought } = this.values.of(source)
    const step = place.step(`${doer(owner, acts)} writes ${name}.`)
    if (isSwitched(name)) {
      this.switched.write(name, owner, acts, { carried, brought, foreign }, step)
      return
    }
    const constant = source?.kind !== 'register'
    const value = source?.kind === 'register' ? o.x(source.n) : 0n
    const by = { owner, acts, carried, constant, brought, foreign }
    this.faults = this.shared.ledger.written(this.faults, core.pe, tfsr, value, by, step)
  }

  /** @returns what the general register carries from here on */
  private mrs({ mrs, moves }: Flow): Carried | null {
    const { core, place } = this
    const source = reached(core, mrs!)
    if (source === null) return null
    const { name, foreign } = source
    const owner = this.who.owner()
    const acts = this.who.acts()
    const value = moves[0] ? core.state[moves[0].to]! : 0n
    this.withoutMte.accessed(owner, name, value)
    const empty = { register: name, token: null, bits: null, saved: null, pending: null }
    const tfsr = tfsrNumber(name)
    if (tfsr < 0 && !isSwitched(name)) return owner < 0 ? { ...empty, read: place.step('') } : null
    const read = place.step(`${doer(owner, acts)} reads ${name}.`)
    if (!isSwitched(name))
      return { ...empty, read, ...this.tfsrRead(tfsr, owner, acts, foreign, value, read) }
    const judged = acts === 'either' && !foreign && name !== 'SCTLR_EL1'
    const ghost = this.switched.ghost(owner, name)
    const pending = judged ? { owner, value, faults: null, ghost, step: read } : null
    return { ...empty, token: this.switched.held(name).token, read, pending }
  }

  /** An owner's read of its own register counts at once; one of the host's code when more is done with the value than moving it. */
  private tfsrRead(
    tfsr: number,
    owner: Owner,
    acts: Acts,
    foreign: boolean,
    value: bigint,
    step: RawStep,
  ): Pick<Carried, 'bits' | 'token' | 'pending'> {
    const { ledger } = this.shared
    const bits = this.faults.architectural[tfsr]!
    const token = this.faults.last[tfsr]!
    if (acts === 'switch' || foreign) return { bits, token, pending: null }
    const faults = ledger.present(owner, this.core.pe, tfsr, bits)
    const read: PendingRead = { owner, value, faults, ghost: null, step }
    if (acts === 'either') return { bits, token, pending: read }
    ledger.judge({ bits, last: token }, this.core.pe, tfsr, read)
    return { bits, token, pending: null }
  }

  private looked({ register, token, bits, pending }: Carried): void {
    if (isSwitched(register)) {
      const { ghost, owner, step } = pending!
      if (ghost !== null && token !== null && token !== ghost && token.what !== 'set')
        this.switched.lost(owner, register, token, ghost, [], step)
      return
    }
    this.shared.ledger.judge({ bits: bits!, last: token }, this.core.pe, tfsrNumber(register), pending!)
  }

  private kept({ register, token }: Carried): void {
    if (isSwitched(register) && token === this.switched.held(register).token) this.switched.kept(register)
    const tfsr = tfsrNumber(register)
    if (tfsr >= 0) this.faults = this.shared.ledger.kept(this.faults, tfsr)
  }

  /** ADDG, SUBG, IRG: the controls are those that the instruction used. */
  private tagSource({ row }: Flow): void {
    if (!this.tagAccess()) return
    const owner = this.who.owner()
    if (row.name !== 'IRG') {
      this.use('GCR_EL1', owner)
      return
    }
    if (this.drawn) {
      this.switched.drew(owner, this.who.acts(), this.place.step(`${capital(ownerName(owner))} draws a tag.`))
    }
    this.drawn = false
    this.withoutMte.tagged(owner, 'IRG gives it one')
  }

  drawing(): void {
    const owner = this.who.owner()
    this.use('RGSR_EL1', owner)
    this.use('GCR_EL1', owner)
    this.drawn = true
  }

  signing(key: string): void {
    const owner = this.who.owner()
    for (const name of this.keys) if (name.startsWith(key)) this.use(name, owner)
  }

  private use(name: SwitchedName, owner: Owner): void {
    const boundary = owner < 0 && this.who.acts() === 'either'
    this.switched.use(name, owner, boundary, this.place.step(''))
  }

  private tagAccess(): boolean {
    const { core } = this
    return core.controls().tagAccess[core.el === 0 ? 0 : 1]
  }

  private tagLoad({ granules }: TagTouch, address: bigint): void {
    const { shared } = this
    const owner = this.who.owner()
    if (owner < 0 || !this.tagAccess()) return
    this.withoutMte.tagged(owner, 'it loads one')
    if (shared.hasMte(owner) === false || !(this.pe.mmu.flags & page.TAGGED)) return
    const step = this.place.step('')
    for (let i = 0; i < granules; i++) {
      const at = this.pe.mmu.lastAt(address + BigInt(i * 16))
      if (at >= 0) shared.granules.seen(at >>> 4, owner, step)
    }
  }

  private tagStore({ granules }: TagTouch, address: bigint, tags: readonly number[]): void {
    const owner = this.who.owner()
    if (owner === UNKNOWN_OWNER || !this.tagAccess() || !(this.pe.mmu.flags & page.TAGGED)) return
    const step = this.place.step(`${capital(ownerName(owner))} writes tags here.`)
    for (let i = 0; i < granules; i++) {
      const at = this.pe.mmu.lastAt(address + BigInt(i * 16))
      if (at < 0) continue
      const clean = owner < 0 && (this.who.onBehalf || tags[i] === 0)
      this.shared.granules.written(at >>> 4, owner, clean, step)
    }
  }

  tagMismatch({ granule }: TagMismatch): void {
    const owner = this.who.owner()
    if (owner < 0) return
    this.withoutMte.checked(owner)
    if (this.shared.hasMte(owner) !== false)
      this.shared.granules.seen((granule - RAM_BASE) >>> 4, owner, this.place.step(''))
  }

  marked(marks: readonly Mark[]): void {
    const { core } = this
    for (const mark of marks) {
      this.who.mark(mark)
      if (!core.hostExtensions || core.el !== 2) continue
      if (mark.kind === markKinds.RETURN) this.returned()
      else if (mark.kind === markKinds.ENTRY) this.hostTco.overdue(core.tco(), this.place.next(''))
    }
  }

  /** Mark RETURN of a VHE host. */
  private returned(): void {
    const at = this.place.next('The switch has returned to the host.')
    this.crossed('return to the host', at)
    this.switched.boundary(HOST, [...PAIR, ...this.keys], at)
  }

  exceptionEntry(target: number, esr: bigint, returnTo: bigint, asynchronous: boolean): void {
    const { core, shared, place } = this
    const retired = returnTo !== core.pc
    this.event = {
      text: `exception entry to EL${target}`,
      at: place.exception('', asynchronous, retired),
    }
    if (target === 1) {
      if (this.injected !== null && this.injected === this.who.owner()) {
        const text =
          'Before the handler has looked, its own access faults: ELR_EL1, SPSR_EL1 and ESR_EL1 of the injected exception are overwritten.'
        shared.findings.extend(
          'injected-state-wrong',
          this.injected,
          place.exception(text, asynchronous, retired),
        )
      }
      this.injected = null
      return
    }
    if (core.el === 2) return
    if (this.who.guestAt(core.el)) {
      const owner = this.who.owner()
      this.who.exited()
      const text = `${capital(ownerName(owner))} leaves for EL2.`
      const step = place.exception(text, asynchronous, retired)
      this.switched.exit = step
      if (owner !== UNKNOWN_OWNER)
        shared.exits.set(owner, { pc: returnTo, pstate: core.packPstate(), esr, step })
    } else if (!core.hostExtensions && core.el === 1) {
      this.hostTco.leaves(place.exception('The host leaves for EL2.', asynchronous, retired))
    }
  }

  exceptionReturn(from: number): void {
    const { core } = this
    const { at } = this.event!
    if (from === 1) this.injected = null
    if (from !== 2 || core.el === 2) return
    if (this.who.guestAt(core.el)) this.enteredGuest(at)
    else if (!core.hostExtensions) this.returnedByEret(at)
    else this.hostTco.written()
  }

  private enteredGuest(at: RawStep): void {
    const { core, shared } = this
    const owner = this.who.owner()
    const step = { ...at, text: `${capital(ownerName(owner))} is entered.` }
    this.crossed('entry to the guest', at)
    if (core.hostExtensions) this.hostTco.enters(this.tcoBefore, step)
    if (owner === UNKNOWN_OWNER) {
      shared.findings.unknownOwner = true
      return
    }
    const tagAccess = (core.hcr() & HCR.ATA) !== 0n
    if (tagAccess) this.switched.boundary(owner, WITH_CONTROL, step)
    if ((core.hcr() & KEY_ACCESS) !== 0n) this.switched.boundary(owner, this.keys, step)
    const exit = shared.exits.get(owner)
    if (exit === undefined) return
    const mte = shared.hasMte(owner) ?? tagAccess
    const behind = BigInt.asUintN(64, exit.pc + 4n)
    if (core.pc === exit.pc || core.pc === behind) {
      if (mte) judgeResumption(core, owner, exit, shared.findings, step)
      if (core.pc === behind) this.withoutMte.emulated(owner, exit.esr)
    } else if (judgeInjection(core, owner, exit, mte, shared.findings, step)) {
      this.injected = owner
    }
  }

  private returnedByEret(at: RawStep): void {
    const step = { ...at, text: 'The host goes on.' }
    this.crossed('return to the host', at)
    this.switched.boundary(HOST, [...WITH_CONTROL, ...this.keys], step)
    this.hostTco.returns(at)
  }

  private crossed(boundary: 'return to the host' | 'entry to the guest', at: RawStep): void {
    const { registers, faults } = this.pe.pending()
    const names = new Set([...registers.map(({ register }) => register), ...this.switched.pending()])
    const late = new Set(faults.map(({ register }) => register))
    const pending = [
      ...[...names].map((register) => ({ register, fault: false })),
      ...[...late].map((register) => ({ register, fault: true })),
    ]
    this.shared.boundaries.crossed(boundary, pending, at)
    if (boundary === 'entry to the guest') this.shared.barriers.guestEntered()
  }

  contextEvent(): void {
    const { event, shared } = this
    this.switched.synchronise((name, write) => {
      if (event) shared.closings.closed(name, write, event.text, event.at)
    })
    if (event) shared.boundaries.closed(false, event.text, event.at)
  }

  /** Before it is executed: what is pending that it closes. Those of guests are their own affair. */
  private barrier(kind: 'isb' | 'dsb'): void {
    const at = this.place.step('')
    this.event = { text: kind.toUpperCase(), at }
    if (this.who.owner() >= 0) return
    const { registers, faults } = this.pe.pending()
    const those = (wanted: string): string[] =>
      faults.filter(({ state }) => state === wanted).map(({ register }) => register)
    const late = registers.map(({ register }) => register)
    // A DSB of the ST kind (CRm<1:0> = 0b10) waits for stores only: it completes no tag check of a load, so none is ordered.
    const completes = kind === 'dsb' && (((at.word ?? 0) >>> 8) & 3) !== 2
    const names =
      kind === 'isb'
        ? [...late, ...this.switched.pending(), ...those('completed')]
        : completes
          ? those('pending')
          : []
    this.shared.barriers.executed(kind, [...new Set(names)], this.who.acts() === 'switch', at)
  }

  faultRaised(kind: FaultKind, begin: FaultBegin): void {
    this.raised++
    const executing = this.who.owner()
    const unprivileged = executing === HOST && kind.register === 0
    const whose = unprivileged ? 'the host on behalf of its task' : ownerName(executing)
    const step = this.place.step(`An access of ${whose} mismatches; the fault is asynchronous.`)
    const owner = unprivileged ? HOST_TASK : executing
    this.faults = this.shared.ledger.raised(this.faults, owner, kind, begin, step)
  }

  faultsLeft(positions: readonly number[], end: FaultEnd): void {
    const actor = this.who.acts() === 'switch' ? NOBODY : this.who.owner()
    this.faults = this.shared.ledger.leftQueue(this.faults, positions, end, actor, this.place.step(''))
    if (end === 'completed' && this.event) this.shared.boundaries.closed(true, this.event.text, this.event.at)
  }

  faultsRevealed(register: number, bits: bigint): void {
    this.faults = this.shared.ledger.revealed(this.faults, register, bits)
  }
}

function tagsOf({ granules, tag }: TagTouch, o: Machine): number[] {
  return tag === null ? [] : Array.from({ length: granules }, (_, i) => tag(o, i))
}

const doer = (owner: Owner, acts: Acts): string =>
  acts === 'switch' ? 'The switch' : capital(ownerName(owner))
