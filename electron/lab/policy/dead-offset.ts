import type { Assembled } from '../../../shared/asm/link.ts'
import type { Advice } from '../../../shared/model/findings.ts'

/** An offset into a structure that a policy declares and no instruction of the image is written with. */
export interface DeadOffset {
  symbol: string
  /** Where it is declared. */
  place: string
  /** Bytes. */
  value: number
  /** The slot that it names, and the instructions that are written with the slot's own name. */
  slot: string
  slotUses: number
}

/** Where the structures that hypervisor and host share are laid out. */
const LAYOUT = /(^|\/)layout\.inc$/

/**
 * The offsets that `files` (a policy and what it brings) declare for slots of the shared layout, and that nothing uses: from
 * the assembler's count of the words that instructions were written with, not from a list of names.
 */
export function deadOffsets({ constants }: Assembled, files: ReadonlySet<string>): DeadOffset[] {
  const named = new Map(constants.map((one) => [one.name, one]))
  return constants.flatMap(({ name, file, line, names, value, uses }) => {
    const slot = names.map((one) => named.get(one)).find((one) => one !== undefined && LAYOUT.test(one.file))
    if (!files.has(file) || uses > 0 || slot === undefined) return []
    return [
      { symbol: name, place: `${file}:${line}`, value: Number(value), slot: slot.name, slotUses: slot.uses },
    ]
  })
}

/** The advice as a run's report lists it. */
export function deadOffsetAdvice(offset: DeadOffset): Advice {
  const { symbol, place, slot, slotUses } = offset
  const live =
    slotUses === 0
      ? `no instruction uses the slot ${slot} either`
      : `the slot itself is live: ${slotUses} ${slotUses === 1 ? 'instruction is' : 'instructions are'} written with ${slot}`
  return {
    kind: 'dead-offset',
    register: registerOf(slot),
    place: `${symbol} at ${place}`,
    text: `No instruction of the image uses the offset ${symbol} (${offset.value}); ${live}.`,
  }
}

const registerOf = (slot: string): string =>
  `${slot.replace(/^CTX_/, '')}_EL1`.replace(/(_EL[0-3]2?)_EL1$/, '$1')
