import { sysregs } from '../../../shared/arch/sysregs.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { sha256 } from '../hash.ts'
import { assemblePolicy, type PolicySource, policyModes } from '../policy/image.ts'
import { macrosOf } from './base-macros.ts'
import { LineLedger, type LineVerdict } from './line-ledger.ts'
import { macroNames, slotOfRegister } from './macro-code.ts'
import { type MacroOp, type Macros, readMacros } from './macros.ts'
import { type FileDiff, readDiffs } from './quoted-diff.ts'
import { isOfSwitch, MACRO_FILE, type PolicyChanges, subsetFiles } from './subset.ts'

/** What an import made of a patch. */
export interface ImportedPolicy {
  /** The text of the policy; null when a line was rejected. */
  text: string | null
  base: string
  lines: LineVerdict[]
  counts: Record<LineVerdict['status'], number>
  /** What the patch says nothing of, so that it stays as the base has it. */
  fromBase: string[]
}

const LINES_MAX = 200_000

/**
 * Turns a patch, a mailbox or a mail that quotes one into a policy. The subset is in resources/hyp/README.md; a line that it
 * does not cover and that has a part in the switch is rejected, and then there is no policy: nothing is guessed.
 * @param base the bundled policy that holds for what the patch does not touch
 * @throws ProblemError for an input without a diff, and a policy that cannot be assembled
 */
export function importPolicy(resources: string, input: string, file: string, base: string): ImportedPolicy {
  const texts = input.split(/\r?\n/)
  if (texts.at(-1) === '') texts.pop()
  if (texts.length > LINES_MAX)
    throw new ProblemError(
      file,
      `${texts.length} lines are more than a patch has`,
      'Give one patch, or a mail that quotes one.',
    )
  const ledger = new LineLedger(texts)
  const files = readDiffs(texts, ledger)
  if (files.length === 0)
    throw new ProblemError(
      file,
      'there is no diff in it',
      'Give a patch, a mailbox, or a mail that quotes one: a line `diff --git` begins it.',
    )
  const own = assemblePolicy(resources, { name: base, text: null }, 'nvhe')
  const baseMacros = macrosOf(own)
  const changes: PolicyChanges = { offsets: new Map(), switches: new Map(), isbBehind: new Set() }
  const macros = readFiles(files, baseMacros, changes, ledger)
  checkOps(macros, baseMacros, changes, files, ledger)
  const lines = ledger.list('text of the mail')
  const count = (status: LineVerdict['status']) => lines.filter((one) => one.status === status).length
  const counts = { accepted: count('accepted'), ignored: count('ignored'), rejected: count('rejected') }
  const touched = macros !== baseMacros || changes.isbBehind.size > 0
  const text =
    counts.rejected > 0 ? null : policyText(file, sha256(input), base, touched ? macros : null, changes)
  if (text !== null) for (const mode of policyModes) assembled(resources, { name: file, text }, mode)
  return { text, base, lines, counts, fromBase: fromBase(files, touched, changes, base) }
}

function assembled(resources: string, source: PolicySource, mode: (typeof policyModes)[number]): void {
  try {
    assemblePolicy(resources, source, mode)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    const { place, cause } = error.problem
    throw new ProblemError(place, `what the patch says does not assemble: ${cause}`, 'Mend the patch.')
  }
}

function readFiles(
  files: readonly FileDiff[],
  base: Macros,
  changes: PolicyChanges,
  ledger: LineLedger,
): Macros {
  let macros = base
  for (const file of files) {
    const read = subsetFiles[file.path]
    if (file.path === MACRO_FILE) macros = readMacros(file, macros, ledger)
    else if (read) read(file, changes, ledger)
    else {
      for (const { line, sign } of file.hunks.flatMap(({ lines }) => lines)) {
        if (sign !== ' ' && isOfSwitch(file.path))
          ledger.reject(line, `${file.path} has a part in the switch and is outside of the subset`)
        else ledger.ignore(line, `${file.path} has no part in the switch`)
      }
    }
  }
  return macros
}

