import {
  CBPR,
  CONTROL_FIXED,
  EOI_MODE,
  type Interface,
  type InterfacePe,
  Registers,
  stored,
} from './interface.ts'
import {
  ACTIVE,
  countEoi,
  groupOf,
  HCR,
  hasEnded,
  isActive,
  isFree,
  isPending,
  maintenance,
  PENDING,
  physicalOf,
  priorityOf,
} from './list-register.ts'
import {
  activeBit,
  type BinaryPoints,
  canPreempt,
  dropped,
  FIRST_LPI,
  type Group,
  groupMask,
  IDLE,
  IMPLEMENTED,
  isSpecial,
  LEAST_POINT,
  readPoint1,
  runningGroup,
  runningPriority,
  SPURIOUS,
} from './priorities.ts'

/** As many as QEMU's virt board has. */
export const LIST_REGISTERS = 4

const ICH_HCR = stored('ICH_HCR_EL2')
const VMCR = stored('ICH_VMCR_EL2')
const ACTIVE_PRIORITIES = [stored('ICH_AP0R0_EL2'), stored('ICH_AP1R0_EL2')] as const
const LIST = Array.from({ length: LIST_REGISTERS }, (_, n) => stored(`ICH_LR${n}_EL2`))

/** Fields of ICH_VMCR_EL2. VFIQEn is RES1, because there are system registers only. */
const VENG = [1 << 0, 1 << 1] as const
const VFIQEN = 1 << 3
const VCBPR = 1 << 4
const VEOIM = 1 << 9
const VBPR_SHIFT = [21, 18] as const
const VPMR_SHIFT = 24

/**
 * The virtual CPU interface of one PE: ICV_* as EL1 sees it, over the list registers and ICH_* that EL2 writes (IHI 0069,
 * chapter 6 and 12.4). Virtual Group 0 is signalled as a virtual FIQ, Group 1 as a virtual IRQ.
 */
export class VirtualInterface implements Interface {
  private readonly registers: Registers
  /** Deactivates the physical interrupt that a list register with HW = 1 names. */
  private readonly deactivatePhysical: (intid: number) => void

  constructor(pe: InterfacePe, deactivatePhysical: (intid: number) => void) {
    this.registers = new Registers(pe)
    this.deactivatePhysical = deactivatePhysical
  }

  /** Group of the virtual interrupt that is signalled to EL1 now; null for none. */
  signalled(): Group | null {
    const n = this.mostUrgent()
    return n >= 0 && this.wanted(this.upper(n)) ? groupOf(this.upper(n)) : null
  }

  acknowledge(group: Group): number {
    const n = this.mostUrgent()
    if (n < 0) return SPURIOUS
    const upper = this.upper(n)
    if (groupOf(upper) !== group || !this.wanted(upper)) return SPURIOUS
    const intid = this.vintid(n)
    if (isSpecial(intid)) {
      this.setUpper(n, upper & ~PENDING)
      return intid
    }
    // An LPI has no active state.
    this.setUpper(n, (upper & ~PENDING) | (intid >= FIRST_LPI ? 0 : ACTIVE))
    const active = this.activePriorities(group)
    this.setActivePriorities(group, active | activeBit(priorityOf(upper), groupMask(group, this.points())))
    return intid
  }

  /**
   * Drops the most urgent active priority, of whichever group, before the list registers are searched; without an active
   * priority nothing else happens (both CONSTRAINED UNPREDICTABLE). An end without a list register counts in EOIcount.
   */
  end(group: Group, intid: number): void {
    if (isSpecial(intid)) return
    const running = this.running()
    if (running === IDLE) return
    this.drop()
    const n = this.findActive(intid)
    if (n < 0) {
      if (intid < FIRST_LPI) this.countEoi()
      return
    }
    const upper = this.upper(n)
    const priority = priorityOf(upper) & groupMask(group, this.points())
    if (groupOf(upper) !== group || priority !== running) return
    if (!(this.vmcr() & VEOIM)) this.deactivateAt(n)
  }

  /** With VEOIM = 0 the write is ignored (CONSTRAINED UNPREDICTABLE). */
  deactivate(intid: number): void {
    if (intid >= FIRST_LPI || isSpecial(intid) || !(this.vmcr() & VEOIM)) return
    const n = this.findActive(intid)
    if (n < 0) this.countEoi()
    else this.deactivateAt(n)
  }

  pending(group: Group): number {
    const n = this.mostUrgent()
    return n >= 0 && groupOf(this.upper(n)) === group ? this.vintid(n) : SPURIOUS
  }

  running(): number {
    return runningPriority(this.activePriorities(0), this.activePriorities(1))
  }

  priorityMask(): number {
    return (this.vmcr() >>> VPMR_SHIFT) & 0xff
  }

  setPriorityMask(value: number): void {
    this.setField(0xff, VPMR_SHIFT, value & IMPLEMENTED)
  }

  binaryPoint(group: Group): number {
    const points = this.points()
    return group === 0 ? points.group0 : readPoint1(points)
  }

  setBinaryPoint(group: Group, value: number): void {
    if (group === 1 && this.points().common) return
    this.setField(7, VBPR_SHIFT[group], Math.max(value & 7, LEAST_POINT[group]))
  }

