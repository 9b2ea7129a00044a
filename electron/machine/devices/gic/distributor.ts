import { GIC_DISTRIBUTOR_BASE, GIC_DISTRIBUTOR_SIZE } from '../../board/map.ts'
import type { Device } from '../bus.ts'
import { bankRegister, readBank, writeBank, writePriority } from './banks.ts'
import type { InterruptController } from './controller.ts'
import { BANKS, bankBase, CONTROL, FIRST_SPI, INTERRUPTS, packAffinity, routeWord } from './layout.ts'

const GICD_CTLR = 0x0000
const GICD_TYPER = 0x0004
const GICD_IIDR = 0x0008
const GICD_IROUTER = 0x6000
const IDENTIFICATION = 0xffd0

/** DS: one Security state; ARE: affinity routing always. Both read as one and ignore writes. */
const CTLR_FIXED = 0x50
const CTLR_ENABLES = 0x3
/** No1N, A3V; ten bits of INTIDs; no LPIs, message-based SPIs, extended ranges or NMIs; ITLinesNumber. */
const TYPER = (1 << 25) | (1 << 24) | (9 << 19) | (BANKS - 1)
/** GICD_IIDR and GICR_IIDR of QEMU's board. */
export const IIDR = 0x43b
/** PIDR4 to PIDR7, PIDR0 to PIDR3 (PIDR2.ArchRev says GICv3), CIDR0 to CIDR3. PIDR0 tells the frames apart. */
const identification = [0x44, 0, 0, 0, 0x92, 0xb4, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1]

/** A word of the identification registers at 0xffd0 of a frame. @param part PIDR0 */
export const identify = (offset: number, part: number): number => {
  const index = (offset - IDENTIFICATION) >>> 2
  return index === 4 ? part : (identification[index] ?? 0)
}

/**
 * The distributor's frame (IHI 0069, 12.9). Words everywhere, bytes of GICD_IPRIORITYR<n>, doublewords of GICD_IROUTER<n>;
 * what is not there, and accesses of other sizes, read as zero and ignore writes.
 */
export class Distributor implements Device {
  readonly name = 'gicd'
  readonly base = GIC_DISTRIBUTOR_BASE
  readonly size = GIC_DISTRIBUTOR_SIZE
  private readonly controller: InterruptController

  constructor(controller: InterruptController) {
    this.controller = controller
  }

  read(offset: number, bytes: number): bigint {
    if (offset % bytes !== 0) return 0n
    switch (bytes) {
      case 1:
        return BigInt(this.readPriority(offset))
      case 4:
        return BigInt(this.readWord(offset) >>> 0)
      case 8: {
        const spi = routedSpi(offset)
        if (spi < 0) return 0n
        return BigInt(this.routeHalf(spi, 0)) | (BigInt(this.routeHalf(spi, 1)) << 32n)
      }
      default:
        return 0n
    }
  }

  write(offset: number, bytes: number, value: bigint): void {
    if (offset % bytes !== 0) return
    const low = Number(value & 0xffff_ffffn)
    switch (bytes) {
      case 1:
        this.writePriority(offset, low)
        return
      case 4:
        this.writeWord(offset, low)
        return
      case 8: {
        const spi = routedSpi(offset)
        if (spi >= 0) this.route(spi, packAffinity(low, Number((value >> 32n) & 0xffn)))
      }
    }
  }

  private readPriority(offset: number): number {
    const register = bankRegister(offset)
    if (register?.kind !== 'priority') return 0
    return (this.readWord(offset & ~3) >>> ((offset & 3) * 8)) & 0xff
  }

  private writePriority(offset: number, value: number): void {
    const register = bankRegister(offset)
    if (register?.kind !== 'priority' || register.bank === 0) return
    const { controller } = this
    controller.change(() => writePriority(controller.words, bankBase(0, register.bank), offset & 31, value))
  }

  private readWord(offset: number): number {
    const { controller } = this
    const { words } = controller
    switch (offset) {
      case GICD_CTLR:
        return CTLR_FIXED | words[CONTROL]!
      case GICD_TYPER:
        return TYPER
      case GICD_IIDR:
        return IIDR
      default:
    }
    if (offset >= IDENTIFICATION) return identify(offset, 0x92)
    const spi = routedSpi(offset)
    if (spi >= 0) return this.routeHalf(spi, (offset >>> 2) & 1)
    const register = sharedRegister(offset)
    return register ? readBank(words, bankBase(0, register.bank), register) : 0
  }

  private writeWord(offset: number, value: number): void {
    const { controller } = this
    const { words } = controller
    if (offset === GICD_CTLR) {
      controller.change(() => {
        words[CONTROL] = value & CTLR_ENABLES
      })
      return
    }
    const spi = routedSpi(offset)
    if (spi >= 0) {
      const old = words[routeWord(spi)]!
      this.route(spi, offset & 4 ? packAffinity(old, value) : packAffinity(value, old >>> 24))
      return
    }
    const register = sharedRegister(offset)
    if (register) controller.change(() => writeBank(words, bankBase(0, register.bank), register, value))
  }

  /** One half of GICD_IROUTER<n>: Aff2 to Aff0, or Aff3. Interrupt_Routing_Mode is RES0, because TYPER.No1N is 1. */
  private routeHalf(spi: number, half: number): number {
    const route = this.controller.words[routeWord(spi)]!
    return half === 0 ? route & 0xff_ffff : route >>> 24
  }

  private route(spi: number, affinity: number): void {
    const { controller } = this
    controller.change(() => {
      controller.words[routeWord(spi)] = affinity
    })
  }
}

/** SPI of a GICD_IROUTER<n> at an offset, or -1. */
function routedSpi(offset: number): number {
  const intid = (offset - GICD_IROUTER) >> 3
  return intid >= FIRST_SPI && intid < INTERRUPTS ? intid : -1
}

/** Bank 0 belongs to the redistributors; with affinity routing it reads as zero here. */
function sharedRegister(offset: number): ReturnType<typeof bankRegister> {
  const register = bankRegister(offset)
  return register && register.bank > 0 && register.bank < BANKS ? register : null
}
