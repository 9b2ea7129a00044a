import { disassemble } from '../../../shared/asm/disassemble.ts'
import { readElf } from '../../../shared/asm/elf-read.ts'
import type { MachinePlan } from '../../workers/plan.ts'

/** One instruction of the switch that has to do with MTE, or orders it. */
export interface Site {
  /** The same instruction in every image of the policy: routine, text, and which of several. */
  key: string
  routine: string
  pc: bigint
  word: number
  /** Its disassembly, a branch's target left out. */
  text: string
  kind: 'read' | 'write' | 'save' | 'load' | 'gate' | 'barrier'
  /** What its general register holds behind it is overwritten before anybody reads it. */
  deadBehind: boolean
}

/** State that tags, checks and faults depend on: the registers of MTE, and the controls whose fields gate them. */
const REGISTER =
  /\b(rgsr_el1|gcr_el1|tfsr_el1|tfsr_el12|tfsr_el2|tfsre0_el1|sctlr_el1|sctlr_el12|hcr_el2|tco)\b/
const BRANCH = /^(tbz|tbnz|cbz|cbnz) /
const BARRIER = /^(isb|dsb)\b/

/** Words of a routine of an image, by its symbols. */
export interface Code {
  words(routine: string): { pc: bigint; word: number; text: string }[]
  /** Where code may be put that the image does not have. */
  pad: bigint | null
}

export const PAD = 'mutation_pad'
/** Bytes behind it. */
export const PAD_BYTES = 64
/** What makes room for it: part of the policy's text. */
export const padText = `\n\t.text\n\t.balign 4\n${PAD}:\n\t.space ${PAD_BYTES}\n`

export function codeOf({ image }: MachinePlan): Code {
  const elf = readElf(image.bytes, image.file)
  const symbols = elf.symbols.filter(
    ({ section, name }) => section !== null && name !== '' && !name.startsWith('$'),
  )
  const starts = [...new Set(symbols.map(({ value }) => value))].sort((a, b) => Number(a - b))
  return {
    pad: symbols.find(({ name }) => name === PAD)?.value ?? null,
    words(routine) {
      const symbol = symbols.find(({ name }) => name === routine)
      const segment = elf.segments.find(
        ({ address, bytes }) =>
          symbol !== undefined && symbol.value >= address && symbol.value < address + BigInt(bytes.length),
      )
      if (symbol === undefined || segment === undefined) return []
      const end =
        starts.find((start) => start > symbol.value) ?? segment.address + BigInt(segment.bytes.length)
      const view = new DataView(segment.bytes.buffer, segment.bytes.byteOffset, segment.bytes.byteLength)
      const found = []
      for (let pc = symbol.value; pc + 4n <= end; pc += 4n) {
        const word = view.getUint32(Number(pc - segment.address), true)
        const text = disassemble(word, pc, () => null).replace(/, 0x[0-9a-f]+( <.*>)?$/, '')
        found.push({ pc, word, text })
      }
      return found
    },
  }
}

/** The sites of some routines, in the order of the image. */
export function sitesOf(code: Code, routines: readonly string[]): Site[] {
  const seen = new Map<string, number>()
  return routines.flatMap((routine) => {
    const lines = code.words(routine)
    return lines.flatMap(({ pc, word, text }, i): Site[] => {
      const texts = lines.map((line) => line.text)
      const kind = kindOf(texts, i)
      if (kind === null) return []
      const name = `${routine}: ${text}`
      const nth = (seen.get(name) ?? 0) + 1
      seen.set(name, nth)
      const key = nth === 1 ? name : `${name} (${nth})`
      return [{ key, routine, pc, word, text, kind, deadBehind: isDeadBehind(texts, i) }]
    })
  })
}

function kindOf(texts: readonly string[], i: number): Site['kind'] | null {
  const text = texts[i]!
  const next = texts[i + 1] ?? ''
  const before = texts[i - 1] ?? ''
  if (BARRIER.test(text)) return 'barrier'
  if (REGISTER.test(text) && text.startsWith('mrs '))
    return BRANCH.test(next) || next.startsWith('and ') ? 'gate' : 'read'
  if (REGISTER.test(text) && text.startsWith('msr ')) return 'write'
  if (text.startsWith('str ') && before.startsWith('mrs ') && REGISTER.test(before)) return 'save'
  if (text.startsWith('ldr ') && next.startsWith('msr ') && REGISTER.test(next)) return 'load'
  // A test is a gate where an access of MTE lies behind it.
  const behind = [texts[i + 1], texts[i + 2]].some(
    (one) => one !== undefined && /^(mrs|msr) /.test(one) && /(rgsr|gcr|tfsre?0?)_el/.test(one),
  )
  if (BRANCH.test(text) && behind) return 'gate'
  return null
}

/** Reads on in straight line to the next instruction that names the register; a branch before that decides nothing. */
function isDeadBehind(texts: readonly string[], i: number): boolean {
  const register = temporaryOf(texts[i]!)
  if (register === null) return false
  const named = new RegExp(`\\b[xw]${register}\\b`)
  for (const text of texts.slice(i + 1)) {
    if (named.test(text))
      return new RegExp(`^(mrs|ldr|mov) [xw]${register}, (?!.*\\b[xw]${register}\\b)`).test(text)
    if (/^(b|bl|br|blr|ret|eret|cb|tb)/.test(text)) return false
  }
  return false
}

const temporaryOf = (text: string): string | null =>
  /^(?:mrs|ldr|str) [xw](\d+),/.exec(text)?.[1] ?? /^msr \w+, [xw](\d+)$/.exec(text)?.[1] ?? null
