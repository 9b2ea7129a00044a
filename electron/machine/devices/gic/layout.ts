/**
 * The interrupt controller's state as 32-bit words of shared memory: all of it but the CPU interfaces, which are words of
 * their PE (cpu/layout.ts). Memory of zeros is the state after reset.
 *
 * Interrupts lie in banks of 32, as the register frames number them. Bank 0 holds the private interrupts (SGIs 0 to 15,
 * PPIs 16 to 31), one for each PE; banks 1 to 8 the shared ones (SPIs 32 to 287, as many as QEMU's virt board has).
 */
export const INTERRUPTS = 288
export const BANKS = INTERRUPTS / 32
export const FIRST_SPI = 32

/** Words of a bank: one bit an interrupt, then the priorities as bytes. */
export const bankWord = {
  /** 1: Group 1. */
  GROUP: 0,
  ENABLE: 1,
  /** Made pending by an edge, an SGI or a write, and not yet acknowledged or cleared. */
  LATCH: 2,
  ACTIVE: 3,
  /** Level of the input. */
  LINE: 4,
  /** 1: edge-triggered. SGIs are so without their bits (edgesOf). */
  EDGE: 5,
  PRIORITY: 8,
} as const
const BANK_WORDS = 16

/** Held while anything but a PE's own BEST words is read and written as one. */
export const LOCK = 0
/** GICD_CTLR.EnableGrp0 and EnableGrp1. */
export const CONTROL = 1

const SHARED = 16
/** GICD_IROUTER<n> of SPI 32 and up, packed (see packAffinity). */
const ROUTES = SHARED + (BANKS - 1) * BANK_WORDS
const PRIVATE = ROUTES + INTERRUPTS - FIRST_SPI
const PE_WORDS = 32

/** Words of a PE behind its bank. */
export const peState = {
  /** 1: GICR_WAKER.ProcessorSleep was cleared. */
  AWAKE: BANK_WORDS,
  /** The most urgent interrupt that could be signalled, of Group 0 and of Group 1: see `candidate`; 0 for none. */
  BEST: BANK_WORDS + 1,
} as const

const MAX_PES = 16
export const GIC_WORDS = PRIVATE + MAX_PES * PE_WORDS

/** First word of a PE's own words; its bank of private interrupts begins there. */
export const privateBase = (pe: number): number => PRIVATE + pe * PE_WORDS

/** First word of the bank with this number as a PE sees it. */
export const bankBase = (pe: number, bank: number): number =>
  bank === 0 ? privateBase(pe) : SHARED + (bank - 1) * BANK_WORDS

export const routeWord = (spi: number): number => ROUTES + spi - FIRST_SPI

/** Aff3 to Aff0 of a 64-bit affinity (Aff3 in bits 39:32), as 32 bits. */
export const packAffinity = (low: number, high: number): number => ((high & 0xff) << 24) | (low & 0xff_ffff)

/** A pending interrupt with its priority: the smaller, the more urgent; of equal priority the lower INTID. Never 0. */
export const candidate = (priority: number, intid: number): number => (1 << 30) | (priority << 16) | intid
export const candidatePriority = (best: number): number => (best >>> 16) & 0xff
export const candidateIntid = (best: number): number => best & 0xffff
