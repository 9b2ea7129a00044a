/**
 * An exception that the guest's own doing causes. Thrown by the operations of an instruction, caught only where the
 * machine takes exceptions; any other thrown error is a bug of the emulator and stops the run.
 */
export class GuestFault {
  readonly ec: number
  readonly iss: number
  /** FAR_ELx, or null when the exception leaves it alone. */
  readonly far: bigint | null
  /** 2: always to EL2 (stage 2, traps to EL2). 1: to EL1, or EL2 by HCR_EL2.TGE or when taken from EL2. */
  readonly target: 1 | 2
  /** Intermediate physical address for HPFAR_EL2, stage 2 only. */
  readonly ipa: number | null
  /** Preferred return address: this instruction, or the next (SVC, HVC). */
  readonly returnTo: 'this' | 'next'

  constructor(
    ec: number,
    iss: number,
    options: { far?: bigint; target?: 1 | 2; ipa?: number; returnTo?: 'this' | 'next' } = {},
  ) {
    this.ec = ec
    this.iss = iss
    this.far = options.far ?? null
    this.target = options.target ?? 1
    this.ipa = options.ipa ?? null
    this.returnTo = options.returnTo ?? 'this'
  }
}

/** Exception classes that the machine raises (ESR_ELx.EC). Data and instruction aborts are given as taken from a lower EL. */
export const EC = {
  UNKNOWN: 0x00,
  FP_ACCESS: 0x07,
  PAC_TRAP: 0x09,
  BRANCH_TARGET: 0x0d,
  ILLEGAL_STATE: 0x0e,
  SVC: 0x15,
  HVC: 0x16,
  SMC: 0x17,
  SYSREG: 0x18,
  PAC_FAIL: 0x1c,
  INSTRUCTION_ABORT: 0x20,
  PC_ALIGNMENT: 0x22,
  DATA_ABORT: 0x24,
  SP_ALIGNMENT: 0x26,
  SERROR: 0x2f,
  BRK: 0x3c,
} as const

/** Fault status codes (DFSC, IFSC) without the level. */
export const FSC = {
  ADDRESS_SIZE: 0x00,
  TRANSLATION: 0x04,
  ACCESS_FLAG: 0x08,
  PERMISSION: 0x0c,
  EXTERNAL: 0x10,
  TAG_CHECK: 0x11,
  ALIGNMENT: 0x21,
  UNSUPPORTED_UPDATE: 0x31,
} as const

/** The machine itself ends: the guest asked for it (exit), or it cannot go on. */
export class MachineStop {
  readonly kind: 'semihosting-exit' | 'psci-off' | 'psci-reset' | 'lockup' | 'model-error'
  readonly code: number
  readonly message: string
  constructor(kind: MachineStop['kind'], code: number, message = '') {
    this.kind = kind
    this.code = code
    this.message = message
  }
}
