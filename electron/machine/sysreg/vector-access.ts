import type { Core } from '../cpu/core.ts'
import { EC, GuestFault } from '../cpu/fault.ts'
import { effectiveSlotOf } from '../cpu/layout.ts'

const CPACR = effectiveSlotOf('CPACR_EL1')
const CPTR = effectiveSlotOf('CPTR_EL2')
const FPEN = 20
const TFP = 10

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
    if (!core.bit(CPACR, FPEN) || (el === 0 && !core.bit(CPACR, FPEN + 1))) {
      throw core.tge() ? new GuestFault(EC.UNKNOWN, 0, { target: 2 }) : new GuestFault(EC.FP_ACCESS, SYNDROME)
    }
  }
  if (!core.e2h()) {
    if (core.bit(CPTR, TFP)) throw new GuestFault(EC.FP_ACCESS, SYNDROME, { target: 2 })
    return
  }
  if (!core.bit(CPTR, FPEN)) {
    // FPEN = x0 leaves EL1 alone only under TGE, where there is no EL1.
    if (el !== 1 || !core.tge()) throw new GuestFault(EC.FP_ACCESS, SYNDROME, { target: 2 })
  } else if (el === 0 && core.tge() && !core.bit(CPTR, FPEN + 1)) {
    throw new GuestFault(EC.FP_ACCESS, SYNDROME, { target: 2 })
  }
}
