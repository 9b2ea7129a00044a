import { GIC_REDISTRIBUTOR_BASE, GIC_REDISTRIBUTOR_STRIDE } from '../../board/map.ts'
import type { Device } from '../bus.ts'
import { type BankRegister, bankRegister, readBank, writeBank, writePriority } from './banks.ts'
import type { InterruptController } from './controller.ts'
import { IIDR, identify } from './distributor.ts'
import { peState, privateBase } from './layout.ts'

const GICR_IIDR = 0x0004
const GICR_TYPER = 0x0008
const GICR_WAKER = 0x0014
const IDENTIFICATION = 0xffd0
const SGI_FRAME = 0x1_0000
/** ProcessorSleep and ChildrenAsleep: the children follow at once. */
const ASLEEP = 0x6
const PROCESSOR_SLEEP = 0x2
/** GICR_TYPER.Last: no redistributor behind this one. */
const LAST = 0x10

/**
 * The redistributors of all PEs, one behind the other in the order of their numbers (IHI 0069, 12.10 and 12.11): a control
 * frame and a frame for SGIs and PPIs each. GICR_CTLR is 0, because there are no LPIs. GICR_WAKER only remembers what is
 * written: interrupts are signalled to a PE that software left asleep, as on QEMU.
 */
export class Redistributors implements Device {
  readonly name = 'gicr'
  readonly base = GIC_REDISTRIBUTOR_BASE
  readonly size: number
  private readonly controller: InterruptController

  constructor(controller: InterruptController) {
    this.controller = controller
    this.size = controller.pes * GIC_REDISTRIBUTOR_STRIDE
  }

  read(offset: number, bytes: number): bigint {
    if (offset % bytes !== 0) return 0n
    const pe = Math.floor(offset / GIC_REDISTRIBUTOR_STRIDE)
    const at = offset % GIC_REDISTRIBUTOR_STRIDE
    switch (bytes) {
      case 1: {
        const register = privateRegister(at)
        if (register?.kind !== 'priority') return 0n
        return BigInt((this.readWord(pe, at & ~3) >>> ((at & 3) * 8)) & 0xff)
      }
      case 4:
        return BigInt(this.readWord(pe, at) >>> 0)
      case 8:
        if (at !== GICR_TYPER) return 0n
        return BigInt(this.typer(pe)) | (BigInt(this.controller.affinityOf(pe) >>> 0) << 32n)
      default:
        return 0n
    }
  }

  write(offset: number, bytes: number, value: bigint): void {
    if (offset % bytes !== 0) return
    const pe = Math.floor(offset / GIC_REDISTRIBUTOR_STRIDE)
    const at = offset % GIC_REDISTRIBUTOR_STRIDE
    const low = Number(value & 0xffff_ffffn)
    const { controller } = this
    const { words } = controller
    const bank = privateBase(pe)
    if (bytes === 4 && at === GICR_WAKER) {
      controller.change(() => {
        words[bank + peState.AWAKE] = low & PROCESSOR_SLEEP ? 0 : 1
      }, pe)
      return
    }
    const register = privateRegister(at)
    if (register === null) return
    if (bytes === 4) controller.change(() => writeBank(words, bank, register, low), pe)
    else if (bytes === 1 && register.kind === 'priority')
      controller.change(() => writePriority(words, bank, at & 31, low), pe)
  }

  private readWord(pe: number, at: number): number {
    const { controller } = this
    const { words } = controller
    switch (at) {
      case GICR_IIDR:
        return IIDR
      case GICR_TYPER:
        return this.typer(pe)
      case GICR_TYPER + 4:
        return controller.affinityOf(pe)
      case GICR_WAKER:
        return words[privateBase(pe) + peState.AWAKE] ? 0 : ASLEEP
      default:
    }
    if (at >= IDENTIFICATION && at < SGI_FRAME) return identify(at, 0x93)
    const register = privateRegister(at)
    return register ? readBank(words, privateBase(pe), register) : 0
  }

  /** Processor_Number and Last; no LPIs, physical or virtual. */
  private typer(pe: number): number {
    return (pe << 8) | (pe === this.controller.pes - 1 ? LAST : 0)
  }
}

function privateRegister(at: number): BankRegister | null {
  if (at < SGI_FRAME) return null
  const register = bankRegister(at - SGI_FRAME)
  return register?.bank === 0 ? register : null
}
