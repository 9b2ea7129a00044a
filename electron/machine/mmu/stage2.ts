import { FSC } from '../cpu/fault.ts'
import type { Stage2 } from './controls.ts'
import { addressIn, entryKind, shiftOf, strideOf } from './granule.ts'
import { HIGH, LOW, page, READS, type Request, type TableMemory, type WalkFault, WRITES } from './walk.ts'

/** What stage 2 says about an intermediate physical address. */
export interface Stage2Page {
  physical: number
  /** Permissions as bits of `page`; no write permission while the descriptor is not yet dirty. */
  granted: number
  /** MemAttr[3:0] and SH of the descriptor. */
  type: number
  shareability: number
  fault: WalkFault | null
}

/**
 * Stage 2: intermediate physical to physical. Faults come in the order of AArch64.S2Translate: translation, external abort
 * and address size on the way down, access flag, alignment on Device memory, permission; only then is the descriptor updated.
 *
 * @param ipa    bytes
 * @param onWalk the address is that of a stage 1 descriptor
 * @returns null when another PE changed the descriptor while it was updated: the access translates anew
 */
export function walkStage2(
  stage2: Stage2,
  ipa: number,
  memory: TableMemory,
  request: Request,
  onWalk: boolean,
): Stage2Page | null {
  const { granule, startLevel } = stage2
  const limit = 2 ** stage2.outputSize
  const fault = (fsc: number, denied = 0): Stage2Page => ({
    physical: 0,
    granted: 0,
    type: 0,
    shareability: 0,
    fault: { fsc, stage: 2, ipa, onWalk, denied },
  })
  if (stage2.inputSize === 0 || ipa >= 2 ** stage2.inputSize) return fault(FSC.TRANSLATION)
  let table = stage2.base
  if (table >= limit) return fault(FSC.ADDRESS_SIZE)
  for (let level = startLevel; ; level++) {
    const shift = shiftOf(granule, level)
    const index = Math.floor(ipa / 2 ** shift)
    // At the start level up to sixteen tables are concatenated, so the index keeps all remaining bits.
    const at = table + (level === startLevel ? index : index % 2 ** strideOf(granule)) * 8
    if (!memory.read(at, 2, level)) return fault(FSC.EXTERNAL + 4 + level)
    const { low, high } = memory
    const kind = entryKind(low, level, granule)
    if (kind === 'invalid') return fault(FSC.TRANSLATION + level)
    if (kind === 'table') {
      table = addressIn(low, high, granule)
      if (table >= limit) return fault(FSC.ADDRESS_SIZE + level)
      continue
    }
    const output = addressIn(low, high, shift)
    if (output >= limit) return fault(FSC.ADDRESS_SIZE + level)
    if ((low & LOW.AF) === 0 && !stage2.setsAccessFlag) return fault(FSC.ACCESS_FLAG + level)
    const type = (low >> 2) & 15
    const device = (type & (stage2.forced ? 4 : 12)) === 0
    if (request.unaligned && device) return fault(FSC.ALIGNMENT)
    const clean = (low & LOW.S2_WRITE) === 0 && stage2.setsDirty && (high & HIGH.DBM) !== 0
    const writable = (low & LOW.S2_WRITE) !== 0 || clean
    const granted = ((low & LOW.S2_READ) !== 0 ? READS : 0) | (writable ? WRITES : 0) | executable(high)
    const denied = request.wanted & ~granted
    if (denied !== 0 || (onWalk && device && stage2.walkProtected)) {
      return fault(FSC.PERMISSION + level, denied)
    }
    const becomesDirty = clean && request.dirties && (request.wanted & WRITES) !== 0
    const updated = low | LOW.AF | (becomesDirty ? LOW.S2_WRITE : 0)
    if (updated !== low && !memory.update(at, updated)) return null
    return {
      physical: output + (ipa % 2 ** shift),
      granted: clean && !becomesDirty ? granted & ~WRITES : granted,
      type,
      shareability: (low >> 8) & 3,
      fault: null,
    }
  }
}

/** XN[1:0] (FEAT_XNX): 0 executable, 1 at EL0 only, 2 not at all, 3 at EL1 only. */
function executable(high: number): number {
  const never = (high & HIGH.S2_XN) !== 0
  return (high & HIGH.S2_XNX) !== 0
    ? never
      ? page.PRIVILEGED_EXECUTE
      : page.EL0_EXECUTE
    : never
      ? 0
      : page.PRIVILEGED_EXECUTE | page.EL0_EXECUTE
}
