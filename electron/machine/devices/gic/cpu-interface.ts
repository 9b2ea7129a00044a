import type { InterruptController } from './controller.ts'
import {
  CBPR,
  CONTROL_FIXED,
  EOI_MODE,
  type Interface,
  type InterfacePe,
  Registers,
  stored,
} from './interface.ts'
import { candidateIntid, candidatePriority, INTERRUPTS } from './layout.ts'
import {
  activeBit,
  type BinaryPoints,
  canPreempt,
  dropped,
  type Group,
  groupMask,
  IMPLEMENTED,
  LEAST_POINT,
  readPoint1,
  runningGroup,
  runningPriority,
  SPURIOUS,
} from './priorities.ts'

const CTLR = stored('ICC_CTLR_EL1')
const PMR = stored('ICC_PMR_EL1')
const BPR = [stored('ICC_BPR0_EL1'), stored('ICC_BPR1_EL1')] as const
const IGRPEN = [stored('ICC_IGRPEN0_EL1'), stored('ICC_IGRPEN1_EL1')] as const
const ACTIVE = [stored('ICC_AP0R0_EL1'), stored('ICC_AP1R0_EL1')] as const

/**
 * The physical CPU interface of one PE (ICC_*; IHI 0069, 4.7 and 12.2). There is one Security state and no EL3: Group 0 is
 * signalled as FIQ, Group 1 as IRQ. Registers are words of the PE, which its own thread alone touches.
 */
export class CpuInterface implements Interface {
  private readonly pe: number
  private readonly registers: Registers
  private readonly controller: InterruptController

  constructor(pe: InterfacePe, controller: InterruptController) {
    this.pe = pe.pe
    this.registers = new Registers(pe)
    this.controller = controller
  }

  /** Group of the interrupt that is signalled to the PE now; null for none. */
  signalled(): Group | null {
    const best = this.mostUrgent()
    return best !== null && this.wanted(best.candidate, best.group) ? best.group : null
  }

  acknowledge(group: Group): number {
    // Another PE may have taken the interrupt or changed it meanwhile, so it is judged again under the lock.
    const taken = this.controller.acknowledge(this.pe, group, (candidate) => {
      const best = this.mostUrgent()
      return best?.group === group && best.candidate === candidate && this.wanted(candidate, group)
    })
    if (taken === 0) return SPURIOUS
    const { registers } = this
    const bit = activeBit(candidatePriority(taken), groupMask(group, this.points()))
    registers.setLow(ACTIVE[group], registers.low(ACTIVE[group].slot) | bit)
    return candidateIntid(taken)
  }

  /**
   * The drop is that of the most urgent active priority, and takes place if it is of this group. INTIDs that the
   * distributor does not have, the special ones among them, are ignored.
   */
  end(group: Group, intid: number): void {
    const { registers } = this
    const active0 = registers.low(ACTIVE[0].slot)
    const active1 = registers.low(ACTIVE[1].slot)
    if (intid >= INTERRUPTS || runningGroup(active0, active1) !== group) return
    registers.setLow(ACTIVE[group], dropped(group === 0 ? active0 : active1))
    if (!(registers.low(CTLR.slot) & EOI_MODE)) this.controller.deactivate(this.pe, intid)
  }

  /** With EOImode = 0 the write is ignored (CONSTRAINED UNPREDICTABLE). */
  deactivate(intid: number): void {
    if (this.registers.low(CTLR.slot) & EOI_MODE) this.controller.deactivate(this.pe, intid)
  }

  pending(group: Group): number {
    const best = this.mostUrgent()
    return best?.group === group ? candidateIntid(best.candidate) : SPURIOUS
  }

  running(): number {
    const { registers } = this
    return runningPriority(registers.low(ACTIVE[0].slot), registers.low(ACTIVE[1].slot))
  }

  priorityMask(): number {
    return this.registers.low(PMR.slot)
  }

  setPriorityMask(value: number): void {
    this.registers.setLow(PMR, value & IMPLEMENTED)
  }

  binaryPoint(group: Group): number {
    const points = this.points()
    return group === 0 ? points.group0 : readPoint1(points)
  }

  setBinaryPoint(group: Group, value: number): void {
    if (group === 1 && this.points().common) return
    this.registers.setLow(BPR[group], Math.max(value & 7, LEAST_POINT[group]))
  }

  control(): number {
    return this.registers.low(CTLR.slot)
  }

  setControl(value: number): void {
    this.registers.setLow(CTLR, CONTROL_FIXED | (value & (EOI_MODE | CBPR)))
  }

  enabled(group: Group): number {
    return this.registers.low(IGRPEN[group].slot)
  }

  enable(group: Group, value: number): void {
    this.registers.setLow(IGRPEN[group], value & 1)
  }

  activePriorities(group: Group): number {
    return this.registers.low(ACTIVE[group].slot)
  }

  setActivePriorities(group: Group, value: number): void {
    this.registers.setLow(ACTIVE[group], value)
  }

  private points(): BinaryPoints {
    const { registers } = this
    return {
      group0: registers.low(BPR[0].slot),
      group1: registers.low(BPR[1].slot),
      common: (registers.low(CTLR.slot) & CBPR) !== 0,
    }
  }

  /** The most urgent interrupt of the groups that this interface enables, whatever the mask and what is active. */
  private mostUrgent(): { candidate: number; group: Group } | null {
    const { controller, pe } = this
    const best0 = this.enabled(0) ? controller.best(pe, 0) : 0
    const best1 = this.enabled(1) ? controller.best(pe, 1) : 0
    if (best0 === 0 && best1 === 0) return null
    if (best1 === 0 || (best0 !== 0 && best0 < best1)) return { candidate: best0, group: 0 }
    return { candidate: best1, group: 1 }
  }

  private wanted(candidate: number, group: Group): boolean {
    const mask = groupMask(group, this.points())
    return canPreempt(candidatePriority(candidate), mask, this.priorityMask(), this.running())
  }
}
