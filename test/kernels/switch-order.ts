import type { Code } from './code.ts'
import { accessOf, bestPath, type Event, type Path } from './paths.ts'

/**
 * The world switch in a file without symbols: where it is by its instruction words, and in which order it touches the MTE
 * registers and executes barriers.
 */

/** Registers of the entry and the exit, and of the lists that save and restore the EL1 state. */
const switchRegisters = new Set(['RGSR_EL1', 'GCR_EL1', 'HCR_EL2', 'ISR_EL1', 'DISR_EL1', 'SP_EL0'])
const listRegisters = new Set([
  'TPIDR_EL1',
  'TFSR_EL1',
  'TFSR_EL12',
  'TFSR_EL2',
  'TFSRE0_EL1',
  'SP_EL1',
  'ELR_EL1',
  'ELR_EL12',
  'SPSR_EL1',
  'SPSR_EL12',
])

const mteList = /TFSR(E0)?_EL/

export type SequenceKind = 'enter' | 'exit' | 'save' | 'restore'

export interface Sequence {
  kind: SequenceKind
  /** Byte offset of its first word. */
  offset: number
  /** Texts in execution order; runs of accesses to the keys of pointer authentication are one. */
  order: readonly string[]
  /** The same without the block that switches the keys, its barriers included. */
  withoutKeys: readonly string[]
  /** Capabilities by number whose replacements are part of it. */
  capabilities: readonly number[]
}

/** Words that are looked back over for the beginning of a sequence. */
const REACH = 160

/** All entries, exits, saving and restoring lists, in the order of the file. */
export function findSequences(code: Code, vhe: boolean): Sequence[] {
  return [...findSwitches(code, vhe), ...findLists(code, vhe)].sort((a, b) => a.offset - b.offset)
}

/** Where RGSR_EL1 and GCR_EL1 change owners behind a test of HCR_EL2.ATA. */
function findSwitches(code: Code, vhe: boolean): Sequence[] {
  const sequences: Sequence[] = []
  for (const at of positions(code, 'MRS HCR_EL2')) {
    // SP_EL0 is saved at the start of both, for the one who leaves.
    const start = lastBefore(code, at, 'MRS SP_EL0')
    if (start === null) continue
    const ends = (text: string): boolean => /^(ERET|RET)$/.test(text)
    const reading = { vhe, ends, registers: switchRegisters, wanted: /R?G[CS]R_EL1$/ }
    const path = bestPath(code, start, reading)
    if (!path?.events.some((event) => event.at === at && event.text === 'MRS HCR_EL2 for bit 56')) continue
    const kind = path.events.at(-1)!.text === 'ERET' ? 'enter' : 'exit'
    sequences.push(sequence(kind, start, path))
  }
  return sequences
}

/** Where TFSR_EL1 stands among the EL1 state: from TPIDR_EL1 to SPSR_EL1, by way of SP_EL1, which only EL2 can name. */
function findLists(code: Code, vhe: boolean): Sequence[] {
  const sequences: Sequence[] = []
  for (const [kind, access] of [
    ['save', 'MRS'],
    ['restore', 'MSR'],
  ] as const) {
    for (const at of positions(code, `${access} SP_EL1`)) {
      const start = lastBefore(code, at, `${access} TPIDR_EL1`)
      if (start === null) continue
      const ends = (text: string): boolean => text.startsWith(`${access} SPSR_EL1`)
      const path = bestPath(code, start, { vhe, ends, registers: listRegisters, wanted: mteList })
      if (path?.events.some(({ text }) => mteList.test(text))) sequences.push(sequence(kind, start, path))
    }
  }
  return sequences
}

const sequence = (kind: SequenceKind, start: number, { events, capabilities }: Path): Sequence => ({
  kind,
  offset: start * 4,
  order: texts(events),
  withoutKeys: texts(events.filter(({ keys }) => !keys)),
  capabilities: [...capabilities].sort((a, b) => a - b),
})

/** Key after key is one step. */
const texts = (events: readonly Event[]): string[] =>
  events.map(({ text }) => text).filter((text, i, all) => !(text.endsWith(' keys') && all[i - 1] === text))

function positions({ words }: Code, access: string): number[] {
  const found: number[] = []
  for (let at = 0; at < words.length; at++) if (accessOf(words[at]!) === access) found.push(at)
  return found
}

function lastBefore({ words }: Code, at: number, access: string): number | null {
  for (let before = at - 1; before >= Math.max(0, at - REACH); before--)
    if (accessOf(words[before]!) === access) return before
  return null
}

/** What differs between two orders, a line each with the step's number; none where they are equal. */
export function differences(ours: readonly string[], theirs: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i < Math.max(ours.length, theirs.length); i++) {
    if (ours[i] !== theirs[i])
      lines.push(`step ${i + 1}: ${ours[i] ?? 'nothing'} here, ${theirs[i] ?? 'nothing'} in the kernel`)
  }
  return lines
}
