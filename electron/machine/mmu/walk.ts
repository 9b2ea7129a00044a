import { FSC } from '../cpu/fault.ts'
import type { Controls, Half } from './controls.ts'

/** Permissions and attributes of one 4 KiB page, as bits; the TLB keeps them with the page. */
export const page = {
  PRIVILEGED_READ: 1,
  PRIVILEGED_WRITE: 2,
  PRIVILEGED_EXECUTE: 4,
  EL0_READ: 8,
  EL0_WRITE: 16,
  EL0_EXECUTE: 32,
  TAGGED: 64,
  DEVICE: 128,
  /** GP of the stage 1 block or page: branch targets in it are checked (FEAT_BTI). */
  GUARDED: 256,
} as const

/** Result of a walk: the page's physical address and its bits, or the fault that it met. */
export interface Translation {
  physical: number
  flags: number
  fault: WalkFault | null
  /** MAIR encoding of the final memory type, for PAR_EL1. */
  attribute: number
  /** What stage 1 alone permits, the page's intermediate physical address, and the levels of both leaves. */
  stage1Flags: number
  stage1Attribute: number
  ipa: number
  stage1Level: number
  stage2Level: number
}

export interface WalkFault {
  /** DFSC with the level. */
  fsc: number
  stage: 1 | 2
  /** Intermediate physical address, for HPFAR_EL2. */
  ipa: number
  /** The fault came from stage 2 translation of a stage 1 descriptor's address. */
  onWalk: boolean
}

/** Reads an 8-byte descriptor of physical memory; null where there is no memory. */
export type ReadDescriptor = (physical: number) => bigint | null

const OUTPUT_MASK = 0x0000_ffff_ffff_f000n
/** Above 2^40 no address is implemented (ID_AA64MMFR0_EL1.PARange = 2); numbers up to 2^48 are exact. */
const IMPLEMENTED_SIZE = 40

const faulted = (fault: WalkFault): Translation => ({
  physical: 0,
  flags: 0,
  fault,
  attribute: 0,
  stage1Flags: 0,
  stage1Attribute: 0,
  ipa: 0,
  stage1Level: 0,
  stage2Level: 0,
})

const fits = (address: bigint, size: number): boolean => address >> BigInt(size) === 0n

interface Stage2Result {
  physical: number
  readable: boolean
  writable: boolean
  executable: boolean
  /** VMSAv8-64 stage 2 MemAttr[3:0]. */
  memoryAttribute: number
  level: number
  fault: WalkFault | null
}

/**
 * Stage 2: intermediate physical to physical, 4 KiB granule.
 * @param ipa bytes; anything at or above the size of VTCR_EL2.T0SZ gives a translation fault
 * Source: DDI 0487, AArch64.S2Walk; start level by VTCR_EL2.SL0, concatenated tables included.
 */
export function walkStage2(
  controls: Controls,
  ipa: number,
  read: ReadDescriptor,
  onWalk: boolean,
): Stage2Result {
  const vtcr = controls.vtcr
  const inputSize = 64 - Number(vtcr & 0x3fn)
  const startLevel = 2 - Number((vtcr >> 6n) & 3n)
  const fault = (code: number, level: number): Stage2Result => ({
    physical: 0,
    readable: false,
    writable: false,
    executable: false,
    memoryAttribute: 0,
    level,
    fault: { fsc: code | level, stage: 2, ipa, onWalk },
  })
  if (startLevel < 0 || inputSize < 25 || inputSize > IMPLEMENTED_SIZE || !fits(BigInt(ipa), inputSize)) {
    return fault(FSC.TRANSLATION, Math.max(startLevel, 0))
  }
  const outputSize = Math.min([32, 36, 40, 40, 40, 40, 40, 40][Number((vtcr >> 16n) & 7n)]!, IMPLEMENTED_SIZE)
  let table = controls.vttbr & OUTPUT_MASK
  for (let level = startLevel; level <= 3; level++) {
    const shift = 39 - 9 * level
    // At the start level up to sixteen tables are concatenated, so the index keeps all remaining bits.
    const index = level === startLevel ? Math.floor(ipa / 2 ** shift) : Math.floor(ipa / 2 ** shift) % 512
    const descriptor = read(Number(table) + index * 8)
    if (descriptor === null) return fault(FSC.EXTERNAL + 4, level)
    if ((descriptor & 1n) === 0n) return fault(FSC.TRANSLATION, level)
    const isTable = level < 3 && (descriptor & 2n) !== 0n
    if (isTable) {
      table = descriptor & OUTPUT_MASK
      if (!fits(table, outputSize)) return fault(FSC.ADDRESS_SIZE, level)
      continue
    }
    if (level === 0 || (level === 3 && (descriptor & 2n) === 0n)) return fault(FSC.TRANSLATION, level)
    const output = descriptor & OUTPUT_MASK & ~((1n << BigInt(shift)) - 1n)
    if (!fits(output, outputSize)) return fault(FSC.ADDRESS_SIZE, level)
    if ((descriptor & (1n << 10n)) === 0n) return fault(FSC.ACCESS_FLAG, level)
    return {
      physical: Number(output) + (ipa % 2 ** shift),
      readable: (descriptor & 0x40n) !== 0n,
      writable: (descriptor & 0x80n) !== 0n,
      executable: (descriptor & (1n << 54n)) === 0n,
      memoryAttribute: Number((descriptor >> 2n) & 15n),
      level,
      fault: null,
    }
  }
  return fault(FSC.TRANSLATION, 3)
}

