import type { Insn } from '../../../shared/isa/insn.ts'
import type { Operations } from '../../../shared/isa/operations.ts'
import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import { RAM_BASE } from '../board/map.ts'
import type { Pe } from '../board/pe.ts'
import { clock } from '../board/shared-memory.ts'
import type { Core } from '../cpu/core.ts'
import { EC, GuestFault } from '../cpu/fault.ts'
import { HCR } from '../mmu/controls.ts'
import { page } from '../mmu/walk.ts'
import { type Mark, markKinds } from '../observe/marks.ts'
import type { TagMismatch } from '../observe/observer.ts'
import type { FaultBegin, FaultEnd, Semantics, Watcher } from '../observe/watcher.ts'
import type { FaultKind } from '../sync/fault-queue.ts'
import { tfsrNumber } from '../sync/tag-faults.ts'
import { type Flow, flowOf, type Source, type TagTouch, type Touch } from './flow.ts'
import type { Carried, PendingRead } from './identity.ts'
import { judgeInjection, judgeResumption } from './injection.ts'
import { reached, trapped } from './names.ts'
import type { Shared } from './shared.ts'
import { NOBODY, ownerName, type RawStep } from './steps.ts'
import { type Chains, capital, isSwitched, type SwitchedName, SwitchedRegisters } from './switched.ts'
import { emptyPlace, type PlaceState } from './tag-fault-ledger.ts'
import { Who, type WhoState } from './who.ts'

type Machine = Operations<bigint>

/** The part of the checker's state that belongs to one PE. */
export interface PeCheckerState {
  readonly who: WhoState
  readonly switched: Chains
  readonly faults: PlaceState
  readonly carried: readonly (Carried | null)[]
  readonly live: number
  readonly fresh: number
  /**
   * PSTATE.TCO as the host had it when it went for a guest; null: it is its own again. `back`: HCR_EL2 is the host's again, so it
   * was no exit that EL2 answered at once.
   */
  readonly hostTco: { readonly on: boolean; readonly step: RawStep; readonly back: boolean } | null
  /** An exception that was injected wrongly and has not been looked at by its handler yet: its owner. */
  readonly injected: Owner | null
}

const PAIR: readonly SwitchedName[] = ['RGSR_EL1', 'GCR_EL1']
const WITH_CONTROL: readonly SwitchedName[] = ['RGSR_EL1', 'GCR_EL1', 'SCTLR_EL1']
/** ID_AA64PFR1_EL1.MTE and MTE_frac. */
const MTE_FIELDS = (0xfn << 8n) | (0xfn << 40n)
/** What a VM without MTE must find UNDEFINED. */
const hidden: ReadonlySet<string> = new Set(['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1', 'GMID_EL1'])

/** The switch contract on one PE: follows values, faults and tags, and asks at the places where an owner relies on them. */
export class PeChecker implements Watcher {
  private readonly pe: Pe
  private readonly core: Core
  private readonly shared: Shared
  private readonly who: Who
  readonly switched: SwitchedRegisters
  private readonly judgesTco: boolean
  private faults: PlaceState = emptyPlace
  private carried: (Carried | null)[] = Array.from({ length: 31 }, () => null)
  /** Bit n: Xn carries something. */
  private live = 0
  /** Bit n: Xn holds what was loaded from memory, and no write is known that it was. */
  private fresh = 0
  private hostTco: PeCheckerState['hostTco'] = null
  private injected: Owner | null = null
  /** Addresses of the accesses of the instruction under way, as the state before it gives them. */
  private addresses: bigint[] = []
  private loaded: (Carried | null)[] = []
  private tags: number[][] = []
  private read: Carried | null = null
  private drawn = false
  /** The access that is about to be reported was made with EL0's settings. */
  private unprivileged = false
  /** What may synchronise context or complete faults next: the instruction or exception under way. */
  private event: { text: string; at: RawStep } | null = null
  private tcoBefore = false
  /** Faults that were raised. */
  raised = 0

