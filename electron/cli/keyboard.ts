import type { MachineHandle } from '../workers/plan.ts'

const ESCAPE = 0x01 // Ctrl+A
const LEAVE = 'xX'

/** Splits keys from a terminal into what the guest gets and whether the user leaves: Ctrl+A x. Ctrl+A twice is one Ctrl+A. */
export function keyFilter(): (keys: Uint8Array) => { bytes: Uint8Array; leave: boolean } {
  let escaped = false
  return (keys) => {
    const bytes: number[] = []
    for (const key of keys) {
      if (escaped && LEAVE.includes(String.fromCharCode(key)))
        return { bytes: Uint8Array.from(bytes), leave: true }
      if (escaped || key !== ESCAPE) bytes.push(key)
      escaped = !escaped && key === ESCAPE
    }
    return { bytes: Uint8Array.from(bytes), leave: false }
  }
}

/** Standard input on its way to the UART's receiver. */
export interface Keyboard {
  /** Settles when the user leaves by Ctrl+A x, which only a terminal can say. */
  left: Promise<void>
  /** Gives the terminal back. */
  release(): void
}

/**
 * Forwards standard input. A terminal hands over every key as it is pressed, Ctrl+C too; from a file or a pipe every byte is
 * the guest's, and its end is told to the machine, which may then lock up for want of anything that wakes it.
 */
export function forwardInput(stdin: NodeJS.ReadStream, machine: MachineHandle): Keyboard {
  const { promise, resolve } = Promise.withResolvers<void>()
  const filter = stdin.isTTY ? keyFilter() : null
  const forward = (keys: Buffer): void => {
    if (filter === null) {
      machine.input(keys)
      return
    }
    const { bytes, leave } = filter(keys)
    machine.input(bytes)
    if (leave) resolve()
  }
  if (filter !== null) stdin.setRawMode(true)
  stdin.on('data', forward)
  stdin.once('end', () => machine.endInput())
  stdin.on('error', () => {}) // a closed standard input is a UART that nobody writes to
  return {
    left: promise,
    release() {
      stdin.off('data', forward)
      if (filter !== null) stdin.setRawMode(false)
      stdin.pause()
    },
  }
}
