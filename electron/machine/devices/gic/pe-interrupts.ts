import { signalPe } from '../../board/shared-memory.ts'
import { type InterruptRegisters, type InterruptSignals, PPI, SIGNAL } from '../../cpu/interrupts.ts'
import { effectiveSlotOf } from '../../cpu/layout.ts'
import type { InterruptController } from './controller.ts'
import { CpuInterface } from './cpu-interface.ts'
import type { Interface, InterfacePe } from './interface.ts'
import type { Group } from './priorities.ts'
import { sgiRequest } from './sgi.ts'
import { LIST_REGISTERS, VirtualInterface } from './virtual-interface.ts'

const HCR_EL2 = effectiveSlotOf('HCR_EL2')
/** HCR_EL2.FMO and IMO: accesses of EL1 to the registers of Group 0 and of Group 1 are virtual. */
const VIRTUAL = [3, 4] as const

/** ICH_VTR_EL2: five bits of priority, all for preemption, 24-bit INTIDs, A3V, nV4, TDS, the list registers. */
const VTR = 0x90b8_0000 | (LIST_REGISTERS - 1)
/** ICC_SRE_EL1 and ICC_SRE_EL2: system registers always, no bypass, EL1 may use ICC_SRE_EL1. Writes are ignored. */
const SRE_EL1 = 0x7
const SRE_EL2 = 0xf

/** What an access to a register does. Values are 32 bits; `wide` is all 64 of what is written. */
interface Row {
  read?: (pe: PeInterrupts) => number
  /** The read changes what is signalled. */
  acknowledges?: true
  write?: (pe: PeInterrupts, value: number, wide: bigint) => void
}

const ofGroup = (group: Group): Record<string, Row> => ({
  [`ICC_IAR${group}_EL1`]: { read: (pe) => pe.reached(group).acknowledge(group), acknowledges: true },
  [`ICC_EOIR${group}_EL1`]: { write: (pe, value) => pe.reached(group).end(group, value) },
  [`ICC_HPPIR${group}_EL1`]: { read: (pe) => pe.reached(group).pending(group) },
  [`ICC_BPR${group}_EL1`]: {
    read: (pe) => pe.reached(group).binaryPoint(group),
    write: (pe, value) => pe.reached(group).setBinaryPoint(group, value),
  },
  [`ICC_AP${group}R0_EL1`]: {
    read: (pe) => pe.reached(group).activePriorities(group),
    write: (pe, value) => pe.reached(group).setActivePriorities(group, value),
  },
  [`ICC_IGRPEN${group}_EL1`]: {
    read: (pe) => pe.reached(group).enabled(group),
    write: (pe, value) => pe.reached(group).enable(group, value),
  },
  [`ICC_SGI${group}R_EL1`]: { write: (pe, _, wide) => pe.sendSgi(group, wide) },
  [`ICH_AP${group}R0_EL2`]: {
    read: (pe) => pe.virtualInterface.activePriorities(group),
    write: (pe, value) => pe.virtualInterface.setActivePriorities(group, value),
  },
})

const listRegister = (n: number): Row => ({
  write: (pe, low, wide) => pe.virtualInterface.setList(n, low, Number(wide >> 32n)),
})

