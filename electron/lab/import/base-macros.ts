import { writeElf } from '../../../shared/asm/elf-write.ts'
import type { Assembled } from '../../../shared/asm/link.ts'
import { phaseMarks } from '../../workers/trace-switches.ts'
import { type CodeLine, routinesOf } from '../policy/routines.ts'
import { type MacroName, slotOfRegister } from './macro-code.ts'
import type { MacroOp, Macros } from './macros.ts'

/** Where a macro is expanded, and which registers its arguments are there. */
const expanded: Readonly<Record<MacroName, { routine: string; arguments: Record<string, string> }>> = {
  mte_switch_to_guest: { routine: 'guest_enter', arguments: { x29: '\\g', x1: '\\h', x2: '\\tmp' } },
  mte_switch_to_hyp: { routine: 'guest_exit', arguments: { x1: '\\g', x2: '\\h', x3: '\\tmp' } },
}

const LABEL = '.Ldone\\@'

/** The macros of an assembled policy, read back from its code between the marks of the phase MTE and the next one. */
export function macrosOf(image: Assembled): Macros {
  const begins = phaseMarks(writeElf(image), 'base')
  const routines = routinesOf(image)
  const offsets = new Map(
    Object.entries(slotOfRegister).map(([register, slot]) => [
      Number(image.constants.find(({ name }) => name === slot)?.value ?? -1n),
      `CPU_${register}`,
    ]),
  )
  const read = ({ routine, arguments: names }: (typeof expanded)[MacroName]): MacroOp[] => {
    const { code } = routines.find(({ name }) => name === routine)!
    const from = code.findIndex(({ address }) => begins.get(address) === 'MTE')
    if (from < 0) return []
    const length = code.slice(from + 1).findIndex(({ address }) => begins.has(address))
    const part = code.slice(from, from + 1 + length)
    const ops: MacroOp[] = part.map((line) => ({ text: asMacro(line, names, offsets) }))
    return part.some(({ target }) => target !== null) ? [...ops, { label: LABEL }] : ops
  }
  return {
    mte_switch_to_guest: read(expanded.mte_switch_to_guest),
    mte_switch_to_hyp: read(expanded.mte_switch_to_hyp),
  }
}

function asMacro(
  { text, target }: CodeLine,
  names: Record<string, string>,
  offsets: Map<number, string>,
): string {
  const jump = target === null ? text : text.replace(/[\w.]+(\+0x[0-9a-f]+)?$/, LABEL)
  return jump
    .replace(/\bx\d+\b/g, (register) => names[register] ?? register)
    .replace(/#0x100000000000000\b/, '#HCR_ATA')
    .replace(/#56\b/, '#HCR_ATA_SHIFT')
    .replace(/#(\d+)\]/, (all, offset: string) => {
      const symbol = offsets.get(Number(offset))
      return symbol === undefined ? all : `#${symbol}]`
    })
}
