import { affinityValue } from '../../../../shared/arch/identification-values.ts'
import { signalPe, type Views } from '../../board/shared-memory.ts'
import type { InterruptInputs } from '../../cpu/interrupts.ts'
import { edgesOf, pendingOf, priorityOf } from './banks.ts'
import {
  BANKS,
  bankBase,
  bankWord,
  CONTROL,
  candidate,
  candidateIntid,
  FIRST_SPI,
  INTERRUPTS,
  LOCK,
  packAffinity,
  peState,
  privateBase,
  routeWord,
} from './layout.ts'
import type { Group } from './priorities.ts'

/** Tries for the lock before the thread sleeps for a millisecond. */
const SPINS = 1000

/**
 * Distributor and redistributors as a state machine: inputs, pending and active states, routing, and for each PE the most
 * urgent interrupt of each group. That pair of words is all that a CPU interface looks at; whoever changes it sets the
 * PE's ATTENTION. Every PE's worker has a controller of its own on the same words, which a lock guards.
 */
export class InterruptController implements InterruptInputs {
  readonly words: Int32Array
  readonly pes: number
  private readonly control: Int32Array
  /** Affinity of each PE, packed. */
  private readonly affinities: readonly number[]

  constructor({ gic, control, shared }: Pick<Views, 'gic' | 'control' | 'shared'>) {
    this.words = gic
    this.pes = shared.pes
    this.control = control
    this.affinities = Array.from({ length: shared.pes }, (_, pe) => {
      const value = affinityValue(pe)
      return packAffinity(Number(value & 0xff_ffffn), Number(value >> 32n))
    })
  }

  setPrivate(pe: number, intid: number, level: boolean): void {
    this.setLine(privateBase(pe), intid, level, pe)
  }

  setShared(intid: number, level: boolean): void {
    if (intid < FIRST_SPI || intid >= INTERRUPTS) throw new RangeError(`${intid} is not an SPI of the board`)
    this.setLine(bankBase(0, intid >>> 5), intid, level, -1)
  }

  /** @param pe owner of a private interrupt, -1 for a shared one */
  private setLine(bank: number, intid: number, level: boolean, pe: number): void {
    const { words } = this
    const at = bank + bankWord.LINE
    const bit = 1 << (intid & 31)
    // Most calls change nothing. One device drives a line, and in order, so the bit is what its last call left.
    if (((Atomics.load(words, at) & bit) !== 0) === level) return
    this.acquire()
    if (level) {
      Atomics.or(words, at, bit)
      words[bank + bankWord.LATCH]! |= edgesOf(words, bank, pe >= 0) & bit
    } else {
      Atomics.and(words, at, ~bit)
    }
    const target = pe >= 0 ? pe : this.target(intid)
    if (target >= 0) this.evaluate(target)
    this.release()
  }

  /** The PE that an SPI goes to by its GICD_IROUTER<n>, -1 where none has that affinity: it then stays pending. */
  target(spi: number): number {
    return this.peOf(this.words[routeWord(spi)]!)
  }

  /** Number of the PE with a packed affinity, or -1. */
  peOf(affinity: number): number {
    return this.affinities.indexOf(affinity)
  }

  affinityOf(pe: number): number {
    return this.affinities[pe]!
  }

  /** The most urgent interrupt of a group for a PE, enabled, pending and not active: a candidate of layout.ts, or 0. */
  best(pe: number, group: Group): number {
    return Atomics.load(this.words, privateBase(pe) + peState.BEST + group)
  }

  /** Makes an SGI pending at one PE if it is of this group there. */
  sendSgi(pe: number, intid: number, group: Group): void {
    const { words } = this
    const bank = privateBase(pe)
    const bit = 1 << intid
    this.acquire()
    if (((words[bank + bankWord.GROUP]! & bit) !== 0) === (group === 1)) {
      words[bank + bankWord.LATCH]! |= bit
      this.evaluate(pe)
    }
    this.release()
  }

  /**
   * Takes the most urgent interrupt of a group for acknowledgement, if `accept` still wants it: it becomes active, and is
   * no longer pending unless its level-sensitive input is up.
   * @returns the candidate that was taken, or 0
   */
  acknowledge(pe: number, group: Group, accept: (best: number) => boolean): number {
    this.acquire()
    const best = this.best(pe, group)
    const taken = best !== 0 && accept(best)
    if (taken) {
      const intid = candidateIntid(best)
      const bank = bankBase(pe, intid >>> 5)
      const bit = 1 << (intid & 31)
      this.words[bank + bankWord.ACTIVE]! |= bit
      this.words[bank + bankWord.LATCH]! &= ~bit
      this.evaluate(pe)
    }
    this.release()
    return taken ? best : 0
  }

  /** Ends the active state of an interrupt: a private one of this PE, or a shared one whoever acknowledged it. */
  deactivate(pe: number, intid: number): void {
    if (intid >= INTERRUPTS) return
    this.acquire()
    this.words[bankBase(pe, intid >>> 5) + bankWord.ACTIVE]! &= ~(1 << (intid & 31))
    const target = intid < FIRST_SPI ? pe : this.target(intid)
    if (target >= 0) this.evaluate(target)
    this.release()
  }

  /** Runs a change of the state under the lock, and evaluates what it means for one PE, or for all. */
  change<T>(work: () => T, pe = -1): T {
    this.acquire()
    const result = work()
    if (pe >= 0) this.evaluate(pe)
    else for (let each = 0; each < this.pes; each++) this.evaluate(each)
    this.release()
    return result
  }

  private acquire(): void {
    for (let tries = 0; Atomics.compareExchange(this.words, LOCK, 0, 1) !== 0; tries++) {
      // Another PE's worker changes the state, which takes it a microsecond unless its thread lost the processor.
      if (tries > SPINS) Atomics.wait(this.words, LOCK, 1, 1)
    }
  }

  private release(): void {
    Atomics.store(this.words, LOCK, 0)
  }

  /** Finds a PE's most urgent interrupts anew. Bank by bank only the candidates are looked at one by one. */
  private evaluate(pe: number): void {
    const { words } = this
    const enabled = words[CONTROL]!
    let best0 = 0
    let best1 = 0
    for (let number = 0; number < BANKS && enabled !== 0; number++) {
      const bank = bankBase(pe, number)
      const groups = words[bank + bankWord.GROUP]!
      let left =
        pendingOf(words, bank, number === 0) &
        words[bank + bankWord.ENABLE]! &
        ~words[bank + bankWord.ACTIVE]! &
        ((enabled & 1 ? ~groups : 0) | (enabled & 2 ? groups : 0))
      while (left !== 0) {
        const bit = 31 - Math.clz32(left & -left)
        left &= left - 1
        const intid = number * 32 + bit
        if (number > 0 && words[routeWord(intid)] !== this.affinities[pe]) continue
        const found = candidate(priorityOf(words, bank, bit), intid)
        if (groups & (1 << bit)) best1 = best1 === 0 ? found : Math.min(best1, found)
        else best0 = best0 === 0 ? found : Math.min(best0, found)
      }
    }
    const at = privateBase(pe) + peState.BEST
    if (words[at] === best0 && words[at + 1] === best1) return
    Atomics.store(words, at, best0)
    Atomics.store(words, at + 1, best1)
    signalPe(this.control, pe)
  }
}