  /** @param judgesTco whether a VHE host has to get its PSTATE.TCO back */
  constructor(pe: Pe, shared: Shared, marked: boolean, judgesTco: boolean) {
    this.pe = pe
    this.core = pe.core
    this.shared = shared
    this.who = new Who(pe.core, marked, shared.machines)
    this.switched = new SwitchedRegisters(pe.core, shared.ghosts, shared.findings)
    this.judgesTco = judgesTco
  }

  save(): PeCheckerState {
    const { faults, live, fresh, hostTco, injected } = this
    return {
      who: this.who.save(),
      switched: this.switched.save(),
      faults,
      carried: [...this.carried],
      live,
      fresh,
      hostTco,
      injected,
    }
  }

  restore(saved: PeCheckerState): void {
    this.who.restore(saved.who)
    this.switched.restore(saved.switched)
    this.faults = saved.faults
    this.carried = [...saved.carried]
    this.live = saved.live
    this.fresh = saved.fresh
    this.hostTco = saved.hostTco
    this.injected = saved.injected
  }

  // ---- instructions ----

  decoded<O>(word: number, row: Insn, fields: Record<string, number>, sem: Semantics<O>): Semantics<O> {
    const flow = flowOf(word, row, fields)
    if (row.cost === 'exception-return') {
      return (o, f) => {
        this.event = { text: `exception return from EL${this.core.el}`, at: this.step('') }
        this.tcoBefore = this.core.tco()
        sem(o, f)
      }
    }
    const touched = flow.uses | flow.writes
    const moved = flow.moves.reduce(
      (mask, { from }) => (from.kind === 'register' ? mask | (1 << from.n) : mask),
      0,
    )
    if (isPlain(flow)) {
      const any = touched | moved
      return (o, f) => {
        sem(o, f)
        if (this.live & any) this.registers(flow)
        this.fresh &= ~flow.writes
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
    this.addresses = []
    try {
      for (const touch of flow.loads) this.addresses.push(touch.address(o))
      for (const touch of flow.stores) this.addresses.push(touch.address(o))
      for (const touch of flow.tagLoads) this.addresses.push(touch.address(o))
      for (const touch of flow.tagStores) this.addresses.push(touch.address(o))
    } catch (error) {
      // The instruction itself takes this exception.
      if (!(error instanceof GuestFault)) throw error
    }
    this.tags = flow.tagStores.map((touch) => tagsOf(touch, o))
    if (flow.barrier) this.barrier(flow.barrier)
  }

  private after(flow: Flow, o: Machine): void {
    let at = 0
    this.loaded = []
    for (const touch of flow.loads) this.load(touch, this.addresses[at++]!)
    for (const touch of flow.stores) this.store(touch, this.addresses[at++]!)
    if (this.hostTco !== null && this.core.el === 2) this.hostAccess([...flow.loads, ...flow.stores])
    for (const touch of flow.tagLoads) this.tagLoad(touch, this.addresses[at++]!)
    for (const [i, touch] of flow.tagStores.entries())
      this.tagStore(touch, this.addresses[at++]!, this.tags[i]!)
    if (flow.msr) this.msr(flow.msr.encoding, flow.msr.source, o)
    if (flow.tco !== null) this.tcoWritten()
    if (flow.tagSource) this.tagSource(flow)
    this.read = flow.mrs ? this.mrs(flow) : null
    this.registers(flow)
  }

  /** Values move between general registers; what is computed from one ends it, and is a look at it. */
  private registers(flow: Flow): void {
    for (let n = 0, uses = flow.uses & this.live; uses !== 0; n++, uses >>>= 1) if (uses & 1) this.looked(n)
    const moves = flow.moves.map(({ to, from }) => ({ to, value: this.valueOf(from) }))
    for (let n = 0, writes = flow.writes; writes !== 0; n++, writes >>>= 1)
      if (writes & 1) this.carried[n] = null
    this.live &= ~flow.writes
    this.fresh &= ~flow.writes
    for (const [i, { to, value }] of moves.entries()) {
      this.carried[to] = value
      if (value) this.live |= 1 << to
      else if (flow.moves[i]!.from.kind === 'loaded' && !flow.literal) this.fresh |= 1 << to
    }
  }

  private valueOf(source: Source): Carried | null {
    switch (source?.kind) {
      case 'register':
        return this.carried[source.n]!
      case 'loaded':
        return this.loaded[source.n] ?? null
      case 'system register':
        return this.read
      default:
        return null
    }
  }

  // ---- memory ----

  private load({ bytes, elements }: Touch, address: bigint): void {
    for (let i = 0; i < elements; i++) this.loaded.push(bytes === 8 ? this.loadedFrom(address, i) : null)
  }

  private loadedFrom(address: bigint, i: number): Carried | null {
    const { memory } = this.shared
    if (memory.size === 0) return null
    const at = this.pe.mmu.lastAt(address + BigInt(i * 8))
    const carried = at >= 0 && at % 8 === 0 ? (memory.get(at / 8) ?? null) : null
    if (carried?.saved) this.shared.slots.loaded(carried.register, carried.saved)
    return carried
  }

  private store({ bytes, elements, sources }: Touch, address: bigint): void {
    const { memory, slots } = this.shared
    const moving = sources.some((source) => source?.kind === 'register' && this.carried[source.n] !== null)
    if (memory.size === 0 && !moving) return
    for (let i = 0; i < elements; i++) {
      const at = this.pe.mmu.lastAt(address + BigInt(i * bytes))
      if (at < 0) continue
      const source = sources[i] ?? null
      const carried = source?.kind === 'register' ? this.carried[source.n]! : null
      if (carried === null || at % 8 !== 0) {
        for (let word = Math.floor(at / 8); word * 8 < at + bytes; word++) this.overwritten(word)
        continue
      }
      const saved =
        carried.read !== null && this.who.owner() < 0 ? this.step(`Saves ${carried.register}.`) : null
      memory.set(at / 8, saved ? { ...carried, saved } : carried)
      if (saved === null) continue
      slots.saved(carried.register, RAM_BASE + at, saved)
      if (isSwitched(carried.register) && carried.token === this.switched.held(carried.register).token)
        this.switched.kept(carried.register)
      const tfsr = tfsrNumber(carried.register)
      if (tfsr >= 0) this.faults = this.shared.ledger.kept(this.faults, tfsr)
    }
  }

  /** Something else is stored over a value: on purpose, unless the switch does it. */
  private overwritten(word: number): void {
    const { memory } = this.shared
    const old = memory.get(word)
    if (old === undefined) return
    if ((old.token === null && old.bits === null) || this.who.acts() === 'switch' || old.saved === null) {
      memory.delete(word)
      return
    }
    const step = this.step(`${capital(ownerName(this.who.owner()))} gives another value for ${old.register}.`)
    const token = { register: old.register, owner: NOBODY, what: 'set', step } as const
    memory.set(word, { ...old, token, bits: null, read: null, saved: null, pending: null })
  }

  // ---- system registers ----

  private msr(encoding: NonNullable<Flow['msr']>['encoding'], source: Source, o: Machine): void {
    const { core } = this
    const target = reached(core, encoding)
    if (target === null) return
    const { name, foreign } = target
    const owner = this.who.owner()
    if (hidden.has(name)) this.visible(owner, name, 'writes')
    if (name === 'TCO') {
      this.tcoWritten()
      return
    }
    if (name === 'HCR_EL2' && this.hostTco) this.hostTco = { ...this.hostTco, back: true }
    const carried = source?.kind === 'register' ? this.carried[source.n]! : null
    const acts = this.who.acts()
    if (isSwitched(name)) {
      const step = this.step(`${doer(owner, acts)} writes ${name}.`)
      this.switched.write(name, owner, acts, carried, foreign, step)
      return
    }
    const tfsr = tfsrNumber(name)
    if (tfsr < 0) return
    const value = source?.kind === 'register' ? o.x(source.n) : 0n
    const constant = source?.kind !== 'register'
    const step = this.step(`${doer(owner, acts)} writes ${name}.`)
    const brought = source?.kind === 'register' && ((this.fresh >> source.n) & 1) === 1
    const by = { owner, acts, carried, constant, brought, foreign }
    this.faults = this.shared.ledger.written(this.faults, core.pe, tfsr, value, by, step)
  }

  private mrs({ mrs, moves }: Flow): Carried | null {
    const { core, shared } = this
    const source = reached(core, mrs!)
    if (source === null) return null
    const { name, foreign } = source
    const owner = this.who.owner()
    const to = moves[0]?.to ?? null
    const value = to === null ? 0n : core.state[to]!
    if (owner >= 0) {
      if (hidden.has(name)) this.visible(owner, name, 'reads')
      if (name === 'ID_AA64PFR1_EL1' && (value & MTE_FIELDS) !== 0n) this.visible(owner, name, 'reads')
    }
    const acts = this.who.acts()
    const empty = { register: name, token: null, bits: null, read: null, saved: null, pending: null }
    if (isSwitched(name)) {
      const step = this.step(`${doer(owner, acts)} reads ${name}.`)
      const held = this.switched.held(name)
      const ghost = this.switched.ghost(owner, name)
      const pending =
        acts === 'either' && !foreign && name !== 'SCTLR_EL1'
          ? { owner, value, faults: null, ghost, step }
          : null
      return { ...empty, token: held.token, read: step, pending }
    }
    const tfsr = tfsrNumber(name)
    if (tfsr < 0) return owner < 0 ? { ...empty, read: this.step('') } : null
    const step = this.step(`${doer(owner, acts)} reads ${name}.`)
    const bits = this.faults.architectural[tfsr]!
    const token = this.faults.last[tfsr]!
    let pending: PendingRead | null = null
    if (acts !== 'switch' && !foreign && to !== null) {
      const faults = shared.ledger.present(owner, core.pe, tfsr, bits)
      const read = { owner, value, faults, ghost: null, step }
      if (acts === 'either') pending = read
      else shared.ledger.judge({ bits, last: token }, core.pe, tfsr, read)
    }
    return { ...empty, token, bits, read: step, pending }
  }

  /** Something is done with a value that a register carries: whoever read it has looked. */
  private looked(n: number): void {
    const carried = this.carried[n]
    const pending = carried?.pending
    if (!carried || !pending) return
    const { register } = carried
    this.carried[n] = { ...carried, pending: null }
    if (isSwitched(register)) {
      const { ghost, owner, step } = pending
      const { token } = carried
      if (ghost !== null && token !== null && token !== ghost && token.what !== 'set')
        this.switched.lost(owner, register, token, ghost, [], step)
      return
    }
    const { core, shared } = this
    const bits = carried.bits!
    shared.ledger.judge({ bits, last: carried.token }, core.pe, tfsrNumber(register), pending)
  }

  // ---- tags ----

  /** ADDG, SUBG, IRG: the controls are those that the instruction used. */
  private tagSource({ row }: Flow): void {
    const { core } = this
    if (!core.controls().tagAccess[core.el === 0 ? 0 : 1]) return
    const owner = this.who.owner()
    const acts = this.who.acts()
    if (row.name === 'IRG') {
      if (this.drawn) this.switched.drew(owner, acts, this.step(`${capital(ownerName(owner))} draws a tag.`))
      this.drawn = false
      this.seesTags(owner, 'IRG gives it a tag')
      return
    }
    this.use('GCR_EL1', owner)
  }
  drawing(): void {
    const owner = this.who.owner()
    this.use('RGSR_EL1', owner)
    this.use('GCR_EL1', owner)
    this.drawn = true
  }

  private use(name: SwitchedName, owner: Owner): void {
    const boundary = owner < 0 && this.who.acts() === 'either'
    this.switched.use(name, owner, boundary, this.step(''))
  }

  private tagLoad({ granules }: TagTouch, address: bigint): void {
    const { core, shared } = this
    const owner = this.who.owner()
    if (owner < 0 || !core.controls().tagAccess[core.el === 0 ? 0 : 1]) return
    if (shared.hasMte(owner) === false) {
      this.seesTags(owner, 'it loads a tag')
      return
    }
    if (!(this.pe.mmu.flags & page.TAGGED)) return
    const step = this.step('')
    for (let i = 0; i < granules; i++) {
      const at = this.pe.mmu.lastAt(address + BigInt(i * 16))
      if (at >= 0) shared.granules.seen(at >>> 4, owner, step)
    }
  }

  private tagStore({ granules }: TagTouch, address: bigint, tags: readonly number[]): void {
    const { core, shared } = this
    if (!core.controls().tagAccess[core.el === 0 ? 0 : 1]) return
    const owner = this.who.owner()
    if (owner === UNKNOWN_OWNER || !(this.pe.mmu.flags & page.TAGGED)) return
    const step = this.step(`${capital(ownerName(owner))} writes tags here.`)
    for (let i = 0; i < granules; i++) {
      const at = this.pe.mmu.lastAt(address + BigInt(i * 16))
      if (at < 0) continue
      const clean = owner < 0 && (this.who.onBehalf || tags[i] === 0)
      shared.granules.written(at >>> 4, owner, clean, step)
    }
  }

  tagMismatch({ granule, privileged }: TagMismatch): void {
    const owner = this.who.owner()
    this.unprivileged = privileged === 0
    if (owner < 0) return
    if (this.shared.hasMte(owner) === false) this.checked(owner)
    else this.shared.granules.seen((granule - RAM_BASE) >>> 4, owner, this.step(''))
  }
  // ---- a VM without MTE ----

  private visible(owner: Owner, register: string, does: string): void {
    if (this.shared.hasMte(owner) !== false) return
    const text = `${capital(ownerName(owner))}, whose VM has no MTE, ${does} ${register}.`
    this.shared.findings.add('mte-visible-without-mte', register, owner, null, [this.step(text)])
  }

  private seesTags(owner: Owner, how: string): void {
    if (this.shared.hasMte(owner) !== false) return
    const text = `${capital(ownerName(owner))}, whose VM has no MTE, meets tags: ${how}.`
    this.shared.findings.add('mte-visible-without-mte', 'tags', owner, null, [this.step(text)])
  }

  private checked(owner: Owner): void {
    const text = `An access of ${ownerName(owner)}, whose VM has no MTE, is checked.`
    this.shared.findings.add('mte-visible-without-mte', 'checks', owner, null, [this.step(text)])
  }

  /** A trapped access comes back behind its instruction: it was emulated. */
  private emulated(owner: Owner, esr: bigint): void {
    if (esr >> 26n !== BigInt(EC.SYSREG)) return
    const access = trapped(esr)
    if (access === null) return
    const { name, read, t } = access
    if (hidden.has(name)) this.visible(owner, name, read ? 'gets an answer for' : 'may write')
    if (name !== 'ID_AA64PFR1_EL1' || !read || t === 31) return
    if ((this.core.state[t]! & MTE_FIELDS) !== 0n) this.visible(owner, name, 'gets MTE or MTE_frac from')
  }

  // ---- events ----

  marked(marks: readonly Mark[]): void {
    for (const mark of marks) {
      this.who.mark(mark)
      if (!this.core.hostExtensions || this.core.el !== 2) continue
      if (mark.kind === markKinds.RETURN) this.returned()
      else if (mark.kind === markKinds.ENTRY) this.tcoOverdue(this.core.tco(), this.here())
    }
  }

  exceptionEntry(target: number, esr: bigint, returnTo: bigint, asynchronous: boolean): void {
    const { core, shared } = this
    const retired = !asynchronous && returnTo !== core.pc
    const step = (text: string): RawStep => ({
      ...this.step(text),
      position: core.instructions - (retired ? 1 : 0),
      ...(asynchronous ? { word: null, moment: this.moment() + 1 } : {}),
    })
    this.event = { text: `exception entry to EL${target}`, at: step('') }
    if (target === 1) {
      const owner = this.who.owner()
      if (this.injected !== null && this.injected === owner) {
        const text =
          'Before the handler has looked, its own access faults: ELR_EL1, SPSR_EL1 and ESR_EL1 of the injected exception are overwritten.'
        shared.findings.extend('injected-state-wrong', owner, step(text))
      }
      this.injected = null
    }
    if (target !== 2 || core.el === 2) return
    if (this.who.guestAt(core.el)) {
      const owner = this.who.owner()
      this.who.exited()
      const left = step(`${capital(ownerName(owner))} leaves for EL2.`)
      if (owner !== UNKNOWN_OWNER)
        shared.exits.set(owner, { pc: returnTo, pstate: core.packPstate(), esr, step: left })
    } else if (!core.hostExtensions && core.el === 1) {
      this.hostTco = { on: core.tco(), step: step('The host leaves for EL2.'), back: false }
    }
  }
  exceptionReturn(from: number): void {
    const { core } = this
    const { at } = this.event!
    if (from === 1) this.injected = null
    if (from !== 2 || core.el === 2) return
    if (this.who.guestAt(core.el)) this.enteredGuest(at)
    else if (!core.hostExtensions) this.returnedByEret(at)
    else if (core.el === 0) this.hostTco = null
  }

  private enteredGuest(at: RawStep): void {
    const { core, shared } = this
    const owner = this.who.owner()
    const step = { ...at, text: `${capital(ownerName(owner))} is entered.` }
    this.crossed('entry to the guest', at)
    if (core.hostExtensions) {
      this.tcoOverdue(this.tcoBefore, at)
      if (this.judgesTco && (this.hostTco === null || this.hostTco.back))
        this.hostTco = { on: this.tcoBefore, step, back: false }
    }
    if (owner === UNKNOWN_OWNER) {
      shared.findings.unknownOwner = true
      return
    }
    if (core.hcr() & HCR.ATA) this.switched.boundary(owner, WITH_CONTROL, step)
    const exit = shared.exits.get(owner)
    if (exit === undefined) return
    const mte = shared.hasMte(owner) ?? (core.hcr() & HCR.ATA) !== 0n
    const behind = BigInt.asUintN(64, exit.pc + 4n)
    if (core.pc === exit.pc || core.pc === behind) {
      if (mte) judgeResumption(core, owner, exit, shared.findings, step)
      if (core.pc === behind) this.emulated(owner, exit.esr)
    } else if (judgeInjection(core, owner, exit, mte, shared.findings, step)) {
      this.injected = owner
    }
  }

  private returnedByEret(at: RawStep): void {
    const { core, shared, hostTco } = this
    const step = { ...at, text: 'The host goes on.' }
    this.crossed('return to the host', at)
    this.switched.boundary(HOST, WITH_CONTROL, step)
    this.hostTco = null
    if (hostTco === null || core.el !== 1 || hostTco.on === core.tco()) return
    const text = `The host goes on with PSTATE.TCO = ${core.tco() ? 1 : 0}, and not as it left it.`
    shared.findings.add('host-state-lost', 'PSTATE.TCO', HOST, null, [hostTco.step, { ...at, text }])
  }

  /** Mark RETURN of a VHE host. */
  private returned(): void {
    const at = this.here()
    this.crossed('return to the host', at)
    this.switched.boundary(HOST, PAIR, { ...at, text: 'The switch has returned to the host.' })
  }

  private crossed(boundary: 'return to the host' | 'entry to the guest', at: RawStep): void {
    const { registers, faults } = this.pe.pending()
    const names = new Set([...registers.map(({ register }) => register), ...this.switched.pending()])
    const late = new Set(faults.map(({ register }) => register))
    this.shared.boundaries.crossed(
      boundary,
      [
        ...[...names].map((register) => ({ register, fault: false })),
        ...[...late].map((register) => ({ register, fault: true })),
      ],
      at,
    )
  }

  contextEvent(): void {
    this.switched.synchronise()
    if (this.event) this.shared.boundaries.closed(false, this.event.text, this.event.at)
  }

  /** Before it is executed: what is pending that it closes. Those of guests are their own affair. */
  private barrier(kind: 'isb' | 'dsb'): void {
    const at = this.step('')
    this.event = { text: kind.toUpperCase(), at }
    if (this.who.owner() >= 0) return
    const { registers, faults } = this.pe.pending()
    const names =
      kind === 'dsb'
        ? faults.filter(({ state }) => state === 'pending').map(({ register }) => register)
        : [
            ...registers.map(({ register }) => register),
            ...this.switched.pending(),
            ...faults.filter(({ state }) => state === 'completed').map(({ register }) => register),
          ]
    this.shared.barriers.executed(kind, [...new Set(names)], at)
  }

  // ---- PSTATE.TCO of a VHE host ----

  private tcoWritten(): void {
    if (this.hostTco === null || this.core.el !== 2) return
    if (this.who.acts() !== 'switch' || this.core.tco() === this.hostTco.on) this.hostTco = null
  }

  /** An access of the host that would have been checked, and is not because the switch has left PSTATE.TCO set. */
  private hostAccess(touches: readonly Touch[]): void {
    const { core, hostTco } = this
    if (hostTco === null || hostTco.on === core.tco() || !core.hostExtensions) return
    if (this.who.switching || !touches.some(({ checked }) => checked)) return
    const controls = core.controls()
    if (!controls.tagAccess[1] || controls.tcf[1] === 0 || !(this.pe.mmu.flags & page.TAGGED)) return
    this.tcoLost('This access of the host is not checked,', core.tco(), this.step(''))
  }

  /** The host goes for a guest again, and PSTATE.TCO has not been its own in between. */
  private tcoOverdue(on: boolean, at: RawStep): void {
    if (this.hostTco?.back && this.hostTco.on !== on) this.tcoLost('The host has gone on', on, at)
  }

  private tcoLost(what: string, on: boolean, at: RawStep): void {
    const { on: had, step } = this.hostTco!
    const text = `${what} with PSTATE.TCO = ${on ? 1 : 0}, as the exit from the guest left it; the host had ${had ? 1 : 0}.`
    this.shared.findings.add('host-state-lost', 'PSTATE.TCO', HOST, null, [step, { ...at, text }])
    this.hostTco = null
  }

  // ---- asynchronous faults ----

  faultRaised(kind: FaultKind, begin: FaultBegin): void {
    this.raised++
    const executing = this.who.owner()
    const owner = executing === HOST && kind.register === 0 ? HOST_TASK : executing
    const whose =
      this.unprivileged && executing === HOST ? 'the host on behalf of its task' : ownerName(owner)
    const text = `An access of ${whose} mismatches; the fault is asynchronous.`
    this.faults = this.shared.ledger.raised(this.faults, owner, kind, begin, this.step(text))
  }

  faultsLeft(positions: readonly number[], end: FaultEnd): void {
    this.faults = this.shared.ledger.leftQueue(this.faults, positions, end, this.actor(), this.step(''))
    if (end === 'completed' && this.event) this.shared.boundaries.closed(true, this.event.text, this.event.at)
  }

  faultsRevealed(register: number, bits: bigint): void {
    this.faults = this.shared.ledger.revealed(this.faults, register, bits)
  }

  /** Whose doing an instruction is: nobody's where the switch acts. */
  private actor(): Owner {
    return this.who.acts() === 'switch' ? NOBODY : this.who.owner()
  }

  // ---- places ----

  private moment(): number {
    return Number(this.pe.views.clock[clock.INSTRUCTIONS]!) + this.pe.engine.executed() - 1
  }

  /** Where the instruction stands that is about to run. */
  private here(): RawStep {
    return { ...this.step(''), position: this.core.instructions, moment: this.moment() + 1, word: null }
  }

  /** Where the instruction under way stands. */
  private step(text: string): RawStep {
    const { core } = this
    return {
      pe: core.pe,
      position: core.instructions - 1,
      moment: this.moment(),
      pc: core.pc,
      el: core.el,
      word: core.word,
      text,
    }
  }
}

function isPlain(flow: Flow): boolean {
  const { loads, stores, tagLoads, tagStores, mrs, msr, tco, barrier, tagSource } = flow
  return (
    loads.length + stores.length + tagLoads.length + tagStores.length === 0 &&
    mrs === null &&
    msr === null &&
    tco === null &&
    barrier === null &&
    !tagSource
  )
}

function tagsOf({ granules, tag }: TagTouch, o: Machine): number[] {
  return tag === null ? [] : Array.from({ length: granules }, (_, i) => tag(o, i))
}

const doer = (owner: Owner, acts: string): string =>
  acts === 'switch' ? 'The switch' : acts === 'either' ? 'EL2' : capital(ownerName(owner))
