import { affinityValue } from '../../../shared/arch/identification-values.ts'
import { MachineStop } from '../cpu/fault.ts'

/** Power control that the firmware interface needs of the board. */
export interface PowerPorts {
  pes: number
  isOn(pe: number): boolean
  /** Starts a PE at an address with a context id in X0. @returns false when it is on already or being switched on */
  turnOn(pe: number, entry: bigint, context: bigint): boolean
  /** Switches the calling PE off; never returns to the caller. */
  turnOff(): void
  /** The calling PE waits as in WFI. */
  suspend(): void
}

const SUCCESS = 0n
const NOT_SUPPORTED = BigInt.asUintN(64, -1n)
const INVALID_PARAMETERS = BigInt.asUintN(64, -2n)
const ALREADY_ON = BigInt.asUintN(64, -4n)
const MPIDR_AFFINITY = 0xff_00ff_ffffn

const functions = {
  VERSION: 0x8400_0000,
  CPU_SUSPEND: 0x8400_0001,
  CPU_OFF: 0x8400_0002,
  CPU_ON: 0x8400_0003,
  AFFINITY_INFO: 0x8400_0004,
  MIGRATE_INFO_TYPE: 0x8400_0006,
  SYSTEM_OFF: 0x8400_0008,
  SYSTEM_RESET: 0x8400_0009,
  FEATURES: 0x8400_000a,
  SMCCC_VERSION: 0x8000_0000,
  SMCCC_ARCH_FEATURES: 0x8000_0001,
} as const
const SMC64 = 0x4000_0000
const supported = new Set<number>([
  functions.VERSION,
  functions.CPU_SUSPEND,
  functions.CPU_OFF,
  functions.CPU_ON,
  functions.AFFINITY_INFO,
  functions.MIGRATE_INFO_TYPE,
  functions.SYSTEM_OFF,
  functions.SYSTEM_RESET,
  functions.FEATURES,
  functions.SMCCC_VERSION,
])
/** Functions that also exist with the 64-bit calling convention (bit 30 set). */
const wide = new Set<number>([functions.CPU_SUSPEND, functions.CPU_ON, functions.AFFINITY_INFO])

/**
 * PSCI 1.1 and the SMCCC version call (Arm DEN 0022, DEN 0028). CPU_SUSPEND is a standby: a WFI
 * whose end returns to the caller, whatever state was asked for.
 * @param x the caller's X0 to X3
 * @returns the value for X0
 */
export function psci(x: readonly [bigint, bigint, bigint, bigint], ports: PowerPorts): bigint {
  const id = Number(x[0] & 0xffff_ffffn)
  const plain = wide.has((id & ~SMC64) >>> 0) ? (id & ~SMC64) >>> 0 : id
  const find = (affinity: bigint): number => {
    for (let pe = 0; pe < ports.pes; pe++) if ((affinityValue(pe) & MPIDR_AFFINITY) === affinity) return pe
    return -1
  }
  switch (plain) {
    case functions.VERSION:
      return 0x0001_0001n
    case functions.SMCCC_VERSION:
      return 0x0001_0001n
    case functions.CPU_SUSPEND:
      ports.suspend()
      return SUCCESS
    case functions.CPU_OFF:
      ports.turnOff()
      return SUCCESS
    case functions.CPU_ON: {
      const pe = find(x[1])
      if (pe < 0) return INVALID_PARAMETERS
      return ports.turnOn(pe, x[2], x[3]) ? SUCCESS : ALREADY_ON
    }
    case functions.AFFINITY_INFO: {
      const pe = find(x[1])
      if (pe < 0 || x[2] !== 0n) return INVALID_PARAMETERS
      return ports.isOn(pe) ? 0n : 1n
    }
    case functions.MIGRATE_INFO_TYPE:
      return 2n
    case functions.SYSTEM_OFF:
      throw new MachineStop('psci-off', 0)
    case functions.SYSTEM_RESET:
      throw new MachineStop('psci-reset', 0)
    case functions.FEATURES: {
      const asked = Number(x[1] & 0xffff_ffffn)
      const known = supported.has(asked) || wide.has((asked & ~SMC64) >>> 0)
      return known ? SUCCESS : NOT_SUPPORTED
    }
    default:
      return NOT_SUPPORTED
  }
}
