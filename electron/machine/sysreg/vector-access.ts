import type { Core } from '../cpu/core.ts'
import { EC, GuestFault } from '../cpu/fault.ts'
import { effectiveSlotOf } from '../cpu/layout.ts'

const CPACR = effectiveSlotOf('CPACR_EL1')
const CPTR = effectiveSlotOf('CPTR_EL2')
const FPEN = 20
const TFP = 10

/** A bit of a trap control as this instruction sees it. */
function control(core: Core, slot: number, bit: number): boolean {
  if (core.sync.pending) core.sync.useBit(slot, bit)
  return core.bit(slot, bit) === 1
}

/** ISS of EC 0x07: COND is 0b1110 and valid in AArch64. */
const SYNDROME = (1 << 24) | (0xe << 20)

/**
 * CheckFPAdvSIMDEnabled64: traps of the SIMD and floating-point registers, FPCR and FPSR included. CPACR_EL1.FPEN comes first,
 * then CPTR_EL2 (TFP, or FPEN while E2H is 1). A trap to EL1 that HCR_EL2.TGE sends to EL2 is reported there as an exception
 * of unknown reason (AArch64.AdvSIMDFPAccessTrap).
 */
export function checkVectorAccess(core: Core): void {
  const { el } = core
  const inHost = core.e2h() && core.tge()
  if (el === 1 || (el === 0 && !inHost)) {
    if (!control(core, CPACR, FPEN) || (el === 0 && !control(core, CPACR, FPEN + 1))) {
      throw core.tge() ? new GuestFault(EC.UNKNOWN, 0, { target: 2 }) : new GuestFault(EC.FP_ACCESS, SYNDROME)
    }
  }
  if (!core.e2h()) {
    if (control(core, CPTR, TFP)) throw new GuestFault(EC.FP_ACCESS, SYNDROME, { target: 2 })
    return
  }
  if (!control(core, CPTR, FPEN)) {
    // FPEN = x0 leaves EL1 alone only under TGE, where there is no EL1.
    if (el !== 1 || !core.tge()) throw new GuestFault(EC.FP_ACCESS, SYNDROME, { target: 2 })
  } else if (el === 0 && core.tge() && !control(core, CPTR, FPEN + 1)) {
    throw new GuestFault(EC.FP_ACCESS, SYNDROME, { target: 2 })
  }
}
