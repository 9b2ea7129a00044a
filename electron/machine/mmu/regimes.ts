import type { Feature } from '../../../shared/arch/features.ts'
import { effectiveSlotOf } from '../cpu/layout.ts'
import { tagCheckMode } from '../sync/tag-controls.ts'
import { memoryTypes } from './attributes.ts'
import { type Controls, type Half, HCR, type Stage2 } from './controls.ts'
import {
  addressBits,
  baseOf,
  consistent2,
  type Granule,
  granule0,
  granule1,
  IMPLEMENTED_SIZE,
  inputSizeOf,
  startLevel1,
  startLevel2,
  type TableWalk,
} from './granule.ts'

const field = (value: bigint, low: number, width: number): number =>
  Number((value >> BigInt(low)) & ((1n << BigInt(width)) - 1n))
const set = (value: bigint, bit: number): boolean => ((value >> BigInt(bit)) & 1n) !== 0n

/** Words of the registers that decide a translation. */
export const controlSlots = {
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

const slots = controlSlots

/**
 * Address size in bits by TCR_ELx.(I)PS or VTCR_EL2.PS; sizes beyond the implemented one (52, 56 and the reserved encoding)
 * behave as that.
 */
const outputSizes = [32, 36, 40, 42, 44, 48, IMPLEMENTED_SIZE, IMPLEMENTED_SIZE]

/** The numbers that entries of the TLB refer to: a PE's part of a snapshot. */
export interface ContextsState {
  last: number
  byContents: [string, number][]
}

/** Numbers the distinct contents of the control registers, so that the TLB can tell entries of different contexts apart. */
export class ContextNumbers {
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

interface RangeFields {
  ttbr: bigint
  size: number
  granule: Granule
  outputSize: number
  setsAccessFlag: boolean
  setsDirty: boolean
}

/** Tables of one stage 1 range. */
function stage1Tables({ ttbr, size, granule, ...flags }: RangeFields): TableWalk {
  const inputSize = inputSizeOf(size, granule)
  const startLevel = inputSize === 0 ? 0 : startLevel1(granule, inputSize)
  return { granule, inputSize, startLevel, base: baseOf(ttbr, granule, startLevel, inputSize), ...flags }
}

/** TCR_EL1, and TCR_EL2 with E2H = 1. */
function twoHalves(tcr: bigint, ttbr0: bigint, ttbr1: bigint, mte: boolean): readonly [Half, Half] {
  const flags = {
    outputSize: outputSizes[field(tcr, 32, 3)]!,
    setsAccessFlag: set(tcr, 39),
    setsDirty: set(tcr, 39) && set(tcr, 40),
  }
  return [
    {
      ...stage1Tables({
        ttbr: ttbr0,
        size: field(tcr, 0, 6),
        granule: granule0(field(tcr, 14, 2)),
        ...flags,
      }),
      walkDisabled: set(tcr, 7),
      el0Denied: set(tcr, 55),
      hierarchical: !set(tcr, 41),
      topByteIgnored: set(tcr, 37),
      topByteIgnoredForCode: set(tcr, 37) && !set(tcr, 51),
      lowestPacBit: addressBits(field(tcr, 0, 6), granule0(field(tcr, 14, 2))),
      canonicalUnchecked: mte && set(tcr, 57),
    },
    {
      ...stage1Tables({
        ttbr: ttbr1,
        size: field(tcr, 16, 6),
        granule: granule1(field(tcr, 30, 2)),
        ...flags,
      }),
      walkDisabled: set(tcr, 23),
      el0Denied: set(tcr, 56),
      hierarchical: !set(tcr, 42),
      topByteIgnored: set(tcr, 38),
      topByteIgnoredForCode: set(tcr, 38) && !set(tcr, 52),
      lowestPacBit: addressBits(field(tcr, 16, 6), granule1(field(tcr, 30, 2))),
      canonicalUnchecked: mte && set(tcr, 58),
    },
  ]
}

/** TCR_EL2 with E2H = 0. */
function singleRange(tcr: bigint, ttbr: bigint, mte: boolean): readonly [Half, null] {
  const tables = stage1Tables({
    ttbr,
    size: field(tcr, 0, 6),
    granule: granule0(field(tcr, 14, 2)),
    outputSize: outputSizes[field(tcr, 16, 3)]!,
    setsAccessFlag: set(tcr, 21),
    setsDirty: set(tcr, 21) && set(tcr, 22),
  })
  return [
    {
      ...tables,
      walkDisabled: false,
      el0Denied: false,
      hierarchical: !set(tcr, 24),
      topByteIgnored: set(tcr, 20),
      topByteIgnoredForCode: set(tcr, 20) && !set(tcr, 29),
      lowestPacBit: addressBits(field(tcr, 0, 6), tables.granule),
      canonicalUnchecked: mte && set(tcr, 30),
    },
    null,
  ]
}

/** VTCR_EL2, VTTBR_EL2 and the fields of HCR_EL2 for stage 2. A start level that does not fit T0SZ leaves no tables. */
export function stage2Of(vtcr: bigint, vttbr: bigint, hcr: bigint): Stage2 {
  const granule = granule0(field(vtcr, 14, 2))
  const startLevel = startLevel2(granule, field(vtcr, 6, 2))
  const configured = inputSizeOf(field(vtcr, 0, 6), granule)
  const inputSize = startLevel >= 0 && consistent2(granule, startLevel, configured) ? configured : 0
  return {
    granule,
    inputSize,
    startLevel,
    base: baseOf(vttbr, granule, startLevel, inputSize),
    outputSize: outputSizes[field(vtcr, 16, 3)]!,
    setsAccessFlag: set(vtcr, 21),
    setsDirty: set(vtcr, 21) && set(vtcr, 22),
    forced: (hcr & HCR.FWB) !== 0n,
    uncached: (hcr & HCR.CD) !== 0n,
    walkProtected: (hcr & HCR.PTW) !== 0n,
  }
}

/** The controls in force at an EL: of the EL1&0 regime, of EL2, or of EL2&0, also for EL0 of a VHE host. */
export function controlsOf(
  state: BigUint64Array,
  el: number,
  features: ReadonlySet<Feature>,
  contexts: ContextNumbers,
): Controls {
  const hcr = state[slots.hcr]!
  const inHost = (hcr & HCR.E2H) !== 0n && (el === 2 || (hcr & HCR.TGE) !== 0n)
  return el === 2 || (el === 0 && inHost)
    ? controlsOfEl2(state, hcr, features, contexts)
    : controlsOfEl1(state, hcr, features, contexts)
}

function controlsOfEl2(
  state: BigUint64Array,
  hcr: bigint,
  features: ReadonlySet<Feature>,
  contexts: ContextNumbers,
): Controls {
  const e2h = (hcr & HCR.E2H) !== 0n
  const mte2 = features.has('FEAT_MTE2')
  const sctlr = state[slots.sctlr2]!
  const tcr = state[slots.tcr2]!
  const ttbr0 = state[slots.ttbr02]!
  const ttbr1 = e2h ? state[slots.ttbr12]! : 0n
  const mair = state[slots.mair2]!
  const mode = (low: number): number => (mte2 ? tagCheckMode(field(sctlr, low, 2), features) : 0)
  return {
    regime: e2h ? 'EL2&0' : 'EL2',
    context: contexts.number([2n, sctlr, tcr, ttbr0, ttbr1, mair, hcr & (HCR.E2H | HCR.TGE)]),
    halves: e2h ? twoHalves(tcr, ttbr0, ttbr1, mte2) : singleRange(tcr, ttbr0, mte2),
    mmuOn: set(sctlr, 0),
    stage2: null,
    defaultCacheable: false,
    defaultTagged: false,
    memoryTypes: memoryTypes(mair, mte2),
    writeNeverExecute: set(sctlr, 19),
    enhancedPan: e2h && set(sctlr, 57),
    alignmentCheck: set(sctlr, 1),
    spCheck: [e2h && set(sctlr, 4), set(sctlr, 3)],
    tagAccess: [mte2 && e2h && set(sctlr, 42), mte2 && set(sctlr, 43)],
    tcf: [e2h ? mode(38) : 0, mode(40)],
  }
}

function controlsOfEl1(
  state: BigUint64Array,
  hcr: bigint,
  features: ReadonlySet<Feature>,
  contexts: ContextNumbers,
): Controls {
  const inHost = (hcr & HCR.E2H) !== 0n && (hcr & HCR.TGE) !== 0n
  const mte2 = features.has('FEAT_MTE2')
  const sctlr = state[slots.sctlr1]!
  const tcr = state[slots.tcr1]!
  const ttbr0 = state[slots.ttbr01]!
  const ttbr1 = state[slots.ttbr11]!
  const mair = state[slots.mair1]!
  const ata = mte2 && (hcr & HCR.ATA) !== 0n
  const dc = (hcr & HCR.DC) !== 0n && !inHost
  const stage2On = ((hcr & HCR.VM) !== 0n || dc) && !inHost
  const vttbr = stage2On ? state[slots.vttbr]! : 0n
  const vtcr = stage2On ? state[slots.vtcr]! : 0n
  const mode = (low: number): number => (mte2 ? tagCheckMode(field(sctlr, low, 2), features) : 0)
  return {
    regime: 'EL1&0',
    context: contexts.number([1n, sctlr, tcr, ttbr0, ttbr1, mair, hcr & DECIDING, vttbr, vtcr]),
    halves: twoHalves(tcr, ttbr0, ttbr1, mte2),
    // HCR_EL2.TGE makes the EL1&0 stage 1 MMU behave as off, DC as well (DDI 0487, HCR_EL2.TGE and DC).
    mmuOn: set(sctlr, 0) && (hcr & HCR.TGE) === 0n && !dc,
    stage2: stage2On ? stage2Of(vtcr, vttbr, hcr) : null,
    defaultCacheable: dc,
    defaultTagged: dc && (hcr & HCR.DCT) !== 0n && mte2,
    memoryTypes: memoryTypes(mair, mte2),
    writeNeverExecute: set(sctlr, 19),
    enhancedPan: set(sctlr, 57),
    alignmentCheck: set(sctlr, 1),
    spCheck: [set(sctlr, 4), set(sctlr, 3)],
    tagAccess: [ata && set(sctlr, 42), ata && set(sctlr, 43)],
    tcf: [mode(38), mode(40)],
  }
}

/** Fields of HCR_EL2 that decide a translation of the EL1&0 regime. */
const DECIDING = HCR.VM | HCR.DC | HCR.DCT | HCR.PTW | HCR.CD | HCR.FWB | HCR.E2H | HCR.TGE
