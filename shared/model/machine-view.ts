import type { Position } from './debug.ts'
import type { PendingView } from './pending.ts'

/**
 * Where to go in a deterministic run. A moment counts the instructions that all PEs have executed; a position those that one
 * PE has retired; a cycle is a PE's model time, as charts have it.
 */
export type MachineTarget =
  | { kind: 'moment'; moment: number }
  | { kind: 'position'; pe: number; instructions: number }
  | { kind: 'cycle'; pe: number; cycle: number }
  | { kind: 'end' }
  /** By so many instructions of one PE, ahead or (negative) back: 1 to 1000. */
  | { kind: 'step'; pe: number; count: number }
  /** On, or back, to where something happens. */
  | { kind: 'until'; event: MachineEvent; back: boolean }

/** What a run can be followed to. */
export type MachineEvent =
  | { kind: 'switch' | 'tag-fault' | 'el-change' }
  /** A PE is about to execute the instruction at this virtual address. */
  | { kind: 'address'; address: bigint }
  /** x0 to x30 or sp got another value, or a system register was written. */
  | { kind: 'register'; register: string }
  /** The bytes from an address on (1 to 64) are accessed; logical tags do not count. */
  | { kind: 'memory'; address: bigint; bytes: number }

/** One PE in a word. */
export interface PeGlance {
  pe: number
  /** Instructions retired. */
  instructions: number
  pc: bigint
  el: number
  /** Whether it executes the next instruction. */
  next: boolean
  /** `running`, or what it does instead of it. */
  power: string
}

export interface RegisterValue {
  name: string
  /** What an MRS returns, or the general register holds. */
  value: bigint
  /** The oldest value that an indirect use may see; only where a write is still pending. */
  effective?: bigint
}

export interface CodeLine {
  address: bigint
  /** null where nothing is mapped. */
  word: number | null
  /** Disassembly. */
  text: string
  /** `guest_exit+0x1c`: of the image's symbols; null outside it. */
  place: string | null
}

/** A machine at one moment, as one of its PEs sees it. */
export interface MachineState {
  /** Where it is: the PE that is shown, what it has retired, the moment. */
  at: Position
  /** Model cycles of the PE that is shown. */
  cycle: number
  /** Why it has ended; null while it can go on. */
  end: string | null
  /** Whether what was gone to was reached. */
  reached: boolean
  /** The earliest moment that can be gone back to. */
  oldest: number
  pes: PeGlance[]
  /** PE, EL and whose code it is by EL, HCR_EL2 and the VMID: `vCPU 1 at EL0`. */
  world: string
  /** x0 to x30, sp, pc, pstate. */
  general: RegisterValue[]
  system: { group: string; registers: RegisterValue[] }[]
  pending: PendingView
  code: CodeLine[]
}

/** Memory by granules of 16 bytes from an aligned address on. */
export interface MachineMemory {
  address: bigint
  /** 16 bytes for each granule; zeros where nothing is mapped. */
  bytes: Uint8Array
  /** The allocation tag of each granule, 255 where no RAM is mapped. */
  tags: Uint8Array
  /** Physical address of the first granule; null where it is not mapped. */
  physical: bigint | null
}

/** How an address is translated now, for a privileged read that changes nothing. */
export interface MachineWalk {
  address: bigint
  regime: string
  /** Descriptors read, in order. */
  reads: { stage: 1 | 2; level: number; at: bigint; descriptor: bigint }[]
  /** What comes of it, in words: `fault` says why not. */
  result:
    | { physical: bigint; tagged: boolean; device: boolean; readable: string; fault: null }
    | { fault: string }
}
