import { FSC } from '../cpu/fault.ts'
import {
  combineShareability,
  combineTypes,
  DEVICE_NGNRNE,
  effectiveShareability,
  isDevice,
  SH,
  TAGGED,
  WRITE_BACK,
} from './attributes.ts'
import type { Controls, Half } from './controls.ts'
import { addressIn, entryKind, IMPLEMENTED_SIZE, shiftOf, strideOf } from './granule.ts'
import { walkStage2 } from './stage2.ts'
import {
  EL0_ACCESS,
  EXECUTES,
  HIGH,
  LOW,
  page,
  READS,
  type Request,
  type TableMemory,
  type Translation,
  type WalkFault,
  WRITES,
} from './walk.ts'

/** What stage 1 says about a page. */
interface Stage1Page {
  /** Address that stage 1 gives: intermediate where stage 2 is on. Its page is 4 KiB whatever the granule. */
  output: number
  /** Bits of `page`; no write permission while the descriptor is not yet dirty. */
  flags: number
  attribute: number
  shareability: number
}

/** The stage 2 accesses of a walk: it reads descriptors, and writes those that it updates. */
const readDescriptor: Request = {
  wanted: page.PRIVILEGED_READ,
  pan: false,
  unaligned: false,
  dirties: true,
}
const writeDescriptor: Request = { ...readDescriptor, wanted: page.PRIVILEGED_READ | page.PRIVILEGED_WRITE }

/**
 * A walk begins anew when a descriptor changed between its read and its update, so another PE made progress; a guest whose
 * tables describe themselves settles after a few. This limit is out of reach.
 */
const ATTEMPTS = 1000

const faulted = (fault: WalkFault): Translation => ({
  physical: 0,
  flags: 0,
  fault,
  attribute: 0,
  shareability: 0,
})

const fault1 = (fsc: number, denied = 0): WalkFault => ({ fsc, stage: 1, ipa: 0, onWalk: false, denied })

/**
 * Translates one page for an access, and judges the access: both stages, permission, alignment on Device memory, in the
 * order of priority of DDI 0487 D8.15; then sets access flag and dirty state where TCR_ELx.{HA, HD} and VTCR_EL2.{HA, HD} say.
 *
 * @param va     the address, its top byte replaced by bit 55 (zero in a single-range regime) where TBI applies
 * @param half   0 or 1: which half of the address space (VA bit 55), or 0 for a single-range regime
 * @param stages 1 leaves stage 2 out of the result, not out of the walk (AT S1E0R)
 * Source: DDI 0487, AArch64.TranslateAddress.
 */
export function translatePage(
  controls: Controls,
  va: bigint,
  half: 0 | 1,
  memory: TableMemory,
  request: Request,
  stages: 1 | 2 = 2,
): Translation {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const translation = bothStages(controls, va, half, memory, request, stages)
    if (translation !== null) return translation
  }
  return faulted(fault1(FSC.UNSUPPORTED_UPDATE))
}

function bothStages(
  controls: Controls,
  va: bigint,
  half: 0 | 1,
  memory: TableMemory,
  request: Request,
  stages: 1 | 2,
): Translation | null {
  const first = controls.mmuOn
    ? walkStage1(controls, controls.halves[half], va, half, memory, request)
    : stage1Off(controls, controls.halves[half], va, request)
  if (first === null) return null
  if ('fsc' in first) return faulted(first)
  const { output, attribute } = first
  const pageOutput = output - (output % 4096)
  if (controls.stage2 === null || stages === 1) {
    return {
      physical: pageOutput,
      flags: first.flags | typeFlags(attribute),
      fault: null,
      attribute,
      shareability: effectiveShareability(attribute, first.shareability),
    }
  }
  const { stage2 } = controls
  const second = walkStage2(stage2, pageOutput, memory, request, false)
  if (second === null) return null
  if (second.fault) return faulted(second.fault)
  const combined = combineTypes(attribute, second.type, stage2.forced, stage2.uncached)
  const shareability = combineShareability(
    effectiveShareability(attribute, first.shareability),
    second.shareability,
  )
  return {
    physical: second.physical,
    flags: (first.flags & (second.granted | ~(READS | WRITES | EXECUTES))) | typeFlags(combined),
    fault: null,
    attribute: combined,
    shareability: effectiveShareability(combined, shareability),
  }
}

const typeFlags = (attribute: number): number =>
  attribute === TAGGED ? page.TAGGED : isDevice(attribute) ? page.DEVICE : 0