/** Registers and offsets that the macros name must be known: said at the line that names them. */
function checkOps(
  macros: Macros,
  base: Macros,
  { offsets }: PolicyChanges,
  files: readonly FileDiff[],
  ledger: LineLedger,
): void {
  if (macros === base) return
  const declares = files.some(({ path, isNew }) => path === MACRO_FILE && isNew)
  const known = new Set([
    ...offsets.keys(),
    ...(declares ? [] : Object.keys(slotOfRegister).map((register) => `CPU_${register}`)),
  ])
  const wrong = (text: string): string | null => {
    const offset = /#(CPU_\w+)/.exec(text)?.[1]
    if (offset !== undefined && !known.has(offset)) return `no line declares the offset ${offset}`
    const register = /^mrs [^,]+, (\w+)$/.exec(text)?.[1] ?? /^msr (\w+), /.exec(text)?.[1]
    if (register !== undefined && !(register.toUpperCase() in sysregs) && !/^(tco|s3_)/.test(register))
      return `there is no register ${register}`
    const named = /(^|[ [,])([xw]\d+|sp|lr)\b/.exec(text)?.[2]
    return named === undefined ? null : `${named} is none of the macro’s arguments`
  }
  for (const { lines } of files.filter(({ path }) => path === MACRO_FILE).flatMap(({ hunks }) => hunks)) {
    for (const { line, sign, text } of lines) {
      if (sign !== '+') continue
      const plain = text
        .replace(/\s+/g, ' ')
        .replace(/_s\b/, '')
        .replace(/SYS_(\w+)/, (_all, name: string) => name.toLowerCase())
      const problem = wrong(plain)
      if (problem !== null) ledger.reject(line, problem)
    }
  }
}

const isTargetLoad = (op: MacroOp, context: 'g' | 'h'): boolean =>
  'text' in op && op.text.startsWith('ldr') && op.text.includes(`[\\${context},`)

/** The mark that says whose RGSR_EL1 and GCR_EL1 are in force from here on stands before the first that is loaded. */
function markedAt(ops: readonly MacroOp[], context: 'g' | 'h'): number {
  const load = ops.findIndex((op) => isTargetLoad(op, context))
  if (load >= 0) return load
  const write = ops.findIndex((op) => 'text' in op && op.text.startsWith('msr '))
  if (write >= 0) return write
  const label = ops.findIndex((op) => 'label' in op)
  return label >= 0 ? label : ops.length
}

function macroText(name: (typeof macroNames)[number], ops: readonly MacroOp[], isbBehind: boolean): string[] {
  const toGuest = name === 'mte_switch_to_guest'
  const at = markedAt(ops, toGuest ? 'g' : 'h')
  const body = ops.map((op) => ('label' in op ? `${op.label}:` : `\t${op.text}`))
  body.splice(at, 0, `\tmark\tMARK_OWNER, ${toGuest ? 'OWNER_VCPU | OWNER_PAIR' : 'OWNER_PAIR'}`)
  return [
    `.macro ${name} g, h, tmp`,
    '.if CFG_MTE >= 2',
    '\tphase\tMTE',
    ...body,
    '.endif',
    ...(isbBehind ? ['\tisb'] : []),
    '.endm',
    '',
  ]
}

function policyText(
  file: string,
  hash: string,
  base: string,
  macros: Macros | null,
  { offsets, switches, isbBehind }: PolicyChanges,
): string {
  const used = new Set(
    macros === null
      ? []
      : [...macros.mte_switch_to_guest, ...macros.mte_switch_to_hyp].flatMap((op) =>
          'text' in op ? (op.text.match(/\bCPU_\w+/g) ?? []) : [],
        ),
  )
  const implied = [...used].filter((symbol) => !offsets.has(symbol))
  return [
    `// Imported from ${file.replace(/[^\x20-\x7e]/g, '?')}`,
    `// sha256 ${hash}; what it does not say is as in ${base}.`,
    `\t.include "hyp/policies/${base}.inc"`,
    ...[...switches].map(([name, value]) => `.set ${name}, ${value}`),
    ...[...offsets].map(([symbol, slot]) => `.set ${symbol}, ${slot}`),
    ...implied.map((symbol) => `.set ${symbol}, ${slotOfRegister[symbol.slice('CPU_'.length)]}`),
    ...(macros === null
      ? []
      : [
          '.set POLICY_OWN_MACROS, 1',
          '',
          ...macroNames.flatMap((name) => macroText(name, macros[name], isbBehind.has(name))),
        ]),
    '',
  ].join('\n')
}

function fromBase(
  files: readonly FileDiff[],
  touched: boolean,
  { switches }: PolicyChanges,
  base: string,
): string[] {
  const cut = files.flatMap(({ path, hunks }) =>
    hunks.flatMap(({ line, missing }) =>
      missing === null
        ? []
        : [
            `${path}: the hunk at line ${line} is quoted without its last ${missing.old} old and ${missing.new} new lines`,
          ],
    ),
  )
  return [
    ...cut,
    ...(touched ? [] : [`the macros of enter and exit are those of ${base}`]),
    ...(switches.has('POLICY_EL2_ITFSB') ? [] : [`SCTLR_EL2 is as in ${base}`]),
    `everything else (ID registers, traps, injection, tags of pages) is as in ${base}`,
  ]
}
