import { maskOf } from '../../../shared/base/bits.ts'
import type { PauthKey } from '../../../shared/isa/operations.ts'
import type { Core } from '../cpu/core.ts'
import { EC, GuestFault } from '../cpu/fault.ts'
import { effectiveSlotOf } from '../cpu/layout.ts'
import { type Half, HCR } from '../mmu/controls.ts'
import { computePac } from './qarma5.ts'

/** The keys by the prefix of their registers; APGA is that of PACGA. */
export type KeyName = PauthKey | 'APGA'

interface Key {
  name: PauthKey
  /** Words of the two halves of the key. */
  low: number
  high: number
  /** SCTLR_ELx.EnIA, EnIB, EnDA or EnDB. */
  enable: bigint
  /** PACDx and AUTDx: addresses of data, to which TCR_ELx.TBID does not apply. */
  data: boolean
  /** ISS of EC 0x1c: bit 1 a data key, bit 0 key B. */
  syndrome: number
}

type Halves = Pick<Key, 'low' | 'high'> & { name: KeyName }

const key = (name: PauthKey, enable: number, syndrome: number): Key => ({
  name,
  low: effectiveSlotOf(`${name}KeyLo_EL1`),
  high: effectiveSlotOf(`${name}KeyHi_EL1`),
  enable: 1n << BigInt(enable),
  data: (syndrome & 2) !== 0,
  syndrome,
})

const keys: Readonly<Record<PauthKey, Key>> = {
  APIA: key('APIA', 31, 0),
  APIB: key('APIB', 30, 1),
  APDA: key('APDA', 27, 2),
  APDB: key('APDB', 13, 3),
}
const GENERIC = {
  name: 'APGA',
  low: effectiveSlotOf('APGAKeyLo_EL1'),
  high: effectiveSlotOf('APGAKeyHi_EL1'),
} as const

const BIT55 = 1n << 55n

/** Bits above an address of a range: all of them down to the PAC's lowest, with or without the top byte. */
const extensionOf = ({ lowestPacBit }: Half, topByteIgnored: boolean): bigint =>
  maskOf(topByteIgnored ? 55 : 63, lowestPacBit)

/**
 * Signing and authentication of pointers by one PE: FEAT_PAuth with FEAT_PAuth2 (the code is added to the extension bits),
 * FEAT_FPAC and FEAT_FPACCOMBINE (what does not authenticate is a fault, in combined instructions too), and QARMA5.
 * Source: DDI 0487, AddPAC, Auth, Strip, AddPACGA, CalculateBottomPACBit, AArch64.PACFailException.
 *
 * The top byte, with the Logical Address Tag in it, stays as it is where the regime ignores it; elsewhere it holds the code.
 */
export class PointerAuthentication {
  private readonly core: Core
  private readonly present: boolean

  constructor(core: Core) {
    this.core = core
    this.present = core.features.has('FEAT_PAuth')
  }

  /** PAC*: the pointer unchanged where SCTLR_ELx does not enable the key (always without the feature: the bits are RES0). */
  sign(pointer: bigint, modifier: bigint, name: PauthKey): bigint {
    const key = keys[name]
    if (!this.enabled(key)) return pointer
    this.checkTrap()
    const upper = this.selectsUpper(pointer, key.data)
    const extension = extensionOf(this.range(upper), this.topByteIgnored(pointer, key.data))
    const code = this.code(upper ? pointer | extension : pointer & ~extension, modifier, key)
    const signed = pointer ^ (code & extension)
    return upper ? signed | BIT55 : signed & ~BIT55
  }

  /** AUT*, alone or combined with a branch or a load. @throws GuestFault where the code does not match */
  authenticate(pointer: bigint, modifier: bigint, name: PauthKey): bigint {
    const key = keys[name]
    if (!this.enabled(key)) return pointer
    this.checkTrap()
    const extension = this.extension(pointer, key.data)
    const canonical = pointer & BIT55 ? extension : 0n
    const code = this.code((pointer & ~extension) | canonical, modifier, key)
    const plain = pointer ^ (code & extension & ~BIT55)
    if ((plain & extension) !== canonical) throw new GuestFault(EC.PAC_FAIL, key.syndrome)
    return plain
  }

  /** XPAC*: never trapped. */
  strip(pointer: bigint, data: boolean): bigint {
    if (!this.present) return pointer
    const extension = this.extension(pointer, data)
    return pointer & BIT55 ? pointer | extension : pointer & ~extension
  }

  /** PACGA: the code in bits 63:32. No bit enables it. */
  generic(value: bigint, modifier: bigint): bigint {
    this.checkTrap()
    return (this.code(value, modifier, GENERIC) >> 32n) << 32n
  }

  private enabled({ enable }: Key): boolean {
    return (this.core.sctlr() & enable) !== 0n
  }

  /** HCR_EL2.API = 0 traps what EL1 and EL0 use, but not EL0 of a VHE host. */
  private checkTrap(): void {
    const { core } = this
    if (core.el === 2 || core.hcr() & HCR.API) return
    if (core.el === 0 && core.e2h() && core.tge()) return
    throw new GuestFault(EC.PAC_TRAP, 0, { target: 2 })
  }

  private code(pointer: bigint, modifier: bigint, { name, high, low }: Halves): bigint {
    const { state, sync, watcher } = this.core
    if (sync.pending) sync.useKey(low, high)
    watcher?.signing(name)
    return computePac(pointer, modifier, state[high]!, state[low]!)
  }

  private range(upper: boolean): Half {
    const [lower, other] = this.core.controls().halves
    return upper && other !== null ? other : lower
  }

  private topByteIgnored(pointer: bigint, data: boolean): boolean {
    return ignores(this.range((pointer & BIT55) !== 0n), data)
  }

  private extension(pointer: bigint, data: boolean): bigint {
    const range = this.range((pointer & BIT55) !== 0n)
    return extensionOf(range, ignores(range, data))
  }

  /**
   * The bit that the extension of a pointer to be signed repeats: bit 55 where either range ignores its top byte, so that
   * an address with anything in it keeps its range; else bit 63.
   */
  private selectsUpper(pointer: bigint, data: boolean): boolean {
    const [lower, upper] = this.core.controls().halves
    const by55 = ignores(lower, data) || (upper !== null && ignores(upper, data))
    return ((pointer >> (by55 ? 55n : 63n)) & 1n) === 1n
  }
}

const ignores = (range: Half, data: boolean): boolean =>
  data ? range.topByteIgnored : range.topByteIgnoredForCode
