/**
 * ICH_LR<n>_EL2 as its upper word, which holds everything but vINTID (IHI 0069, 12.4). State: bit 31 active, bit 30 pending.
 */
export const PENDING = 1 << 30
export const ACTIVE = 1 << 31
const STATE = PENDING | ACTIVE
const HW = 1 << 29
const GROUP = 1 << 28
const EOI = 1 << 9

const isValid = (upper: number): boolean => (upper & STATE) !== 0
export const isActive = (upper: number): boolean => (upper & ACTIVE) !== 0
/** Pending and not active: only such a one can be signalled. */
export const isPending = (upper: number): boolean => (upper & STATE) === PENDING
export const groupOf = (upper: number): 0 | 1 => (upper & GROUP ? 1 : 0)
export const priorityOf = (upper: number): number => (upper >>> 16) & 0xff
/** INTID of the physical interrupt that is deactivated together with this one, or -1. */
export const physicalOf = (upper: number): number => (upper & HW ? upper & 0x1fff : -1)
/** The interrupt has ended, and its end asks for a maintenance interrupt (ICH_EISR_EL2). */
export const hasEnded = (upper: number): boolean => (upper & (STATE | HW | EOI)) === EOI
/** Free for another interrupt (ICH_ELRSR_EL2). */
export const isFree = (upper: number): boolean => !isValid(upper) && !hasEnded(upper)

/** Bits of ICH_HCR_EL2. */
export const HCR = {
  EN: 1 << 0,
  UIE: 1 << 1,
  LRENPIE: 1 << 2,
  NPIE: 1 << 3,
  VGRP0EIE: 1 << 4,
  VGRP0DIE: 1 << 5,
  VGRP1EIE: 1 << 6,
  VGRP1DIE: 1 << 7,
  /** Lowest bit of EOIcount, 31:27. */
  EOI_COUNT: 1 << 27,
} as const
const EOI_COUNT_MASK = 0x1f << 27

export const countEoi = (hcr: number): number =>
  (hcr & ~EOI_COUNT_MASK) | ((hcr + HCR.EOI_COUNT) & EOI_COUNT_MASK)

/**
 * ICH_MISR_EL2: the conditions that hold, each where ICH_HCR_EL2 enables it.
 * @param enabled ICH_VMCR_EL2.VENG0 and VENG1, bits 0 and 1
 * @param uppers the upper words of all list registers
 */
export function maintenance(hcr: number, enabled: number, uppers: readonly number[]): number {
  const valid = uppers.filter(isValid).length
  let misr = 0
  if (uppers.some(hasEnded)) misr |= 1 << 0
  if (hcr & HCR.UIE && valid < 2) misr |= 1 << 1
  if (hcr & HCR.LRENPIE && hcr & EOI_COUNT_MASK) misr |= 1 << 2
  if (hcr & HCR.NPIE && !uppers.some(isPending)) misr |= 1 << 3
  if (hcr & HCR.VGRP0EIE && enabled & 1) misr |= 1 << 4
  if (hcr & HCR.VGRP0DIE && !(enabled & 1)) misr |= 1 << 5
  if (hcr & HCR.VGRP1EIE && enabled & 2) misr |= 1 << 6
  if (hcr & HCR.VGRP1DIE && !(enabled & 2)) misr |= 1 << 7
  return misr
}
