import { MachineStop } from '../cpu/fault.ts'

/** What semihosting needs of the machine. Addresses are the guest's own, translated at the current EL. */
export interface SemihostingPorts {
  readWord(address: bigint): bigint
  readByte(address: bigint): number
  transmit(byte: number): void
  /** Model or host time in nanoseconds since the start. */
  elapsed(): bigint
}

const SYS_OPEN = 0x01
const SYS_WRITEC = 0x03
const SYS_WRITE0 = 0x04
const SYS_WRITE = 0x05
const SYS_ERRNO = 0x13
const SYS_CLOCK = 0x10
const SYS_EXIT = 0x18
const SYS_EXIT_EXTENDED = 0x20
const ADP_STOPPED_APPLICATION_EXIT = 0x20026n
const FAILED = (1n << 64n) - 1n

/**
 * A64 semihosting (HLT #0xF000): console output and exit. Files are not offered: SYS_OPEN succeeds for the console name `:tt` only.
 * Source: Arm semihosting specification, A64 forms; parameters are 64-bit words at X1.
 * @returns the value for X0
 * @throws MachineStop at an exit
 */
export function semihosting(operation: number, parameter: bigint, ports: SemihostingPorts): bigint {
  const word = (index: number): bigint => ports.readWord(parameter + BigInt(index * 8))
  switch (operation) {
    case SYS_WRITEC:
      ports.transmit(ports.readByte(parameter))
      return 0n
    case SYS_WRITE0:
      for (let at = parameter, n = 0; n < 1 << 20; at++, n++) {
        const byte = ports.readByte(at)
        if (byte === 0) break
        ports.transmit(byte)
      }
      return 0n
    case SYS_OPEN:
      return word(2) === 3n && ports.readByte(word(0)) === 0x3a ? 1n : FAILED
    case SYS_WRITE: {
      if (word(0) !== 1n) return word(2)
      const length = Number(word(2) & 0xf_ffffn)
      for (let i = 0; i < length; i++) ports.transmit(ports.readByte(word(1) + BigInt(i)))
      return 0n
    }
    case SYS_CLOCK:
      return ports.elapsed() / 10_000_000n
    case SYS_ERRNO:
      return 0n
    case SYS_EXIT:
    case SYS_EXIT_EXTENDED: {
      const reason = word(0)
      const code = reason === ADP_STOPPED_APPLICATION_EXIT ? Number(BigInt.asIntN(32, word(1))) : 1
      throw new MachineStop('semihosting-exit', code)
    }
    default:
      return FAILED
  }
}
