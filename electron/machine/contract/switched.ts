import { pauth } from '../../../shared/arch/sysregs/pauth.ts'
import type { Owner } from '../../../shared/model/trace.ts'
import { UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import type { Core } from '../cpu/core.ts'
import { effectiveSlotOf, slotOf } from '../cpu/layout.ts'
import type { Findings } from './findings.ts'
import { type Carried, placeOf, sideOf, type Token } from './identity.ts'
import { NOBODY, ownerName, type RawStep } from './steps.ts'
import type { Acts } from './who.ts'

/** Keys of pointer authentication, 64 bits each. */
export type KeyRegister = keyof typeof pauth
export const keyRegisters = Object.keys(pauth) as KeyRegister[]

/** Registers of which every owner has its own value in one copy per PE, and which a switch has to change places in. */
export type SwitchedName = 'RGSR_EL1' | 'GCR_EL1' | 'SCTLR_EL1' | KeyRegister
const switchedNames: readonly SwitchedName[] = ['RGSR_EL1', 'GCR_EL1', 'SCTLR_EL1', ...keyRegisters]

export const isSwitched = (name: string): name is SwitchedName =>
  (switchedNames as readonly string[]).includes(name)

const isKey = (name: SwitchedName): boolean => name in pauth

/** One write that a register holds, or that a use may still see. */
export interface Held {
  readonly token: Token
  readonly value: bigint
  /** Who put it there: its owner, or the switch. */
  readonly by: Acts
  readonly step: RawStep | null
  /** Where the value was saved before, when the switch brought it back. */
  readonly saved: RawStep | null
  /** Its value lies in memory by now: what is written next may be somebody else's. */
  readonly kept: boolean
  /** The side that the switch put it there for: a boundary to that side came next. null: none yet, or not by the switch. */
  readonly given: Owner | null
}

/** What the owners have left. Shared by all PEs: a vCPU moves between them. */
export interface Ghosts {
  /** By place and register. */
  left: Map<number, ReadonlyMap<SwitchedName, Token>>
  /** Writes of nobody that an owner has taken for its own, and what they are since then. */
  adopted: Map<Token, Token>
}

/** The writes that a use may see, oldest first; the last is what MRS returns. Of the registers that the PE has. */
export type Chains = Readonly<Partial<Record<SwitchedName, readonly Held[]>>>

export interface SwitchedState {
  readonly chains: Chains
  readonly exit: RawStep | null
}

/**
 * RGSR_EL1, GCR_EL1, SCTLR_EL1 and the keys of one PE by identity: whether each owner finds its own write at the boundary back to it,
 * and whose write decides a tag, or signs a pointer.
 */
export class SwitchedRegisters {
  private readonly core: Core
  private readonly ghosts: Ghosts
  private readonly findings: Findings
  private readonly names: readonly SwitchedName[]
  private chains: Partial<Record<SwitchedName, readonly Held[]>>
  /** Where a guest left this PE last. */
  exit: RawStep | null = null
  /** Uses of a register while a newer write of it was pending. */
  uses = 0
  /** Writes that were not certain for every reader at once. */
  late = 0

  constructor(core: Core, ghosts: Ghosts, findings: Findings) {
    this.core = core
    this.ghosts = ghosts
    this.findings = findings
    const initial = (register: SwitchedName): Held[] => [
      {
        token: { register, owner: NOBODY, what: 'initial', step: null },
        value: core.state[slotOf(register)]!,
        by: 'self',
        step: null,
        saved: null,
        kept: false,
        given: null,
      },
    ]
    const keys = core.features.has('FEAT_PAuth')
    this.names = switchedNames.filter((name) => keys || !isKey(name))
    this.chains = Object.fromEntries(this.names.map((name) => [name, initial(name)]))
  }

  save(): SwitchedState {
    return { chains: { ...this.chains }, exit: this.exit }
  }

  restore(saved: SwitchedState): void {
    this.chains = { ...saved.chains }
    this.exit = saved.exit
  }

  /** What is found of the host has to do with the last exit to it. */
  private exitFor(owner: Owner): RawStep | null {
    return owner < 0 ? this.exit : null
  }

  private chain(name: SwitchedName): readonly Held[] {
    return this.chains[name]!
  }

  held(name: SwitchedName): Held {
    return this.chain(name).at(-1)!
  }

  /** Registers with writes that are not certain for every use. */
  pending(): SwitchedName[] {
    return this.names.filter((name) => this.chain(name).length > 1)
  }

  ghost(owner: Owner, name: SwitchedName): Token | null {
    return this.ghosts.left.get(placeOf(owner, this.core.pe))?.get(name) ?? null
  }

  private leave(owner: Owner, name: SwitchedName, token: Token): void {
    const place = placeOf(owner, this.core.pe)
    const { left } = this.ghosts
    left.set(place, new Map(left.get(place)).set(name, token))
  }

  /** What MRS reads was stored to memory. */
  kept(name: SwitchedName): void {
    const chain = this.chain(name)
    const held = chain.at(-1)!
    if (!held.kept) this.chains[name] = [...chain.slice(0, -1), { ...held, kept: true }]
  }

  /**
   * An MSR.
   * @param by what Xt held, when it came from a register unchanged; `brought`: it was loaded from memory, and nobody is known to
   * have stored it; `foreign`: the name is that of a guest's register, written by the host, so the value is given to the guest
   */
  write(
    name: SwitchedName,
    owner: Owner,
    acts: Acts,
    by: { carried: Carried | null; brought: boolean; foreign: boolean },
    step: RawStep,
  ): void {
    const { carried, foreign } = by
    const chain = this.chain(name)
    const same = carried?.register === name ? carried : null
    // Code that may be either the switch's or the host's brings another's value where it has saved the old one.
    // What the host reads and puts back, without memory in between or at EL1, it does for itself.
    const putBack =
      same?.token != null &&
      sideOf(same.token.owner) === sideOf(owner) &&
      (same.saved === null || this.core.el === 1)
    const brings =
      acts === 'switch' ||
      (acts === 'either' && !putBack && (same !== null || chain.at(-1)!.kept || (by.foreign && by.brought)))
    let token: Token
    if (same?.token) token = this.ghosts.adopted.get(same.token) ?? same.token
    else if (foreign && !brings) token = { register: name, owner: NOBODY, what: 'set', step }
    else token = { register: name, owner: brings ? NOBODY : owner, what: 'write', step }
    const held: Held = {
      token,
      value: this.core.state[slotOf(name)]!,
      by: brings ? 'switch' : 'self',
      step,
      saved: same?.saved ?? null,
      kept: false,
      given: null,
    }
    const immediate = this.core.sync.immediate(slotOf(name))
    if (!immediate) this.late++
    this.chains[name] = immediate ? [held] : [...chain, held]
    if (!brings && !foreign) this.leave(owner, name, token)
  }

  /** A context synchronisation event. @param closes told of each write that it makes certain */
  synchronise(closes: (name: SwitchedName, write: RawStep) => void): void {
    for (const name of this.names) {
      const chain = this.chain(name)
      if (chain.length === 1) continue
      for (const { step } of chain.slice(1)) if (step) closes(name, step)
      this.chains[name] = [chain.at(-1)!]
    }
  }

  /** A boundary back to an owner: what it left must be there. A value that nobody is known to have left becomes its own. */
  boundary(owner: Owner, names: readonly SwitchedName[], at: RawStep): void {
    if (owner === UNKNOWN_OWNER) {
      this.findings.unknownOwner = true
      return
    }
    for (const name of names) {
      const chain = this.chain(name)
      const held = chain.at(-1)!
      if (held.by === 'switch' && held.given === null)
        this.chains[name] = [...chain.slice(0, -1), { ...held, given: sideOf(owner) }]
      this.judge(owner, name, held, this.ghost(owner, name), at)
    }
  }

  /** What an owner finds in a register of its own, against what it left. */
  judge(owner: Owner, name: SwitchedName, held: Held, ghost: Token | null, at: RawStep): void {
    const { token } = held
    if (ghost === null || token.what === 'set') {
      if (token.owner === NOBODY) this.adopt(owner, name, token)
      return
    }
    if (token === ghost) return
    this.lost(owner, name, held.token, ghost, [held.saved, held.step], at)
  }

  lost(
    owner: Owner,
    name: SwitchedName,
    token: Token,
    ghost: Token,
    way: readonly (RawStep | null)[],
    at: RawStep,
  ): void {
    const kind = owner >= 0 ? 'guest-state-lost' : 'host-state-lost'
    const other = sideOf(token.owner) === sideOf(owner) ? null : token.owner
    const found =
      other === null
        ? 'an older value of its own'
        : other === NOBODY
          ? 'a value that nobody is known to have left'
          : `what ${ownerName(other)} left`
    const text = `${capital(ownerName(owner))} goes on with ${found} in ${name}.`
    this.findings.add(kind, name, owner, other, [
      ghost.step,
      token.step,
      this.exitFor(owner),
      ...way,
      { ...at, text },
    ])
  }

  private adopt(owner: Owner, name: SwitchedName, token: Token): void {
    const own: Token = { ...token, owner, what: 'write' }
    this.ghosts.adopted.set(token, own)
    this.leave(owner, name, own)
    this.chains[name] = this.chain(name).map((held) =>
      held.token === token ? { ...held, token: own } : held,
    )
  }

  /** Which write an instruction used: the oldest that may be seen and has the value that it used. None older is used again. */
  private used(name: SwitchedName): Held {
    const chain = this.chain(name)
    if (chain.length === 1) return chain[0]!
    this.uses++
    const value = this.core.state[effectiveSlotOf(name)]!
    const at = chain.findIndex((held) => held.value === value)
    const left = chain.slice(Math.max(at, 0))
    this.chains[name] = left
    return left[0]!
  }

  /**
   * A tag is decided by a register, or a pointer signed by a key: by its owner's own write, and by the one that MRS returns.
   * Where the switch has given an owner a wrong value, that is state lost, and what follows from it is not found again; foreign
   * is what was never switched. A foreign key is no source of tags: its owner finds it lost.
   * @param boundary whether the owner may not have met its boundary yet: at EL2 without marks the first use is it
   */
  use(name: SwitchedName, owner: Owner, boundary: boolean, at: RawStep): void {
    if (owner === UNKNOWN_OWNER) {
      this.findings.unknownOwner = true
      return
    }
    const held = this.held(name)
    if (boundary) this.judge(owner, name, held, this.ghost(owner, name), at)
    const used = this.used(name)
    const own = this.held(name)
    const foreign = (token: Token): boolean => token.owner !== NOBODY && sideOf(token.owner) !== sideOf(owner)
    if (foreign(own.token) && (own.given === sideOf(owner) || isKey(name))) return
    if (foreign(own.token)) {
      const text = `${capital(ownerName(owner))} chooses a tag by ${name} of ${ownerName(own.token.owner)}.`
      this.findings.add('foreign-tag-source', name, owner, own.token.owner, [
        own.token.step,
        this.exitFor(owner),
        own.saved,
        own.step,
        { ...at, text },
      ])
    } else if (used.token !== own.token && (foreign(used.token) || own.by === 'switch')) {
      const kind = owner >= 0 ? 'unsynchronised-guest-state' : 'unsynchronised-host-state'
      const text =
        `${capital(ownerName(owner))} ${isKey(name) ? 'signs or authenticates' : 'chooses a tag'} by ${name} of ${ownerName(used.token.owner)}: ` +
        'no context synchronisation event stands between the write of its own value and this use.'
      this.findings.add(kind, name, owner, used.token.owner, [
        used.token.step,
        used.step,
        this.exitFor(owner),
        own.token.step,
        own.saved,
        own.step,
        { ...at, text },
      ])
    }
  }

  /** IRG has moved RGSR_EL1: ordered with everything, and whoever draws leaves it so. */
  drew(owner: Owner, acts: Acts, step: RawStep): void {
    const before = this.held('RGSR_EL1')
    const ghost = this.ghost(owner, 'RGSR_EL1')
    const token: Token = { register: 'RGSR_EL1', owner, what: 'draw', step }
    const value = this.core.state[slotOf('RGSR_EL1')]!
    this.chains.RGSR_EL1 = [{ token, value, by: 'self', step, saved: null, kept: false, given: null }]
    if (acts !== 'switch' || ghost === null || ghost === before.token) this.leave(owner, 'RGSR_EL1', token)
  }
}

/** As the beginning of a sentence; vCPU is spelt so everywhere. */
export const capital = (text: string): string =>
  text.startsWith('vCPU') ? text : text.charAt(0).toUpperCase() + text.slice(1)
