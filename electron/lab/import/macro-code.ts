/** The two macros of enter and exit as a list of instructions each, in one spelling, whatever the patch's white space. */

export const macroNames = ['mte_switch_to_guest', 'mte_switch_to_hyp'] as const
export type MacroName = (typeof macroNames)[number]

/** Registers that the macros switch, with the name of their slot here. */
export const slotOfRegister: Readonly<Record<string, string>> = {
  RGSR_EL1: 'CTX_RGSR',
  GCR_EL1: 'CTX_GCR',
  TFSR_EL1: 'CTX_TFSR',
  TFSRE0_EL1: 'CTX_TFSRE0',
}

/** What a line of a macro is. */
export type MacroLine =
  | { kind: 'macro'; name: MacroName; arguments: [g: string, h: string, tmp: string] }
  | { kind: 'end' }
  | { kind: 'label'; name: string }
  | { kind: 'instruction'; text: string }
  /** The kernel's way to leave code out at boot, here decided when the image is assembled; or no code at all. */
  | { kind: 'nothing'; reason: string }
  | { kind: 'unknown'; reason: string }

const MACRO = /^\.macro\s+(\w+)\s+(\w+)\s*,\s*(\w+)\s*,\s*(\w+)$/
const LABEL = /^([\w.$\\@]+):$/
const nothing: [RegExp, string][] = [
  [/^$/, 'empty'],
  [/^(\/\*|\*\/|\* |\*$|\/\/)/, 'comment'],
  [/^#\s*(ifdef|ifndef|if|else|endif|define __ASM_KVM_MTE_H)\b/, 'condition of the kernel’s configuration'],
  [/^#\s*include\b/, 'include'],
  [
    /^alternative_(if_not|if|else_nop_endif|else|endif)\b/,
    'patched by the kernel at boot; here CFG_MTE decides when the image is assembled',
  ],
]

/** Mnemonics that the subset takes within the macros. */
const MNEMONICS = new Set([
  'mrs',
  'msr',
  'ldr',
  'str',
  'ldp',
  'stp',
  'and',
  'orr',
  'bic',
  'mov',
  'add',
  'sub',
  'cbz',
  'cbnz',
  'tbz',
  'tbnz',
  'b',
  'isb',
  'dsb',
  'dmb',
  'nop',
])

export function macroLine(raw: string): MacroLine {
  const text = raw.replace(/\s*(\/\/.*|\/\*.*\*\/\s*)$/, '').trim()
  const none = nothing.find(([pattern]) => pattern.test(text))
  if (none) return { kind: 'nothing', reason: none[1] }
  const macro = MACRO.exec(text)
  if (macro) {
    const [, name = '', g = '', h = '', tmp = ''] = macro
    const known = macroNames.find((one) => one === name)
    return known
      ? { kind: 'macro', name: known, arguments: [g, h, tmp] }
      : { kind: 'unknown', reason: `the macro ${name} is none of ${macroNames.join(', ')}` }
  }
  if (/^\.endm$/.test(text)) return { kind: 'end' }
  const label = LABEL.exec(text)
  if (label) return { kind: 'label', name: label[1]! }
  const instruction = normalise(text)
  const mnemonic = instruction.split(' ')[0]!
  if (MNEMONICS.has(mnemonic)) return { kind: 'instruction', text: instruction }
  return { kind: 'unknown', reason: `'${mnemonic}' is no instruction that the subset takes` }
}

/** `mrs_s \reg1, SYS_GCR_EL1` and `mrs	\reg1, gcr_el1` are one. */
export function normalise(text: string): string {
  const [mnemonic = '', ...rest] = text.trim().split(/\s+/)
  const operands = rest
    .join(' ')
    .replace(/\s*,\s*/g, ', ')
    .replace(/\(\s*(\w+)\s*\)/g, '$1')
    .replace(/\bSYS_(\w+)/g, (_all, name: string) => name.toLowerCase())
    .trim()
  const plain = mnemonic.toLowerCase().replace(/^(mrs|msr)_s$/, '$1')
  return operands === '' ? plain : `${plain} ${operands}`
}
