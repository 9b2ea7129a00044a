/**
 * Priorities of a CPU interface, physical or virtual: five bits, all of them for preemption, as QEMU's virt board has it.
 * Source: IHI 0069, 4.8 "Interrupt prioritization". A lower number is more urgent. Active priorities are a mask with one
 * bit for each of the 32 group priorities, bit 0 the most urgent.
 */
const PRIORITY_BITS = 5
const UNUSED_BITS = 8 - PRIORITY_BITS
export const IMPLEMENTED = (0xff << UNUSED_BITS) & 0xff
/** Running priority while no interrupt is active. */
export const IDLE = 0xff
/** Least binary points: that of Group 1 is one more, because it counts from one bit less (Non-secure view). */
export const LEAST_POINT = [7 - PRIORITY_BITS, 8 - PRIORITY_BITS] as const

export type Group = 0 | 1

/** Special INTIDs 1020 to 1023; 1023 says that there is no interrupt to acknowledge. */
export const SPURIOUS = 1023
export const isSpecial = (intid: number): boolean => intid >= 1020 && intid <= SPURIOUS
/** First INTID of LPIs. They have no active state. */
export const FIRST_LPI = 8192

/** Binary points of both groups, and whether Group 1 uses that of Group 0 (CBPR). */
export interface BinaryPoints {
  readonly group0: number
  readonly group1: number
  readonly common: boolean
}

/** The bits of a priority that decide preemption. */
export function groupMask(group: Group, points: BinaryPoints): number {
  const point = group === 0 || points.common ? points.group0 : points.group1 - 1
  return (0xff << (point + 1)) & 0xff
}

/** What a read of BPR1 gives: with CBPR the common point as Group 1 counts it, at most 7. */
export const readPoint1 = ({ group0, group1, common }: BinaryPoints): number =>
  common ? Math.min(group0 + 1, 7) : group1

/** Number of the lowest set bit; 32 for none. */
const lowestBit = (mask: number): number => (mask === 0 ? 32 : 31 - Math.clz32(mask & -mask))

/** Group priority of the most urgent active interrupt (RPR). */
export function runningPriority(active0: number, active1: number): number {
  const lowest = lowestBit(active0 | active1)
  return lowest === 32 ? IDLE : lowest << UNUSED_BITS
}

/** Group of the most urgent active interrupt; null for none. */
export function runningGroup(active0: number, active1: number): Group | null {
  const lowest0 = lowestBit(active0)
  const lowest1 = lowestBit(active1)
  if (lowest1 < lowest0) return 1
  return lowest0 === 32 ? null : 0
}

/** The active priorities after a priority drop. */
export const dropped = (active: number): number => active & (active - 1)

/** The bit of an interrupt's group priority. */
export const activeBit = (priority: number, mask: number): number =>
  1 << ((priority & mask & IMPLEMENTED) >>> UNUSED_BITS)

/** Whether an interrupt is urgent enough to be signalled over the mask (PMR) and what is active. */
export function canPreempt(priority: number, mask: number, priorityMask: number, running: number): boolean {
  if (priority >= priorityMask) return false
  return running === IDLE || (priority & mask) < (running & mask)
}