const isDeviceAttribute = (attribute: number): boolean => (attribute & 0xf0) === 0
const TAGGED_ATTRIBUTE = 0xf0

/**
 * Combines stage 1 with stage 2 memory types: the weaker cacheability wins, and only Normal Inner and Outer Write-Back
 * stays Tagged (mte-isa 4.4).
 */
function combine(attribute: number, memoryAttribute: number): number {
  if (isDeviceAttribute(attribute) || (memoryAttribute & 12) === 0) return 0
  if (memoryAttribute === 15) return attribute
  const outer = memoryAttribute >> 2
  return outer === 3 ? 0xff : outer === 2 ? 0xbb : 0x44
}

/**
 * Translates one page. Permission is not judged here, only gathered: the caller knows the access.
 *
 * @param va    the address with its top byte already replaced where TBI applies, as an unsigned 64-bit value
 * @param half  0 or 1: which half of the address space (VA bit 55), or 0 for a single-range regime
 * Source: DDI 0487, AArch64.S1Walk; hierarchical permissions included, hardware update of access flag and dirty state not
 * (ID_AA64MMFR1_EL1.HAFDBS = 0). Only the 4 KiB granule exists (ID_AA64MMFR0_EL1 says so).
 */
export function translatePage(
  controls: Controls,
  va: bigint,
  half: 0 | 1,
  read: ReadDescriptor,
): Translation {
  if (!controls.mmuOn) return flat(controls, va, read)
  const range: Half | null = controls.halves[half]
  const fault1 = (code: number, level: number): Translation =>
    faulted({ fsc: code | level, stage: 1, ipa: 0, onWalk: false })
  if (range === null) return fault1(FSC.TRANSLATION, 0)
  const inputSize = 64 - range.size
  if (inputSize > 48 || inputSize < 25) return fault1(FSC.TRANSLATION, 0)
  const startLevel = 4 - Math.ceil((inputSize - 12) / 9)
  const upper = BigInt.asIntN(64, va) >> BigInt(inputSize)
  if (upper !== (half ? -1n : 0n)) return fault1(FSC.TRANSLATION, 0)
  if (range.walkDisabled) return fault1(FSC.TRANSLATION, 0)
  const offset = Number(BigInt.asUintN(inputSize, va))
  const outputSize = Math.min(controls.physicalSize, IMPLEMENTED_SIZE)
  let table = range.ttbr & 0x0000_ffff_ffff_fffen
  if (!fits(table, outputSize)) return fault1(FSC.ADDRESS_SIZE, 0)
  let readOnlyTable = false
  let noEl0Table = false
  let uxnTable = false
  let pxnTable = false
  for (let level = startLevel; level <= 3; level++) {
    const shift = 39 - 9 * level
    let address = Number(table) + (Math.floor(offset / 2 ** shift) % 512) * 8
    if (controls.stage2On) {
      const nested = walkStage2(controls, address, read, true)
      if (nested.fault) return faulted(nested.fault)
      const walkOnDevice = controls.walkProtected && (nested.memoryAttribute & 12) === 0
      if (!nested.readable || walkOnDevice) {
        return faulted({ fsc: FSC.PERMISSION | nested.level, stage: 2, ipa: address, onWalk: true })
      }
      address = nested.physical
    }
    const descriptor = read(address)
    if (descriptor === null) return fault1(FSC.EXTERNAL + 4, level)
    if ((descriptor & 1n) === 0n) return fault1(FSC.TRANSLATION, level)
    if (level < 3 && (descriptor & 2n) !== 0n) {
      table = descriptor & OUTPUT_MASK
      if (!fits(table, outputSize)) return fault1(FSC.ADDRESS_SIZE, level)
      readOnlyTable ||= (descriptor & (1n << 62n)) !== 0n
      noEl0Table ||= (descriptor & (1n << 61n)) !== 0n
      uxnTable ||= (descriptor & (1n << 60n)) !== 0n
      pxnTable ||= (descriptor & (1n << 59n)) !== 0n
      continue
    }
    if (level === 0 || (level === 3 && (descriptor & 2n) === 0n)) return fault1(FSC.TRANSLATION, level)
    const output = descriptor & OUTPUT_MASK & ~((1n << BigInt(shift)) - 1n)
    if (!fits(output, outputSize)) return fault1(FSC.ADDRESS_SIZE, level)
    if ((descriptor & (1n << 10n)) === 0n) return fault1(FSC.ACCESS_FLAG, level)
    const single = controls.regime === 'EL2'
    const el0 = !single && (descriptor & 0x40n) !== 0n && !noEl0Table
    const writable = (descriptor & 0x80n) === 0n && !readOnlyTable
    const uxn = (descriptor & (1n << 54n)) !== 0n || uxnTable
    const pxn = single ? uxn : (descriptor & (1n << 53n)) !== 0n || pxnTable
    let flags = page.PRIVILEGED_READ
    if (writable) flags |= page.PRIVILEGED_WRITE
    if (el0) flags |= page.EL0_READ
    if (el0 && writable) flags |= page.EL0_WRITE
    // Writable at EL0 is never executable at the privileged level; WXN forbids execution of anything writable.
    if (!pxn && !(el0 && writable) && !(controls.writeNeverExecute && writable))
      flags |= page.PRIVILEGED_EXECUTE
    if (!single && !uxn && !(controls.writeNeverExecute && el0 && writable)) flags |= page.EL0_EXECUTE
    if ((descriptor & (1n << 50n)) !== 0n) flags |= page.GUARDED
    const attribute = Number((controls.mair >> (8n * ((descriptor >> 2n) & 7n))) & 0xffn)
    const pageInBlock = offset % 2 ** shift
    return finish(
      controls,
      Number(output) + pageInBlock - (pageInBlock % 4096),
      attribute,
      flags,
      level,
      read,
    )
  }
  return fault1(FSC.TRANSLATION, 3)
}

