import type { Feature } from '../../../shared/arch/features.ts'
import { effectiveSlotOf } from '../cpu/layout.ts'
import { tagCheckMode } from '../sync/tag-controls.ts'

/** HCR_EL2 fields that the machine acts on, as masks. */
export const HCR = {
  VM: 1n << 0n,
  PTW: 1n << 2n,
  DC: 1n << 12n,
  TSC: 1n << 19n,
  TGE: 1n << 27n,
  HCD: 1n << 29n,
  E2H: 1n << 34n,
  ATA: 1n << 56n,
  DCT: 1n << 57n,
  TWI: 1n << 13n,
  TWE: 1n << 14n,
} as const

/** What one half of the address space of a regime says: TTBR0's half, or TTBR1's (bit 55 set). */
export interface Half {
  ttbr: bigint
  /** TxSZ: the half covers 2^(64 - size) bytes. */
  size: number
  walkDisabled: boolean
  topByteIgnored: boolean
  /** TBID: the top byte counts for instruction fetches although TBI is set. */
  topByteIgnoredForCode: boolean
  /** TCMA: logical tag all-zeros (half 0) or all-ones (half 1) is not checked. */
  canonicalUnchecked: boolean
}

/**
 * Everything of a translation regime that an access needs, derived from the effective values of its control registers.
 * The hot paths read only this.
 */
export interface Controls {
  regime: 'EL1&0' | 'EL2' | 'EL2&0'
  /** Same number for the same contents of all registers that decide a translation: the TLB's context. */
  context: number
  halves: readonly [Half, Half | null]
  mmuOn: boolean
  stage2On: boolean
  /** HCR_EL2.DC: with the stage 1 MMU off, memory is Normal; DCT makes it Tagged. */
  defaultCacheable: boolean
  defaultTagged: boolean
  mair: bigint
  writeNeverExecute: boolean
  physicalSize: number
  alignmentCheck: boolean
  /** SP alignment check and tag-check settings, index 0 for EL0 and unprivileged, 1 for the privileged level. */
  spCheck: readonly [boolean, boolean]
  tagAccess: readonly [boolean, boolean]
  tcf: readonly [number, number]
  vttbr: bigint
  vtcr: bigint
  walkProtected: boolean
}

const field = (value: bigint, low: number, width: number): number =>
  Number((value >> BigInt(low)) & ((1n << BigInt(width)) - 1n))
const set = (value: bigint, bit: number): boolean => ((value >> BigInt(bit)) & 1n) !== 0n

const slots = {
  hcr: effectiveSlotOf('HCR_EL2'),
  vttbr: effectiveSlotOf('VTTBR_EL2'),
  vtcr: effectiveSlotOf('VTCR_EL2'),
  sctlr1: effectiveSlotOf('SCTLR_EL1'),
  tcr1: effectiveSlotOf('TCR_EL1'),
  mair1: effectiveSlotOf('MAIR_EL1'),
  ttbr01: effectiveSlotOf('TTBR0_EL1'),
  ttbr11: effectiveSlotOf('TTBR1_EL1'),
  sctlr2: effectiveSlotOf('SCTLR_EL2'),
  tcr2: effectiveSlotOf('TCR_EL2'),
  mair2: effectiveSlotOf('MAIR_EL2'),
  ttbr02: effectiveSlotOf('TTBR0_EL2'),
  ttbr12: effectiveSlotOf('TTBR1_EL2'),
}

/** Physical address size in bits by TCR_ELx.(I)PS or VTCR_EL2.PS; the implemented maximum is 40 (PARange 2). */
const physicalSizes = [32, 36, 40, 40, 40, 40, 40, 40]

/** The numbers that entries of the TLB refer to: a PE's part of a snapshot. */
export interface ContextsState {
  last: number
  byContents: [string, number][]
}

/** Numbers the distinct contents of the control registers, so that the TLB can tell entries of different contexts apart. */
class ContextNumbers {
  private byContents = new Map<string, number>()
  private last = 0

  save(): ContextsState {
    return { last: this.last, byContents: [...this.byContents] }
  }

  restore(saved: ContextsState): void {
    this.last = saved.last
    this.byContents = new Map(saved.byContents)
  }

  number(contents: readonly bigint[]): number {
    const key = contents.join()
    let number = this.byContents.get(key)
    if (number === undefined) {
      // A guest that writes ever new values must not grow the table without bound; numbers are never reused.
      if (this.byContents.size >= 4096) this.byContents.clear()
      number = ++this.last
      this.byContents.set(key, number)
    }
    return number
  }
}

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

function twoHalves(tcr: bigint, ttbr0: bigint, ttbr1: bigint, mte: boolean): readonly [Half, Half] {
  return [
    {
      ttbr: ttbr0,
      size: field(tcr, 0, 6),
      walkDisabled: set(tcr, 7),
      topByteIgnored: set(tcr, 37),
      topByteIgnoredForCode: set(tcr, 37) && !set(tcr, 51),
      canonicalUnchecked: mte && set(tcr, 57),
    },
    {
      ttbr: ttbr1,
      size: field(tcr, 16, 6),
      walkDisabled: set(tcr, 23),
      topByteIgnored: set(tcr, 38),
      topByteIgnoredForCode: set(tcr, 38) && !set(tcr, 52),
      canonicalUnchecked: mte && set(tcr, 58),
    },
  ]
}