const rows: Readonly<Record<string, Row>> = {
  ...ofGroup(0),
  ...ofGroup(1),
  ICC_ASGI1R_EL1: { write: (pe, _, wide) => pe.sendSgi(0, wide) },
  ICC_PMR_EL1: {
    read: (pe) => pe.reached('common').priorityMask(),
    write: (pe, value) => pe.reached('common').setPriorityMask(value),
  },
  ICC_RPR_EL1: { read: (pe) => pe.reached('common').running() },
  ICC_DIR_EL1: { write: (pe, value) => pe.reached('common').deactivate(value) },
  ICC_CTLR_EL1: {
    read: (pe) => pe.reached('common').control(),
    write: (pe, value) => pe.reached('common').setControl(value),
  },
  ICC_SRE_EL1: { read: () => SRE_EL1, write: () => {} },
  ICC_SRE_EL2: { read: () => SRE_EL2, write: () => {} },
  ICH_VTR_EL2: { read: () => VTR },
  ICH_HCR_EL2: { write: (pe, value) => pe.virtualInterface.setHcr(value) },
  ICH_VMCR_EL2: { write: (pe, value) => pe.virtualInterface.setVmcr(value) },
  ICH_MISR_EL2: { read: (pe) => pe.virtualInterface.misr() },
  ICH_EISR_EL2: { read: (pe) => pe.virtualInterface.eisr() },
  ICH_ELRSR_EL2: { read: (pe) => pe.virtualInterface.elrsr() },
  ...Object.fromEntries(
    Array.from({ length: LIST_REGISTERS }, (_, n) => [`ICH_LR${n}_EL2`, listRegister(n)]),
  ),
}

/**
 * The interrupts of one PE: its two CPU interfaces, the system registers that reach them, and what they signal. Its own
 * thread alone uses it. Every access may change what is signalled, so the PE looks anew before its next instruction.
 */
export class PeInterrupts implements InterruptSignals, InterruptRegisters {
  readonly virtualInterface: VirtualInterface
  private readonly pe: InterfacePe
  private readonly control: Int32Array
  private readonly controller: InterruptController
  private readonly physicalInterface: CpuInterface

  constructor(pe: InterfacePe, control: Int32Array, controller: InterruptController) {
    this.pe = pe
    this.control = control
    this.controller = controller
    this.physicalInterface = new CpuInterface(pe, controller)
    this.virtualInterface = new VirtualInterface(pe, (intid) => controller.deactivate(pe.pe, intid))
  }

  physical(): number {
    return signal(this.physicalInterface.signalled())
  }

  virtual(): number {
    return signal(this.virtualInterface.signalled())
  }

  /** The value of a register, after what reading it does (IAR acknowledges). */
  read(name: string): bigint {
    const { read, acknowledges } = rows[name]!
    if (read === undefined) throw new Error(`${name} has no value of its own`)
    const value = read(this)
    if (acknowledges) this.evaluate()
    return BigInt(value >>> 0)
  }

  /** @param value without the bits that the row has as RES0 */
  write(name: string, value: bigint): void {
    const { write } = rows[name]!
    if (write === undefined) throw new Error(`${name} is not written by the guest`)
    write(this, Number(value & 0xffff_ffffn) | 0, value)
    this.evaluate()
  }

  /** The interface that an access at the current EL reaches, for registers of one group, or common to both. */
  reached(group: Group | 'common'): Interface {
    const { pe } = this
    if (pe.el !== 1) return this.physicalInterface
    const virtual =
      group === 'common'
        ? pe.bit(HCR_EL2, VIRTUAL[0]) | pe.bit(HCR_EL2, VIRTUAL[1])
        : pe.bit(HCR_EL2, VIRTUAL[group])
    return virtual ? this.virtualInterface : this.physicalInterface
  }

  sendSgi(group: Group, value: bigint): void {
    const { controller, pe } = this
    const { intid, targets } = sgiRequest(value)
    if (targets === null) {
      for (let other = 0; other < controller.pes; other++)
        if (other !== pe.pe) controller.sendSgi(other, intid, group)
      return
    }
    for (const affinity of targets) {
      const target = controller.peOf(affinity)
      if (target >= 0) controller.sendSgi(target, intid, group)
    }
  }

  /** Drives the maintenance interrupt and lets the PE look: after an access, and after a reset of the PE. */
  evaluate(): void {
    const { controller, pe } = this
    controller.setPrivate(pe.pe, PPI.GIC_MAINTENANCE, this.virtualInterface.maintenance())
    signalPe(this.control, pe.pe)
  }
}

const signal = (group: Group | null): number => (group === null ? 0 : group === 1 ? SIGNAL.IRQ : SIGNAL.FIQ)