/** AArch64.S1Walk and the permission rules behind it. Null: begin anew. */
function walkStage1(
  controls: Controls,
  range: Half | null,
  va: bigint,
  half: 0 | 1,
  memory: TableMemory,
  request: Request,
): Stage1Page | WalkFault | null {
  if (range === null || range.inputSize === 0) return fault1(FSC.TRANSLATION)
  const { granule, startLevel, inputSize } = range
  if (BigInt.asIntN(64, va) >> BigInt(inputSize) !== (half ? -1n : 0n)) return fault1(FSC.TRANSLATION)
  if (range.walkDisabled) return fault1(FSC.TRANSLATION)
  if (range.el0Denied && (request.wanted & EL0_ACCESS) !== 0) return fault1(FSC.TRANSLATION)
  const offset = Number(BigInt.asUintN(inputSize, va))
  const limit = 2 ** range.outputSize
  let table = range.base
  if (table >= limit) return fault1(FSC.ADDRESS_SIZE)
  let tableBits = 0
  for (let level = startLevel; ; level++) {
    const shift = shiftOf(granule, level)
    const ipa = table + (Math.floor(offset / 2 ** shift) % 2 ** strideOf(granule)) * 8
    let at = ipa
    if (controls.stage2 !== null) {
      const nested = walkStage2(controls.stage2, ipa, memory, readDescriptor, true)
      if (nested === null) return null
      if (nested.fault) return nested.fault
      at = nested.physical
    }
    if (!memory.read(at, 1, level)) return fault1(FSC.EXTERNAL + 4 + level)
    const { low, high } = memory
    const kind = entryKind(low, level, granule)
    if (kind === 'invalid') return fault1(FSC.TRANSLATION + level)
    if (kind === 'table') {
      table = addressIn(low, high, granule)
      if (table >= limit) return fault1(FSC.ADDRESS_SIZE + level)
      if (range.hierarchical) tableBits |= high
      continue
    }
    const output = addressIn(low, high, shift)
    if (output >= limit) return fault1(FSC.ADDRESS_SIZE + level)
    if ((low & LOW.AF) === 0 && !range.setsAccessFlag) return fault1(FSC.ACCESS_FLAG + level)
    const attribute = controls.memoryTypes[(low >> 2) & 7]!
    if (request.unaligned && isDevice(attribute)) return fault1(FSC.ALIGNMENT)
    const clean = (low & LOW.READ_ONLY) !== 0 && range.setsDirty && (high & HIGH.DBM) !== 0
    const flags = permissions(controls, clean ? low & ~LOW.READ_ONLY : low, high, tableBits)
    const denied = request.wanted & ~flags
    if (denied !== 0) return fault1(FSC.PERMISSION + level, denied)
    if (request.pan && flags & page.USER) return fault1(FSC.PERMISSION + level, request.wanted)
    const becomesDirty = clean && request.dirties && (request.wanted & WRITES) !== 0
    const updated = (becomesDirty ? low & ~LOW.READ_ONLY : low) | LOW.AF
    if (updated !== low) {
      if (controls.stage2 !== null) {
        const written = walkStage2(controls.stage2, ipa, memory, writeDescriptor, true)
        if (written === null) return null
        if (written.fault) return written.fault
        // Stage 2 read its own descriptors since; a stage 1 descriptor that changed meanwhile begins anew.
        if (!memory.read(at, 1, level) || memory.low !== low || memory.high !== high) return null
      }
      if (!memory.update(at, updated)) return null
    }
    return {
      output: output + (offset % 2 ** shift),
      flags: (clean && !becomesDirty ? flags & ~WRITES : flags) & (range.el0Denied ? ~EL0_ACCESS : ~0),
      attribute,
      shareability: (low >> 8) & 3,
    }
  }
}

/**
 * What a stage 1 leaf permits (DDI 0487, D8.4). A clean descriptor that a write may make dirty counts as writable.
 * @param tableBits high halves of the tables' descriptors, or-ed; 0 where hierarchical permissions are off
 */
function permissions(controls: Controls, low: number, high: number, tableBits: number): number {
  const single = controls.regime === 'EL2'
  const never = controls.writeNeverExecute
  const el0 = !single && (low & LOW.EL0) !== 0 && (tableBits & HIGH.NO_EL0_TABLE) === 0
  const writable = (low & LOW.READ_ONLY) === 0 && (tableBits & HIGH.READ_ONLY_TABLE) === 0
  const uxn = (high & HIGH.UXN) !== 0 || (tableBits & HIGH.UXN_TABLE) !== 0
  // A regime without EL0 has one XN, in the place of UXN.
  const pxn = single ? uxn : (high & HIGH.PXN) !== 0 || (tableBits & HIGH.PXN_TABLE) !== 0
  let flags: number = page.PRIVILEGED_READ
  if (writable) flags |= page.PRIVILEGED_WRITE
  if (el0) flags |= page.EL0_READ
  if (el0 && writable) flags |= page.EL0_WRITE
  // Writable at EL0 is never executable at the privileged level; WXN forbids execution of anything writable.
  if (!pxn && !(el0 && writable) && !(never && writable)) flags |= page.PRIVILEGED_EXECUTE
  if (!single && !uxn && !(never && el0 && writable)) flags |= page.EL0_EXECUTE
  if (el0 || (controls.enhancedPan && flags & page.EL0_EXECUTE)) flags |= page.USER
  if ((high & HIGH.GP) !== 0) flags |= page.GUARDED
  return flags
}

/** Stage 1 off (AArch64.S1DisabledOutput): flat, everything permitted, PAN or not; Device, or Normal with HCR_EL2.DC. */
function stage1Off(
  controls: Controls,
  range: Half | null,
  va: bigint,
  request: Request,
): Stage1Page | WalkFault {
  const address = range?.topByteIgnored ? BigInt.asUintN(56, va) : va
  if (address >> BigInt(IMPLEMENTED_SIZE) !== 0n) return fault1(FSC.ADDRESS_SIZE)
  const attribute = controls.defaultTagged ? TAGGED : controls.defaultCacheable ? WRITE_BACK : DEVICE_NGNRNE
  if (request.unaligned && isDevice(attribute)) return fault1(FSC.ALIGNMENT)
  const el0 = controls.regime === 'EL2' ? 0 : EL0_ACCESS
  return {
    output: Number(address),
    flags: page.PRIVILEGED_READ | page.PRIVILEGED_WRITE | page.PRIVILEGED_EXECUTE | el0,
    attribute,
    shareability: SH.NONE,
  }
}
