import { MachineStop } from '../cpu/fault.ts'

/** What semihosting needs of the machine. Addresses are the guest's own, translated at the current EL. */
export interface SemihostingPorts {
  readWord(address: bigint): bigint
  writeWord(address: bigint, value: bigint): void
  readByte(address: bigint): number
  writeByte(address: bigint, value: number): void
  transmit(byte: number): void
  /** The oldest byte that was received, or -1. */
  receive(): number
  /** Model or host time in nanoseconds since the start. */
  elapsed(): bigint
  /** Seconds since 1970, as the board's clock shows them. */
  time(): bigint
  errno(): number
  setErrno(number: number): void
  host: SemihostingHost
}

/** What a program is told about where it runs. */
export interface SemihostingHost {
  /** The program's name and the kernel's command line. */
  commandLine: string
  /** Memory that neither the program nor the device tree takes: first byte, and the one behind the last. */
  heap: readonly [start: number, end: number]
}

const SYS = {
  OPEN: 0x01,
  CLOSE: 0x02,
  WRITEC: 0x03,
  WRITE0: 0x04,
  WRITE: 0x05,
  READ: 0x06,
  READC: 0x07,
  ISERROR: 0x08,
  ISTTY: 0x09,
  CLOCK: 0x10,
  TIME: 0x11,
  ERRNO: 0x13,
  GET_CMDLINE: 0x15,
  HEAPINFO: 0x16,
  EXIT: 0x18,
  EXIT_EXTENDED: 0x20,
  ELAPSED: 0x30,
  TICKFREQ: 0x31,
} as const
const ADP_STOPPED_APPLICATION_EXIT = 0x20026n
const FAILED = (1n << 64n) - 1n
const ENOENT = 2
const E2BIG = 7
const EBADF = 9
const EINVAL = 22
const NANOSECONDS = 1_000_000_000n
/** A guest that asks for more in one call gets less done: the call ends. */
const LONGEST = 1 << 20
const CONSOLE = [0x3a, 0x74, 0x74] // ":tt"
/** Handles of the console by what the mode opens it for: reading, writing, appending (standard error). */
const READER = 1n
const WRITER = 2n
const ERRORS = 3n
const MODES = 12n

/**
 * A64 semihosting (HLT #0xF000): console, exit, time and memory. There are no host files: SYS_OPEN opens the console name
 * `:tt` only, and what else needs a file fails with the errno that QEMU gives.
 * Source: Arm semihosting specification, A64 forms; parameters are 64-bit words at X1.
 * @returns the value for X0
 * @throws MachineStop at an exit
 */
export function semihosting(operation: number, parameter: bigint, ports: SemihostingPorts): bigint {
  const word = (index: number): bigint => ports.readWord(parameter + BigInt(index * 8))
  const fail = (errno: number): bigint => {
    ports.setErrno(errno)
    return FAILED
  }
  const isConsole = (handle: bigint): boolean => handle >= READER && handle <= ERRORS
  switch (operation) {
    case SYS.WRITEC:
      ports.transmit(ports.readByte(parameter))
      return 0n
    case SYS.WRITE0:
      for (let at = parameter, n = 0; n < LONGEST; at++, n++) {
        const byte = ports.readByte(at)
        if (byte === 0) break
        ports.transmit(byte)
      }
      return 0n
    case SYS.OPEN:
      return open(word(0), word(1), word(2), ports, fail)
    case SYS.CLOSE:
      return isConsole(word(0)) ? 0n : fail(EBADF)
    case SYS.ISTTY:
      return isConsole(word(0)) ? 1n : fail(EBADF)
    case SYS.WRITE:
      return write(word(0), word(1), word(2), ports)
    case SYS.READ:
      return read(word(0), word(1), word(2), ports)
    case SYS.READC:
      return BigInt.asUintN(64, BigInt(ports.receive()))
    case SYS.ISERROR:
      return BigInt.asIntN(64, word(0)) < 0n ? 1n : 0n
    case SYS.CLOCK:
      return ports.elapsed() / (NANOSECONDS / 100n)
    case SYS.TIME:
      return ports.time()
    case SYS.ERRNO:
      return BigInt(ports.errno())
    case SYS.ELAPSED:
      ports.writeWord(parameter, ports.elapsed())
      return 0n
    case SYS.TICKFREQ:
      return NANOSECONDS
    case SYS.GET_CMDLINE:
      return commandLine(word(0), word(1), parameter, ports, fail)
    case SYS.HEAPINFO: {
      const [start, end] = ports.host.heap
      // Heap base and limit, stack base and limit: one stretch, from both ends.
      const block = word(0)
      for (const [i, address] of [start, end, end, start].entries())
        ports.writeWord(block + BigInt(i * 8), BigInt(address))
      return 0n
    }
    case SYS.EXIT:
    case SYS.EXIT_EXTENDED: {
      const code = word(0) === ADP_STOPPED_APPLICATION_EXIT ? Number(BigInt.asIntN(32, word(1))) : 1
      throw new MachineStop('semihosting-exit', code)
    }
    default:
      return fail(EINVAL)
  }
}

type Fail = (errno: number) => bigint

function open(name: bigint, mode: bigint, length: bigint, ports: SemihostingPorts, fail: Fail): bigint {
  if (mode >= MODES) return fail(EINVAL)
  const named =
    length === BigInt(CONSOLE.length) && CONSOLE.every((byte, i) => ports.readByte(name + BigInt(i)) === byte)
  if (!named) return fail(ENOENT)
  return mode < 4n ? READER : mode < 8n ? WRITER : ERRORS
}

/** @returns how many bytes were not written */
function write(handle: bigint, from: bigint, length: bigint, ports: SemihostingPorts): bigint {
  if (handle !== WRITER && handle !== ERRORS && handle !== READER) {
    ports.setErrno(EBADF)
    return length
  }
  const count = length < LONGEST ? Number(length) : LONGEST
  for (let i = 0; i < count; i++) ports.transmit(ports.readByte(from + BigInt(i)))
  return length - BigInt(count)
}

/** Reads what has been received, without waiting. @returns how many bytes were not read: all of them at the end of input */
function read(handle: bigint, to: bigint, length: bigint, ports: SemihostingPorts): bigint {
  if (handle !== READER) {
    ports.setErrno(EBADF)
    return length
  }
  let done = 0n
  for (; done < length; done++) {
    const byte = ports.receive()
    if (byte < 0) break
    ports.writeByte(to + done, byte)
  }
  return length - done
}

function commandLine(
  buffer: bigint,
  size: bigint,
  parameter: bigint,
  ports: SemihostingPorts,
  fail: Fail,
): bigint {
  const bytes = new TextEncoder().encode(ports.host.commandLine)
  if (BigInt(bytes.length) >= size) return fail(E2BIG)
  for (const [i, byte] of bytes.entries()) ports.writeByte(buffer + BigInt(i), byte)
  ports.writeByte(buffer + BigInt(bytes.length), 0)
  ports.writeWord(parameter + 8n, BigInt(bytes.length))
  return 0n
}
