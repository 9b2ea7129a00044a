import { bankWord, INTERRUPTS } from './layout.ts'

/**
 * The registers with one bit, one byte or two bits an interrupt: the same in GICD_* for shared and in GICR_* for private
 * interrupts (IHI 0069, 12.9 and 12.11). They work on the words of one bank; whoever calls holds the lock and evaluates
 * what is signalled anew.
 */
const SGIS = 0xffff

/** SGIs are edge-triggered whatever is written. @param first the bank's number is 0 */
export const edgesOf = (words: Int32Array, bank: number, first: boolean): number =>
  words[bank + bankWord.EDGE]! | (first ? SGIS : 0)

/** Interrupts whose state is pending, or active and pending: latched, or level-sensitive with the input up. */
export const pendingOf = (words: Int32Array, bank: number, first: boolean): number =>
  words[bank + bankWord.LATCH]! | (words[bank + bankWord.LINE]! & ~edgesOf(words, bank, first))

export const priorityOf = (words: Int32Array, bank: number, bit: number): number =>
  (words[bank + bankWord.PRIORITY + (bit >>> 2)]! >>> ((bit & 3) * 8)) & 0xff

/** Registers of one bit an interrupt, by offset / 0x80. */
const bitRegisters: readonly ({ word: number; write: 'value' | 'set' | 'clear' } | null)[] = [
  null,
  { word: bankWord.GROUP, write: 'value' },
  { word: bankWord.ENABLE, write: 'set' },
  { word: bankWord.ENABLE, write: 'clear' },
  { word: bankWord.LATCH, write: 'set' },
  { word: bankWord.LATCH, write: 'clear' },
  { word: bankWord.ACTIVE, write: 'set' },
  { word: bankWord.ACTIVE, write: 'clear' },
]

/** Bank that a 32-bit register belongs to, and the number of the register inside the bank. */
export interface BankRegister {
  bank: number
  kind: 'bits' | 'priority' | 'configuration'
  /** Index into bitRegisters, or number of the word within the bank. */
  index: number
}

const PRIORITIES = 0x400
const CONFIGURATION = 0xc00

/** Finds the register of a bank at a frame's offset; null for what reads as zero and ignores writes. */
export function bankRegister(offset: number): BankRegister | null {
  if (offset >= 0x80 && offset < PRIORITIES) {
    return { bank: (offset & 0x7f) >>> 2, kind: 'bits', index: offset >>> 7 }
  }
  if (offset >= PRIORITIES && offset < PRIORITIES + INTERRUPTS) {
    const intid = offset - PRIORITIES
    return { bank: intid >>> 5, kind: 'priority', index: (intid & 31) >>> 2 }
  }
  if (offset >= CONFIGURATION && offset < CONFIGURATION + INTERRUPTS / 4) {
    const word = (offset - CONFIGURATION) >>> 2
    return { bank: word >>> 1, kind: 'configuration', index: word & 1 }
  }
  return null
}

export function readBank(
  words: Int32Array,
  bank: number,
  { kind, index, bank: number }: BankRegister,
): number {
  switch (kind) {
    case 'priority':
      return words[bank + bankWord.PRIORITY + index]!
    case 'configuration':
      return spread(edgesOf(words, bank, number === 0) >>> (index * 16))
    case 'bits': {
      const { word } = bitRegisters[index]!
      return word === bankWord.LATCH ? pendingOf(words, bank, number === 0) : words[bank + word]!
    }
  }
}

export function writeBank(words: Int32Array, bank: number, register: BankRegister, value: number): void {
  const { kind, index } = register
  switch (kind) {
    case 'priority':
      words[bank + bankWord.PRIORITY + index] = value
      return
    case 'configuration': {
      const half = SGIS << (index * 16)
      const at = bank + bankWord.EDGE
      words[at] = (words[at]! & ~half) | (gather(value) << (index * 16))
      return
    }
    case 'bits': {
      const { word, write } = bitRegisters[index]!
      const at = bank + word
      words[at] = write === 'value' ? value : write === 'set' ? words[at]! | value : words[at]! & ~value
    }
  }
}

/** One byte of a priority register. @param byte 0 to 31 within the bank */
export function writePriority(words: Int32Array, bank: number, byte: number, value: number): void {
  const at = bank + bankWord.PRIORITY + (byte >>> 2)
  const shift = (byte & 3) * 8
  words[at] = (words[at]! & ~(0xff << shift)) | ((value & 0xff) << shift)
}

/** Sixteen bits to the upper bits of sixteen pairs: ICFGR<n>.Int_config is 0b10 for edge-triggered. */
function spread(edges: number): number {
  let fields = 0
  for (let i = 0; i < 16; i++) if (edges & (1 << i)) fields |= 2 << (2 * i)
  return fields
}

function gather(fields: number): number {
  let edges = 0
  for (let i = 0; i < 16; i++) if (fields & (2 << (2 * i))) edges |= 1 << i
  return edges
}
