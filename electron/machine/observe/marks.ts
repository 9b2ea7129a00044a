import type { ElfImage } from '../../../shared/asm/elf-read.ts'

/** Kinds of marks that an image declares in its `.switchyard` section (resources/hyp/README.md). */
export const markKinds = {
  ENTRY: 1,
  GUEST_ERET: 2,
  RETURN: 3,
  PHASE: 4,
  OWNER: 5,
  VCPU_LOAD: 6,
  VCPU_PUT: 7,
  HOST_TASK: 8,
  REENTRY: 9,
  HYP: 10,
  ON_BEHALF: 11,
} as const

export interface Mark {
  kind: number
  argument: number
}

/**
 * Marks by the physical address of the instruction that they stand before.
 * The section holds records of 16 bytes: address (u64), kind (u32), argument (u32), little-endian.
 */
export function marksOf(image: ElfImage): Map<number, Mark[]> {
  const marks = new Map<number, Mark[]>()
  const section = image.sections.find((s) => s.name === '.switchyard')
  if (!section) return marks
  const view = new DataView(section.bytes.buffer, section.bytes.byteOffset, section.bytes.byteLength)
  for (let at = 0; at + 16 <= view.byteLength; at += 16) {
    const address = Number(view.getBigUint64(at, true))
    const list = marks.get(address) ?? []
    list.push({ kind: view.getUint32(at + 8, true), argument: view.getUint32(at + 12, true) })
    marks.set(address, list)
  }
  return marks
}