  control(): number {
    const vmcr = this.vmcr()
    return CONTROL_FIXED | (vmcr & VEOIM ? EOI_MODE : 0) | (vmcr & VCBPR ? CBPR : 0)
  }

  setControl(value: number): void {
    const vmcr = this.vmcr() & ~(VEOIM | VCBPR)
    this.registers.setLow(VMCR, vmcr | (value & EOI_MODE ? VEOIM : 0) | (value & CBPR ? VCBPR : 0))
  }

  enabled(group: Group): number {
    return this.vmcr() & VENG[group] ? 1 : 0
  }

  enable(group: Group, value: number): void {
    const vmcr = this.vmcr() & ~VENG[group]
    this.registers.setLow(VMCR, value & 1 ? vmcr | VENG[group] : vmcr)
  }

  activePriorities(group: Group): number {
    return this.registers.low(ACTIVE_PRIORITIES[group].slot)
  }

  setActivePriorities(group: Group, value: number): void {
    this.registers.setLow(ACTIVE_PRIORITIES[group], value)
  }

  // What EL2 sees and writes

  /** ICH_VMCR_EL2: binary points below the least become the least, unimplemented bits of VPMR stay 0. */
  setVmcr(value: number): void {
    const kept = VENG[0] | VENG[1] | VCBPR | VEOIM
    let vmcr = (value & kept) | VFIQEN | (((value >>> VPMR_SHIFT) & IMPLEMENTED) << VPMR_SHIFT)
    for (const group of [0, 1] as const) {
      const point = (value >>> VBPR_SHIFT[group]) & 7
      vmcr |= Math.max(point, LEAST_POINT[group]) << VBPR_SHIFT[group]
    }
    this.registers.setLow(VMCR, vmcr)
  }

  setHcr(value: number): void {
    this.registers.setLow(ICH_HCR, value)
  }

  setList(n: number, lower: number, upper: number): void {
    this.registers.set(LIST[n]!, lower, upper)
  }

  misr(): number {
    return maintenance(this.hcr(), this.vmcr() & 3, this.uppers())
  }

  /** ICH_EISR_EL2: list registers whose interrupt has ended and asked to say so. */
  eisr(): number {
    return mask(this.uppers(), hasEnded)
  }

  /** ICH_ELRSR_EL2: list registers that are free. */
  elrsr(): number {
    return mask(this.uppers(), isFree)
  }

  /** Level of the maintenance interrupt. */
  maintenance(): boolean {
    return (this.hcr() & HCR.EN) !== 0 && this.misr() !== 0
  }

  private hcr(): number {
    return this.registers.low(ICH_HCR.slot)
  }

  private vmcr(): number {
    return this.registers.low(VMCR.slot)
  }

  private setField(mask: number, shift: number, value: number): void {
    this.registers.setLow(VMCR, (this.vmcr() & ~(mask << shift)) | (value << shift))
  }

  private upper(n: number): number {
    return this.registers.high(LIST[n]!.slot)
  }

  private uppers(): number[] {
    return LIST.map(({ slot }) => this.registers.high(slot))
  }

  private setUpper(n: number, value: number): void {
    this.registers.setHigh(LIST[n]!, value)
  }

  private vintid(n: number): number {
    return this.registers.low(LIST[n]!.slot) & 0xff_ffff
  }

  private points(): BinaryPoints {
    const vmcr = this.vmcr()
    return {
      group0: (vmcr >>> VBPR_SHIFT[0]) & 7,
      group1: (vmcr >>> VBPR_SHIFT[1]) & 7,
      common: (vmcr & VCBPR) !== 0,
    }
  }

  /** The list register with the most urgent pending interrupt of an enabled group, the lowest of equals; -1 for none. */
  private mostUrgent(): number {
    const vmcr = this.vmcr()
    let found = -1
    let least = IDLE + 1
    for (let n = 0; n < LIST_REGISTERS; n++) {
      const upper = this.upper(n)
      if (!isPending(upper) || !(vmcr & VENG[groupOf(upper)])) continue
      const priority = priorityOf(upper)
      if (priority >= least) continue
      least = priority
      found = n
    }
    return found
  }

  private wanted(upper: number): boolean {
    if (!(this.hcr() & HCR.EN)) return false
    const mask = groupMask(groupOf(upper), this.points())
    return canPreempt(priorityOf(upper), mask, this.priorityMask(), this.running())
  }

  private findActive(intid: number): number {
    for (let n = 0; n < LIST_REGISTERS; n++) {
      if (isActive(this.upper(n)) && this.vintid(n) === intid) return n
    }
    return -1
  }

  private deactivateAt(n: number): void {
    const upper = this.upper(n)
    const physical = physicalOf(upper)
    this.setUpper(n, upper & ~ACTIVE)
    if (physical >= 0) this.deactivatePhysical(physical)
  }

  /** Drops the most urgent active priority. */
  private drop(): void {
    const group = runningGroup(this.activePriorities(0), this.activePriorities(1))
    if (group !== null) this.setActivePriorities(group, dropped(this.activePriorities(group)))
  }

  private countEoi(): void {
    this.setHcr(countEoi(this.hcr()))
  }
}

function mask(uppers: readonly number[], holds: (upper: number) => boolean): number {
  let bits = 0
  for (const [n, upper] of uppers.entries()) if (holds(upper)) bits |= 1 << n
  return bits
}
