import { GIC_REDISTRIBUTOR_STRIDE } from '../../electron/machine/board/map.ts'
import {
  allocateShared,
  peControl,
  peWord,
  type Views,
  viewsOf,
} from '../../electron/machine/board/shared-memory.ts'
import { effectiveSlotOf, slotOf } from '../../electron/machine/cpu/layout.ts'
import { InterruptController } from '../../electron/machine/devices/gic/controller.ts'
import { Distributor } from '../../electron/machine/devices/gic/distributor.ts'
import { PeInterrupts } from '../../electron/machine/devices/gic/pe-interrupts.ts'
import { Redistributors } from '../../electron/machine/devices/gic/redistributor.ts'
import { gic as rows } from '../../shared/arch/sysregs/gic.ts'
import { sysregs } from '../../shared/arch/sysregs.ts'

const HCR = effectiveSlotOf('HCR_EL2')
export const HCR_FMO = 1n << 3n
export const HCR_IMO = 1n << 4n

/** The interrupt controller of a machine and the interfaces of its PEs, without anything around. Registers are reset. */
export class TestGic {
  readonly views: Views
  readonly controller: InterruptController
  readonly distributor: Distributor
  readonly redistributors: Redistributors
  /** Registers that were said to have changed, in order. */
  readonly touched: string[] = []
  private readonly pes: { el: number; interrupts: PeInterrupts }[]

  constructor(pes = 1) {
    this.views = viewsOf(allocateShared(pes, 2 << 20))
    const { views } = this
    this.controller = new InterruptController(views)
    this.distributor = new Distributor(this.controller)
    this.redistributors = new Redistributors(this.controller)
    this.pes = Array.from({ length: pes }, (_, pe) => {
      const state = views.state(pe)
      const fake = {
        pe,
        el: 2,
        state,
        bit: (slot: number, bit: number) => Number((state[slot]! >> BigInt(bit)) & 1n) as 0 | 1,
        recorder: { touch: (name: string) => void this.touched.push(name) },
      }
      for (const name of Object.keys(rows)) {
        const { reset } = sysregs[name as keyof typeof rows]
        if (typeof reset === 'bigint') state[slotOf(name)] = reset
      }
      return Object.assign(fake, { interrupts: new PeInterrupts(fake, views.control, this.controller) })
    })
  }

  /** At which EL a PE is, and what HCR_EL2 holds. */
  at(el: 1 | 2, hcr = 0n, pe = 0): this {
    this.pes[pe]!.el = el
    this.views.state(pe)[HCR] = hcr
    return this
  }

  interrupts(pe = 0): PeInterrupts {
    return this.pes[pe]!.interrupts
  }

  /** MRS of a register that the interface computes, or of its word. */
  get(name: keyof typeof rows, pe = 0): number {
    return 'computed' in rows[name] ? Number(this.interrupts(pe).read(name)) : Number(this.word(name, pe))
  }

  word(name: keyof typeof rows, pe = 0): bigint {
    return this.views.state(pe)[slotOf(name)]!
  }

  set(name: keyof typeof rows, value: number | bigint, pe = 0): this {
    this.interrupts(pe).write(name, BigInt.asUintN(64, BigInt(value)))
    return this
  }

  /** A 32-bit register of the distributor. */
  gicd(offset: number, value?: number): number {
    if (value !== undefined) this.distributor.write(offset, 4, BigInt(value >>> 0))
    return Number(this.distributor.read(offset, 4))
  }

  /** A 32-bit register of a PE's control frame (0) or SGI frame (0x10000). */
  gicr(offset: number, value?: number, pe = 0): number {
    const at = pe * GIC_REDISTRIBUTOR_STRIDE + offset
    if (value !== undefined) this.redistributors.write(at, 4, BigInt(value >>> 0))
    return Number(this.redistributors.read(at, 4))
  }

  /** Everything enabled that can be; all interrupts are of Group 1 but those listed, and have priority 0x80. */
  enableAll(group0: readonly number[] = []): this {
    this.gicd(0, 3)
    for (let bank = 0; bank < 9; bank++) {
      let groups = 0xffff_ffff
      for (const intid of group0) if (intid >>> 5 === bank) groups &= ~(1 << (intid & 31))
      if (bank === 0) {
        for (let pe = 0; pe < this.pes.length; pe++) {
          this.gicr(0x1_0080, groups, pe)
          this.gicr(0x1_0100, 0xffff_ffff, pe)
        }
      } else {
        this.gicd(0x80 + bank * 4, groups)
        this.gicd(0x100 + bank * 4, 0xffff_ffff)
      }
    }
    for (let intid = 0; intid < 288; intid++) this.priority(intid, 0x80)
    for (let pe = 0; pe < this.pes.length; pe++) {
      this.set('ICC_PMR_EL1', 0xff, pe).set('ICC_IGRPEN0_EL1', 1, pe).set('ICC_IGRPEN1_EL1', 1, pe)
    }
    return this
  }

  /** Sets an interrupt's priority, of a private one on every PE. */
  priority(intid: number, priority: number): this {
    if (intid >= 32) this.distributor.write(0x400 + intid, 1, BigInt(priority))
    else
      for (let pe = 0; pe < this.pes.length; pe++) {
        const at = pe * GIC_REDISTRIBUTOR_STRIDE + 0x1_0400 + intid
        this.redistributors.write(at, 1, BigInt(priority))
      }
    return this
  }

  /** Writes the bit of an interrupt in a register with one bit an interrupt, 0x200 for ISPENDR. */
  bit(register: number, intid: number, pe = 0): this {
    const bit = 1 << (intid & 31)
    if (intid < 32) this.gicr(0x1_0000 + register, bit, pe)
    else this.gicd(register + (intid >>> 5) * 4, bit)
    return this
  }

  /** Inactive, pending, active, or active and pending. */
  state(intid: number, pe = 0): string {
    const read = (register: number): boolean => {
      const word =
        intid < 32 ? this.gicr(0x1_0000 + register, undefined, pe) : this.gicd(register + (intid >>> 5) * 4)
      return (word & (1 << (intid & 31))) !== 0
    }
    const [pending, active] = [read(0x200), read(0x300)]
    return active ? (pending ? 'active and pending' : 'active') : pending ? 'pending' : 'inactive'
  }

  /** Whether a PE was told to look at its signals since the last call. */
  attention(pe = 0): boolean {
    const at = peWord(pe, peControl.ATTENTION)
    const set = this.views.control[at] !== 0
    this.views.control[at] = 0
    return set
  }
}
