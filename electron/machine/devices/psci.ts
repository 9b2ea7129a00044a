import { affinityValue } from '../../../shared/arch/identification-values.ts'
import { MachineStop } from '../cpu/fault.ts'

/** What PSCI says of a PE's power, with the values of AFFINITY_INFO. */
export const power = { ON: 0, OFF: 1, ON_PENDING: 2 } as const

/** Power control that the firmware interface needs of the board. */
export interface PowerPorts {
  pes: number
  /** One of `power`. */
  power(pe: number): number
  /** Starts a PE that is off at an address with a context id in X0. @returns false when another PE was quicker */
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
const ON_PENDING = BigInt.asUintN(64, -5n)
const NO_MIGRATION = 2n
const VERSION_1_1 = 0x0001_0001n
const MPIDR_AFFINITY = 0xff_00ff_ffffn
/** Bits of CPU_SUSPEND's power_state that must be zero: a power level other than 0, and reserved ones. A power-down waits too. */
const POWER_STATE_ZERO = 0xfffe_0000n

type Call =
  | 'VERSION'
  | 'CPU_SUSPEND'
  | 'CPU_OFF'
  | 'CPU_ON'
  | 'AFFINITY_INFO'
  | 'MIGRATE_INFO_TYPE'
  | 'SYSTEM_OFF'
  | 'SYSTEM_RESET'
  | 'FEATURES'

/** Function identifiers, those with 32-bit and with 64-bit arguments, and the three of PSCI 0.1 that QEMU has. */
const calls: ReadonlyMap<number, Call> = new Map([
  [0x8400_0000, 'VERSION'],
  [0x8400_0001, 'CPU_SUSPEND'],
  [0xc400_0001, 'CPU_SUSPEND'],
  [0x8400_0002, 'CPU_OFF'],
  [0x8400_0003, 'CPU_ON'],
  [0xc400_0003, 'CPU_ON'],
  [0x8400_0004, 'AFFINITY_INFO'],
  [0xc400_0004, 'AFFINITY_INFO'],
  [0x8400_0006, 'MIGRATE_INFO_TYPE'],
  [0x8400_0008, 'SYSTEM_OFF'],
  [0x8400_0009, 'SYSTEM_RESET'],
  [0x8400_000a, 'FEATURES'],
  [0x95c1_ba5e, 'CPU_SUSPEND'],
  [0x95c1_ba5f, 'CPU_OFF'],
  [0x95c1_ba60, 'CPU_ON'],
])

/**
 * PSCI 1.1 (Arm DEN 0022) as QEMU's board answers it: what it leaves out (MIGRATE, SYSTEM_SUSPEND, SYSTEM_RESET2, memory
 * protection, the SMCCC's own calls) is not supported here either. CPU_SUSPEND is a standby: a WFI whose end returns to the
 * caller. Affinity levels above 0 are always on.
 * @param x the caller's X0 to X3; the function is in W0 (Arm DEN 0028)
 * @returns the value for X0
 */
export function psci(x: readonly [bigint, bigint, bigint, bigint], ports: PowerPorts): bigint {
  switch (calls.get(Number(x[0] & 0xffff_ffffn))) {
    case 'VERSION':
      return VERSION_1_1
    case 'CPU_SUSPEND':
      if (x[1] & POWER_STATE_ZERO) return INVALID_PARAMETERS
      ports.suspend()
      return SUCCESS
    case 'CPU_OFF':
      ports.turnOff()
      return SUCCESS
    case 'CPU_ON':
      return turnOn(x[1], x[2], x[3], ports)
    case 'AFFINITY_INFO': {
      if (x[2] !== 0n) return BigInt(power.ON)
      const pe = peAt(x[1], ports)
      return pe < 0 ? INVALID_PARAMETERS : BigInt(ports.power(pe))
    }
    case 'MIGRATE_INFO_TYPE':
      return NO_MIGRATION
    case 'SYSTEM_OFF':
      throw new MachineStop('psci-off', 0)
    case 'SYSTEM_RESET':
      throw new MachineStop('psci-reset', 0)
    case 'FEATURES':
      return x[1] <= 0xffff_ffffn && calls.has(Number(x[1])) ? SUCCESS : NOT_SUPPORTED
    case undefined:
      return NOT_SUPPORTED
  }
}

function peAt(affinity: bigint, ports: PowerPorts): number {
  for (let pe = 0; pe < ports.pes; pe++) if ((affinityValue(pe) & MPIDR_AFFINITY) === affinity) return pe
  return -1
}

function turnOn(affinity: bigint, entry: bigint, context: bigint, ports: PowerPorts): bigint {
  const pe = peAt(affinity, ports)
  if (pe < 0) return INVALID_PARAMETERS
  if (ports.turnOn(pe, entry, context)) return SUCCESS
  return ports.power(pe) === power.ON ? ALREADY_ON : ON_PENDING
}
