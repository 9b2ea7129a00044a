import type { PageTable } from './memory-pages.ts'
import type { PeState } from './pe.ts'

/** A whole machine at one moment: plain data, never changed once made, sharing pages of RAM with those taken near it. */
export interface Snapshot {
  /** Instructions executed by all PEs. */
  readonly moment: number
  /** Instructions retired, per PE. */
  readonly instructions: readonly number[]
  /** Control words, clock, PE states and devices, as they lie in the shared memory; the input ring. */
  readonly words: Uint8Array
  readonly input: Uint8Array
  /** Pages of RAM that PEs had decoded instructions from. */
  readonly code: Int32Array
  readonly memory: PageTable
  readonly pes: readonly PeState[]
  /** Console bytes written up to here. */
  readonly written: number
}
