import { INSTRUCTIONS } from '../cpu/layout.ts'
import type { MemoryPages, PageTable } from './memory-pages.ts'
import type { PeState } from './pe.ts'
import {
  clock,
  codeVersion,
  command,
  control,
  pageWord,
  peControl,
  peWord,
  type Views,
} from './shared-memory.ts'

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
  /** What the PE that has ended the machine had to say; empty where none has. */
  readonly message: string
}

/** Words between the machine and whoever runs it; 0 in a snapshot, which has nothing to tell. */
function hostWords(pes: number): number[] {
  const perPe = Array.from({ length: pes }, (_, pe) => [
    peWord(pe, peControl.PARKED),
    peWord(pe, peControl.UNACKNOWLEDGED),
  ])
  const { CONSOLE_WRITTEN, CONSOLE_READ, PAUSES, RESTORES } = control
  return [CONSOLE_WRITTEN, CONSOLE_READ, PAUSES, RESTORES, ...perPe.flat()]
}

/** The machine as it is; it stands still meanwhile, its PEs' words stored, its console told. */
export function takeSnapshot(
  views: Views,
  memory: MemoryPages,
  pes: readonly PeState[],
  { written, message }: Pick<Snapshot, 'written' | 'message'>,
): Snapshot {
  const words = views.words.slice()
  const cells = new Int32Array(words.buffer)
  for (const word of hostWords(pes.length)) cells[word] = 0
  if (cells[control.COMMAND] === command.PAUSE) cells[control.COMMAND] = command.RUN
  // Bytes that were offered and have not arrived are not part of the machine yet.
  cells[control.INPUT_OFFERED] = cells[control.INPUT_WRITTEN]!
  const code: number[] = []
  for (let page = 0; page < views.codePages.length; page++) {
    if (codeVersion(views.codePages, page) !== 0) code.push(page)
  }
  return {
    moment: Number(views.clock[clock.INSTRUCTIONS]!),
    instructions: pes.map((_, pe) => Number(views.state(pe)[INSTRUCTIONS]!)),
    words,
    input: views.input.slice(),
    code: Int32Array.from(code),
    memory: memory.take(),
    pes,
    written,
    message,
  }
}

/**
 * Makes the shared memory that of a snapshot of the same machine, or of one like it. The PEs' own states are the caller's to
 * restore. The words between the machine and whoever runs it stay as they are, and so does the command where workers follow it.
 */
export function putSnapshot(
  views: Views,
  memory: MemoryPages,
  snapshot: Snapshot,
  keepCommand: boolean,
): void {
  const host = [...hostWords(snapshot.pes.length), ...(keepCommand ? [control.COMMAND] : [])]
  const kept = host.map((word) => [word, views.control[word]!] as const)
  views.words.set(snapshot.words)
  for (const [word, value] of kept) views.control[word] = value
  views.input.set(snapshot.input)
  memory.put(snapshot.memory)
  views.codePages.fill(pageWord.WATCHED)
  for (const page of snapshot.code) views.codePages[page]! |= pageWord.ONE
}
