import { lateRegisters } from '../../../shared/arch/synchronisation.ts'
import type { Sysreg } from '../../../shared/arch/sysreg.ts'
import { sysregs } from '../../../shared/arch/sysregs.ts'
import { effectiveSlotOf, hasStorage, slotOf } from '../cpu/layout.ts'
import type { Observer } from '../observe/observer.ts'
import type { Chooser } from './chooser.ts'
import { ALIAS, type PendingWrite, PendingWrites } from './pending-writes.ts'

export const SLOTS = lateRegisters.map(({ name }) => slotOf(name))
export const EFFECTIVE = lateRegisters.map(({ name }) => effectiveSlotOf(name))
const MASKS = lateRegisters.map(({ mask }) => mask)

/** Registers that more than one name reaches while HCR_EL2.E2H is 1. */
export const aliased: readonly string[] = [
  ...new Set(
    Object.entries<Sysreg>(sysregs).flatMap(([name, row]) =>
      row.e2h ? [name, row.e2h] : row.alias ? [row.alias] : [],
    ),
  ),
].filter(hasStorage)
const ALIASED_SLOTS = aliased.map(slotOf)

/**
 * Direct writes that readers may see late. A register's effective word is the oldest value that its next indirect use may
 * still take; the list holds the newer ones in order. A use takes one of them, and none older is used again.
 */
export class LateWrites {
  private readonly state: BigUint64Array
  private readonly list: PendingWrites
  private readonly chooser: Chooser
  private readonly now: () => number
  private readonly recorder: Observer
  private readonly onArrival: () => void

  /** @param onArrival called when effective words changed */
  constructor(
    state: BigUint64Array,
    chooser: Chooser,
    now: () => number,
    recorder: Observer,
    onArrival: () => void,
  ) {
    this.state = state
    this.onArrival = onArrival
    this.list = new PendingWrites(state)
    this.chooser = chooser
    this.now = now
    this.recorder = recorder
  }

  /** A direct write; the architectural word holds it already. @param register number in lateRegisters */
  write(register: number): void {
    const { state } = this
    const mask = MASKS[register]!
    const effective = EFFECTIVE[register]!
    const value = state[SLOTS[register]!]! & mask
    const newest = this.of(register).at(-1)?.value ?? state[effective]! & mask
    state[effective] = (state[SLOTS[register]!]! & ~mask) | (state[effective]! & mask)
    if (value !== newest) this.push({ register, value, name: 0, due: this.due() })
  }

  /** The newest value is certain for every later use: what IRG does to RGSR_EL1. */
  supersede(register: number): void {
    const { state } = this
    state[EFFECTIVE[register]!] = state[SLOTS[register]!]!
    if (this.list.length > 0)
      this.list.set(this.list.entries().filter((write) => write.register !== register))
  }

  /**
   * An indirect use: which of the values that the register may have is used.
   * The effective word then holds the one that is.
   * @param keyOf what the use takes from a whole value; values of equal key are one alternative, the oldest of them
   */
  use(register: number, keyOf: (value: bigint) => bigint): void {
    this.settle(register)
    const writes = this.of(register)
    if (writes.length === 0) return
    const mask = MASKS[register]!
    const effective = this.state[EFFECTIVE[register]!]!
    const keys = [keyOf(effective), ...writes.map(({ value }) => keyOf((effective & ~mask) | value))]
    if (keys.every((key) => key === keys[0])) return
    const chosen = this.chooser.choose({
      kind: 'write-used',
      register: lateRegisters[register]!.name,
      keys,
      instruction: this.now(),
    })
    if (chosen > 0) this.advance(register, chosen)
  }

  /** Whether a pending value of a register, put into its effective word, passes a test. */
  anyOther(register: number, test: (value: bigint) => boolean): boolean {
    const other = this.state[EFFECTIVE[register]!]! & ~MASKS[register]!
    return this.of(register).some(({ value }) => test(other | value))
  }

  /** Everything is certain from here on. */
  synchronise(): void {
    const { state } = this
    for (const [register, { name }] of lateRegisters.entries()) {
      const effective = EFFECTIVE[register]!
      const value = state[SLOTS[register]!]!
      if (state[effective] === value) continue
      state[effective] = value
      this.recorder.touch(name, 'synchronised')
    }
    this.list.set([])
    this.onArrival()
  }

  /** Notes that a register of several names is about to be written by one of them. */
  writeByName(slot: number, name: number): void {
    const alias = ALIASED_SLOTS.indexOf(slot)
    if (alias >= 0) this.push({ register: ALIAS + alias, value: this.state[slot]!, name, due: this.due() })
  }

  /** What a direct read by a name returns: program order holds for the same name only. */
  readByName(slot: number, name: number): bigint {
    const alias = ALIASED_SLOTS.indexOf(slot)
    if (alias < 0) return this.state[slot]!
    const register = ALIAS + alias
    const now = this.now()
    this.drop(register, this.of(register).findLastIndex(({ due }) => due <= now) + 1)
    const writes = this.of(register)
    const own = writes.findLastIndex((write) => write.name === name) + 1
    const values = [...writes.slice(own).map(({ value }) => value), this.state[slot]!]
    if (values.every((value) => value === values[0])) return this.state[slot]!
    const chosen = this.chooser.choose({
      kind: 'alias-read',
      register: aliased[alias]!,
      keys: values,
      instruction: now,
    })
    this.drop(register, own + chosen)
    return values[chosen]!
  }

  /** Every write is seen by every name from here on. */
  settleNames(): void {
    this.list.set(this.list.entries().filter(({ register }) => register < ALIAS))
  }

  private due(): number {
    return this.now() + this.chooser.delay()
  }

  private of(register: number): PendingWrite[] {
    return this.list.entries().filter((write) => write.register === register)
  }

  private push(write: PendingWrite): void {
    if (this.list.full()) {
      this.chooser.overflow()
      const oldest = this.list.entries()[0]!
      if (oldest.register < ALIAS) this.advance(oldest.register, 1)
      else this.drop(oldest.register, 1)
    }
    this.list.push(write)
  }

  /** Lets arrive what is due. */
  private settle(register: number): void {
    const now = this.now()
    const arrived = this.of(register).findLastIndex(({ due }) => due <= now) + 1
    if (arrived > 0) this.advance(register, arrived)
  }

  /** The first `count` pending writes of a register have arrived. */
  private advance(register: number, count: number): void {
    const mask = MASKS[register]!
    const effective = EFFECTIVE[register]!
    const { value } = this.of(register)[count - 1]!
    this.state[effective] = (this.state[effective]! & ~mask) | value
    this.drop(register, count)
    this.recorder.touch(lateRegisters[register]!.name, 'synchronised')
    this.onArrival()
  }

  private drop(register: number, count: number): void {
    if (count === 0) return
    let left = count
    this.list.set(this.list.entries().filter((write) => write.register !== register || left-- <= 0))
  }
}
