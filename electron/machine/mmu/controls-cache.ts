import type { Feature } from '../../../shared/arch/features.ts'
import { type Controls, HCR } from './controls.ts'
import { ContextNumbers, type ContextsState, controlsOf, controlSlots as slots } from './regimes.ts'

/** Words that decide the controls: of the EL1&0 regime, and of EL2 or EL2&0. What differs most often comes first. */
const sources = [
  [slots.vttbr, slots.ttbr01, slots.hcr, slots.sctlr1, slots.tcr1, slots.ttbr11, slots.mair1, slots.vtcr],
  [slots.hcr, slots.sctlr2, slots.ttbr02, slots.ttbr12, slots.tcr2, slots.mair2],
] as const
/** A world switch alternates between few sets of values; those of the latest ones are kept. */
const KEPT = 16

interface Known {
  words: Int32Array
  controls: Controls
}

/** The controls of one PE, built once for each set of register values and found again by comparing the values. */
export class ControlsCache {
  private readonly state: BigUint64Array
  /** The same words in halves: comparing these allocates nothing. */
  private readonly halves: Int32Array
  private readonly features: ReadonlySet<Feature>
  private readonly contexts = new ContextNumbers()
  private readonly known: readonly Known[][] = [[], []]

  constructor(state: BigUint64Array, features: ReadonlySet<Feature>) {
    this.state = state
    this.halves = new Int32Array(state.buffer, state.byteOffset, state.length * 2)
    this.features = features
  }

  /** The controls in force at an EL for the values that the registers have now. */
  of(el: number): Controls {
    const host = HCR.E2H | HCR.TGE
    const group = el === 2 || (el === 0 && (this.state[slots.hcr]! & host) === host) ? 1 : 0
    const known = this.known[group]!
    for (const entry of known) if (this.matches(sources[group], entry.words)) return entry.controls
    const words = Int32Array.from(
      sources[group].flatMap((slot) => [this.halves[slot * 2]!, this.halves[slot * 2 + 1]!]),
    )
    const controls = controlsOf(this.state, el, this.features, this.contexts)
    if (known.length === KEPT) known.shift()
    known.push({ words, controls })
    return controls
  }

  saveContexts(): ContextsState {
    return this.contexts.save()
  }

  restoreContexts(saved: ContextsState): void {
    this.contexts.restore(saved)
    for (const known of this.known) known.length = 0
  }

  private matches(words: readonly number[], kept: Int32Array): boolean {
    for (let i = 0; i < words.length; i++) {
      const at = words[i]! * 2
      if (this.halves[at] !== kept[i * 2] || this.halves[at + 1] !== kept[i * 2 + 1]) return false
    }
    return true
  }
}