/** Stage 1 off: flat, everything permitted; Device, or Normal with HCR_EL2.DC. */
function flat(controls: Controls, va: bigint, read: ReadDescriptor): Translation {
  const address = BigInt.asUintN(56, va)
  if (!fits(address, IMPLEMENTED_SIZE))
    return faulted({ fsc: FSC.ADDRESS_SIZE, stage: 1, ipa: 0, onWalk: false })
  const flags =
    page.PRIVILEGED_READ |
    page.PRIVILEGED_WRITE |
    page.PRIVILEGED_EXECUTE |
    (controls.regime === 'EL2' ? 0 : page.EL0_READ | page.EL0_WRITE | page.EL0_EXECUTE)
  const attribute = controls.defaultTagged ? TAGGED_ATTRIBUTE : controls.defaultCacheable ? 0xff : 0
  return finish(controls, Number(address & OUTPUT_MASK), attribute, flags, 0, read)
}

function finish(
  controls: Controls,
  ipa: number,
  attribute: number,
  stage1Flags: number,
  stage1Level: number,
  read: ReadDescriptor,
): Translation {
  let physical = ipa
  let type = attribute
  let flags = stage1Flags
  let stage2Level = 0
  if (controls.stage2On) {
    const second = walkStage2(controls, ipa, read, false)
    if (second.fault) {
      return { ...faulted(second.fault), stage1Flags, stage1Attribute: attribute, ipa, stage1Level }
    }
    physical = second.physical
    stage2Level = second.level
    type = combine(attribute, second.memoryAttribute)
    if (!second.readable) flags &= ~(page.PRIVILEGED_READ | page.EL0_READ)
    if (!second.writable) flags &= ~(page.PRIVILEGED_WRITE | page.EL0_WRITE)
    if (!second.executable) flags &= ~(page.PRIVILEGED_EXECUTE | page.EL0_EXECUTE)
  }
  if (type === TAGGED_ATTRIBUTE) flags |= page.TAGGED
  if (isDeviceAttribute(type)) flags |= page.DEVICE
  return {
    physical,
    flags,
    fault: null,
    attribute: type,
    stage1Flags,
    stage1Attribute: attribute,
    ipa,
    stage1Level,
    stage2Level,
  }
}

/**
 * The permission fault of an access that a page's combined bits deny: stage 1 is blamed first (DDI 0487, priority of MMU faults).
 * @param wanted bits of `page` that the access needs
 */
export function permissionFault(translation: Translation, wanted: number): WalkFault {
  const denied = (translation.stage1Flags & wanted) !== wanted
  return denied
    ? { fsc: FSC.PERMISSION | translation.stage1Level, stage: 1, ipa: 0, onWalk: false }
    : { fsc: FSC.PERMISSION | translation.stage2Level, stage: 2, ipa: translation.ipa, onWalk: false }
}