/** The controls of the regime that EL0 and EL1 use: EL1&0, or EL2&0 for EL0 of a VHE host. */
function controlsOf(
  state: BigUint64Array,
  el: number,
  features: ReadonlySet<Feature>,
  contexts: ContextNumbers,
): Controls {
  const hcr = state[slots.hcr]!
  const e2h = (hcr & HCR.E2H) !== 0n
  const tge = (hcr & HCR.TGE) !== 0n
  const mte2 = features.has('FEAT_MTE2')
  const twoRangeEl2 = e2h && (el === 2 || (el === 0 && tge))
  if (el === 2 || twoRangeEl2) {
    const sctlr = state[slots.sctlr2]!
    const tcr = state[slots.tcr2]!
    const ttbr0 = state[slots.ttbr02]!
    const ttbr1 = e2h ? state[slots.ttbr12]! : 0n
    const mair = state[slots.mair2]!
    const ata = mte2 && set(sctlr, 43)
    const halves: Controls['halves'] = e2h
      ? twoHalves(tcr, ttbr0, ttbr1, mte2)
      : [
          {
            ttbr: ttbr0,
            size: field(tcr, 0, 6),
            walkDisabled: false,
            topByteIgnored: set(tcr, 20),
            topByteIgnoredForCode: set(tcr, 20) && !set(tcr, 29),
            canonicalUnchecked: mte2 && set(tcr, 30),
          },
          null,
        ]
    return {
      regime: e2h ? 'EL2&0' : 'EL2',
      context: contexts.number([2n, sctlr, tcr, ttbr0, ttbr1, mair, hcr & (HCR.E2H | HCR.TGE)]),
      halves,
      mmuOn: set(sctlr, 0),
      stage2On: false,
      defaultCacheable: false,
      defaultTagged: false,
      mair,
      writeNeverExecute: set(sctlr, 19),
      physicalSize: physicalSizes[field(tcr, e2h ? 32 : 16, 3)]!,
      alignmentCheck: set(sctlr, 1),
      spCheck: [e2h && set(sctlr, 4), set(sctlr, 3)],
      tagAccess: [mte2 && e2h && set(sctlr, 42), ata],
      tcf: mte2
        ? [e2h ? tagCheckMode(field(sctlr, 38, 2), features) : 0, tagCheckMode(field(sctlr, 40, 2), features)]
        : [0, 0],
      vttbr: 0n,
      vtcr: 0n,
      walkProtected: false,
    }
  }
  const sctlr = state[slots.sctlr1]!
  const tcr = state[slots.tcr1]!
  const ttbr0 = state[slots.ttbr01]!
  const ttbr1 = state[slots.ttbr11]!
  const mair = state[slots.mair1]!
  const vttbr = state[slots.vttbr]!
  const vtcr = state[slots.vtcr]!
  const ata = mte2 && (hcr & HCR.ATA) !== 0n
  const dc = (hcr & HCR.DC) !== 0n && !(e2h && tge)
  // HCR_EL2.TGE makes the EL1&0 stage 1 MMU behave as off, DC as well (DDI 0487, HCR_EL2.TGE and DC).
  const mmuOn = set(sctlr, 0) && !tge && !dc
  const stage2On = ((hcr & HCR.VM) !== 0n || dc) && !(e2h && tge)
  return {
    regime: 'EL1&0',
    context: contexts.number([
      1n,
      sctlr,
      tcr,
      ttbr0,
      ttbr1,
      mair,
      hcr & (HCR.VM | HCR.DC | HCR.DCT | HCR.PTW | HCR.E2H | HCR.TGE),
      stage2On ? vttbr : 0n,
      stage2On ? vtcr : 0n,
    ]),
    halves: twoHalves(tcr, ttbr0, ttbr1, mte2),
    mmuOn,
    stage2On,
    defaultCacheable: dc,
    defaultTagged: dc && (hcr & HCR.DCT) !== 0n && mte2,
    mair,
    writeNeverExecute: set(sctlr, 19),
    physicalSize: physicalSizes[field(tcr, 32, 3)]!,
    alignmentCheck: set(sctlr, 1),
    spCheck: [set(sctlr, 4), set(sctlr, 3)],
    tagAccess: [ata && set(sctlr, 42), ata && set(sctlr, 43)],
    tcf: mte2
      ? [tagCheckMode(field(sctlr, 38, 2), features), tagCheckMode(field(sctlr, 40, 2), features)]
      : [0, 0],
    vttbr,
    vtcr,
    walkProtected: (hcr & HCR.PTW) !== 0n,
  }
}
