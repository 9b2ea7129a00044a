import { readElf } from '../../../shared/asm/elf-read.ts'
import type { Step } from '../../../shared/model/findings.ts'
import { readMemory } from '../../machine/debug/memory.ts'
import { openOneThread } from '../one-thread.ts'
import type { MachinePlan } from '../plan.ts'
import { unpacked } from '../unpack.ts'

const NOP = 0xd503201f

/** The plan with words of its image replaced, each at an address where the image holds something; null when one is held nowhere. */
export function withWords(
  plan: MachinePlan,
  words: readonly { pc: bigint; word: number }[],
): MachinePlan | null {
  const bytes = unpacked(plan.image).slice()
  // Segments are views of the file's bytes.
  const { segments } = readElf(bytes, plan.image.file)
  for (const { pc, word } of words) {
    const segment = segments.find(
      (one) => pc >= one.address && pc + 4n <= one.address + BigInt(one.bytes.length),
    )
    if (segment === undefined) return null
    const { buffer, byteOffset, byteLength } = segment.bytes
    new DataView(buffer, byteOffset, byteLength).setUint32(Number(pc - segment.address), word, true)
  }
  return { ...plan, image: { ...plan.image, bytes } }
}

/** The plan with one instruction of its image taken out (a NOP stands there); null when no segment holds that address. */
export const withoutInstruction = (plan: MachinePlan, pc: bigint): MachinePlan | null =>
  withWords(plan, [{ pc, word: NOP }])

/** Bytes around a guest's instruction by which its place in the image is known. */
const AROUND = 32

/**
 * The plan without the instruction of a step, wherever it runs: a guest's is looked for in the image, which holds its code at
 * another address, by the bytes around it. null when it is there at no place, or at more than one.
 */
export function withoutStep(plan: MachinePlan, step: Pick<Step, 'pe' | 'pc' | 'moment'>): MachinePlan | null {
  const direct = withoutInstruction(plan, step.pc)
  if (direct !== null) return direct
  const board = openOneThread({ ...plan, sync: 'latest' }, { console: () => {} })
  while (board.moment < step.moment && board.advance(step.moment - board.moment) > 0);
  const pe = board.pes[step.pe]
  if (pe === undefined || pe.core.pc !== step.pc) return null
  const around = readMemory(pe, step.pc - BigInt(AROUND), 2 * AROUND)
  if (around.length < 2 * AROUND) return null
  const bytes = unpacked(plan.image).slice()
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = at.indexOf(around)
  if (first < 0 || at.indexOf(around, first + 1) >= 0) return null
  at.writeUInt32LE(NOP, first + AROUND)
  return { ...plan, image: { ...plan.image, bytes } }
}

/**
 * `guest_exit+0x1c`: the nearest symbol of a section at or below an address; the address where there is none, or where the
 * image holds nothing (a guest runs at addresses of its own).
 */
export function placeNames(plan: MachinePlan): (pc: bigint) => string {
  const { symbols, segments } = readElf(unpacked(plan.image), plan.image.file)
  const isHeld = (pc: bigint): boolean =>
    segments.some(({ address, bytes }) => pc >= address && pc < address + BigInt(bytes.length))
  const named = symbols
    .filter(
      ({ section, name, type }) =>
        section !== null && name !== '' && !name.startsWith('$') && type !== 'file',
    )
    .sort((a, b) => Number(a.value - b.value) || Number(a.global) - Number(b.global))
  return (pc) => {
    const symbol = named.findLast(({ value }) => value <= pc)
    if (symbol === undefined || !isHeld(pc)) return `0x${pc.toString(16)}`
    const offset = pc - symbol.value
    return offset === 0n ? symbol.name : `${symbol.name}+0x${offset.toString(16)}`
  }
}
