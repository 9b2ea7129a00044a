import { RAM_BASE } from '../board/map.ts'
import type { Pe } from '../board/pe.ts'
import type { Flow, Source, Touch } from './flow.ts'
import type { Carried } from './identity.ts'
import type { Place } from './place.ts'
import type { Shared } from './shared.ts'
import { NOBODY, ownerName } from './steps.ts'
import { capital } from './switched.ts'
import type { Who } from './who.ts'

export interface ValuesState {
  readonly carried: readonly (Carried | null)[]
  readonly live: number
  readonly fresh: number
}

/** What is told of a value on its way. */
export interface ValueListener {
  /** Something is done with it other than moving it. */
  looked(carried: Carried): void
  /** The host or the switch has stored it to memory. */
  kept(carried: Carried): void
}

/** The general registers of one PE, and memory: which of the values that were read from system registers lie where. */
export class Values {
  private readonly pe: Pe
  private readonly shared: Shared
  private readonly who: Who
  private readonly place: Place
  private readonly listener: ValueListener
  private carried: (Carried | null)[] = Array.from({ length: 31 }, () => null)
  /** Bit n: Xn carries something. */
  private live = 0
  /** Bit n: Xn holds what was loaded from memory, and nobody is known to have stored it there. */
  private fresh = 0
  private loaded: (Carried | null)[] = []

  constructor(pe: Pe, shared: Shared, who: Who, place: Place, listener: ValueListener) {
    this.pe = pe
    this.shared = shared
    this.who = who
    this.place = place
    this.listener = listener
  }

  save(): ValuesState {
    return { carried: [...this.carried], live: this.live, fresh: this.fresh }
  }

  restore(saved: ValuesState): void {
    this.carried = [...saved.carried]
    this.live = saved.live
    this.fresh = saved.fresh
  }

  /** What a value carries, and whether it came from memory without that. */
  of(source: Source): { carried: Carried | null; brought: boolean } {
    if (source?.kind !== 'register') return { carried: null, brought: false }
    return { carried: this.carried[source.n]!, brought: ((this.fresh >> source.n) & 1) === 1 }
  }

  /** After an instruction that touches neither memory nor system registers. @param any registers that it reads or writes */
  computed(flow: Flow, any: number): void {
    if (this.live & any) this.registers(flow, null)
    this.fresh &= ~flow.writes
  }

  /** Before `store` and `registers` of the same instruction. */
  load({ bytes, elements }: Touch, address: bigint): void {
    for (let i = 0; i < elements; i++) this.loaded.push(bytes === 8 ? this.loadedFrom(address, i) : null)
  }

  private loadedFrom(address: bigint, i: number): Carried | null {
    const { memory, slots } = this.shared
    if (memory.size === 0) return null
    const at = this.pe.mmu.lastAt(address + BigInt(i * 8))
    const carried = at >= 0 && at % 8 === 0 ? (memory.get(at / 8) ?? null) : null
    if (carried?.saved) slots.loaded(carried.register, carried.saved)
    return carried
  }

  store({ bytes, elements, sources }: Touch, address: bigint): void {
    const { memory } = this.shared
    const moving = sources.some((source) => this.of(source).carried !== null)
    if (memory.size === 0 && !moving) return
    for (let i = 0; i < elements; i++) {
      const at = this.pe.mmu.lastAt(address + BigInt(i * bytes))
      if (at < 0) continue
      const { carried } = this.of(sources[i] ?? null)
      if (carried !== null && at % 8 === 0) this.stored(carried, at)
      else for (let word = Math.floor(at / 8); word * 8 < at + bytes; word++) this.overwritten(word)
    }
  }

  private stored(carried: Carried, at: number): void {
    const { memory, slots } = this.shared
    const keeps = carried.read !== null && this.who.owner() < 0
    const saved = keeps ? this.place.step(`Saves ${carried.register}.`) : null
    memory.set(at / 8, saved ? { ...carried, saved } : carried)
    if (saved === null) return
    slots.saved(carried.register, RAM_BASE + at, saved)
    this.listener.kept(carried)
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
    const step = this.place.step(
      `${capital(ownerName(this.who.owner()))} gives another value for ${old.register}.`,
    )
    const token = { register: old.register, owner: NOBODY, what: 'set', step } as const
    memory.set(word, { ...old, token, bits: null, read: null, saved: null, pending: null })
  }

  /**
   * Values move between general registers; what is computed from one ends it, and is a look at it.
   * @param read what the instruction's MRS gives
   */
  registers(flow: Flow, read: Carried | null): void {
    for (let n = 0, uses = flow.uses & this.live; uses !== 0; n++, uses >>>= 1) if (uses & 1) this.looked(n)
    const values = flow.moves.map(({ from }) => this.valueOf(from, read))
    for (let n = 0, writes = flow.writes; writes !== 0; n++, writes >>>= 1) {
      if (writes & 1) this.carried[n] = null
    }
    this.live &= ~flow.writes
    this.fresh &= ~flow.writes
    for (const [i, { to, from }] of flow.moves.entries()) {
      const value = values[i]!
      this.carried[to] = value
      if (value) this.live |= 1 << to
      else if (from.kind === 'loaded' && !flow.literal) this.fresh |= 1 << to
    }
    if (this.loaded.length > 0) this.loaded = []
  }

  private valueOf(source: Source, read: Carried | null): Carried | null {
    if (source?.kind === 'loaded') return this.loaded[source.n] ?? null
    return source?.kind === 'system register' ? read : this.of(source).carried
  }

  private looked(n: number): void {
    const carried = this.carried[n]
    if (!carried?.pending) return
    this.carried[n] = { ...carried, pending: null }
    this.listener.looked(carried)
  }
}
