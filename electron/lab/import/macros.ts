import type { LineLedger } from './line-ledger.ts'
import { type MacroName, macroLine, macroNames } from './macro-code.ts'
import type { DiffLine, FileDiff, Hunk } from './quoted-diff.ts'

/** An instruction or a label of a macro, its arguments called g, h and tmp. */
export type MacroOp = { label: string } | { text: string }
export type Macros = Record<MacroName, readonly MacroOp[]>

/** What the kernel calls the arguments; a hunk without the macro's first line is read with these. */
const usual = ['g_ctxt', 'h_ctxt', 'reg1'] as const
const own = ['g', 'h', 'tmp'] as const

const renamed = (text: string, from: readonly string[]): string =>
  from.reduce((all, name, i) => all.replace(new RegExp(`\\\\${name}\\b`, 'g'), `\\${own[i]}`), text)

interface Read {
  macro: MacroName | null
  op: MacroOp
  sign: DiffLine['sign']
}

/**
 * The macros behind a diff of their file: those of a new file, or those of `base` with the hunks applied. A hunk is put where
 * its context and what it takes out stand; where that is nowhere, or at more than one place, it is rejected.
 */
export function readMacros({ isNew, hunks }: FileDiff, base: Macros, ledger: LineLedger): Macros {
  const found: Macros = isNew ? { mte_switch_to_guest: [], mte_switch_to_hyp: [] } : { ...base }
  for (const hunk of hunks) {
    const ops = readHunk(hunk, ledger)
    if (isNew) for (const name of macroNames) found[name] = [...found[name], ...opsOf(ops, name)]
    else if (ops.some(({ sign }) => sign !== ' ')) apply(found, hunk, ops, ledger)
  }
  return found
}

const opsOf = (ops: readonly Read[], name: MacroName): MacroOp[] =>
  ops.filter((one) => one.macro === name).map(({ op }) => op)

function readHunk({ lines }: Hunk, ledger: LineLedger): Read[] {
  let macro: MacroName | null = null
  let names: readonly string[] = usual
  /** Lines from `alternative_if_not ARM64_MTE` on are NOPs on a PE with MTE. */
  let absent = false
  let inBlock: Read[] = []
  const ops: Read[] = []
  for (const { line, sign, text } of lines) {
    const read = macroLine(text)
    const tell = (reason: string): void => {
      if (sign === ' ') ledger.ignore(line, 'context')
      else ledger.accept(line, `${sign === '-' ? 'takes out: ' : ''}${reason}`)
    }
    if (read.kind === 'macro') {
      macro = read.name
      names = read.arguments
      tell(`begins ${read.name}`)
    } else if (read.kind === 'end') {
      tell('ends the macro')
      macro = null
      names = usual
    } else if (read.kind === 'nothing') {
      if (/^alternative_if_not\b/.test(text)) {
        absent = /\bARM64_MTE$/.test(text)
        if (!absent) ledger.reject(line, 'only ARM64_MTE is known here')
      } else if (/^alternative_if\b/.test(text) && !/\bARM64_MTE$/.test(text)) {
        ledger.reject(line, 'only ARM64_MTE is known here')
      } else if (/^alternative_/.test(text)) {
        // The block began above the hunk.
        if (!absent) ops.splice(ops.indexOf(inBlock[0]!), inBlock.length === 0 ? 0 : inBlock.length)
        absent = false
      }
      inBlock = []
      if (sign === ' ') ledger.ignore(line, 'context')
      else ledger.ignore(line, read.reason)
    } else if (read.kind === 'unknown') {
      if (sign === ' ') ledger.reject(line, `context that is not understood: ${read.reason}`)
      else ledger.reject(line, read.reason)
    } else if (absent) tell('only for a CPU without MTE')
    else {
      const op = read.kind === 'label' ? { label: read.name } : { text: renamed(read.text, names) }
      const one = { macro, op, sign }
      ops.push(one)
      inBlock.push(one)
      tell(read.kind === 'label' ? 'label' : `instruction of ${macro ?? 'a macro'}`)
    }
  }
  return ops
}

const same = (a: MacroOp, b: MacroOp): boolean =>
  'label' in a ? 'label' in b : 'text' in b && labelless(a.text) === labelless(b.text)

/** Labels of the image and of the patch have names of their own. */
const labelless = (text: string): string => text.replace(/[.\w$]*L_?_?\w*\\@|\.L\w+/g, 'label')

function apply(found: Macros, hunk: Hunk, ops: readonly Read[], ledger: LineLedger): void {
  const before = ops.filter(({ sign }) => sign !== '+').map(({ op }) => op)
  const named = ops.find(({ macro }) => macro !== null)?.macro ?? null
  const places = macroNames
    .filter((name) => named === null || name === named)
    .flatMap((name) => starts(found[name], before).map((at) => ({ name, at })))
  const [place] = places
  if (place === undefined || places.length > 1 || before.length === 0) {
    const why = before.length === 0 ? 'has no instruction around it' : `fits at ${places.length} places`
    for (const { line, sign } of hunk.lines)
      if (sign !== ' ')
        ledger.reject(line, `the hunk ${why} of the macros of the base: it is not known where it belongs`)
    return
  }
  const after = ops.filter(({ sign }) => sign !== '-').map(({ op }) => op)
  const old = found[place.name]
  // Context keeps the base's own label names.
  const kept = old.slice(place.at, place.at + before.length)
  let next = 0
  const merged = ops.flatMap(({ sign, op }) => {
    if (sign === '+') return [op]
    const known = kept[next++]!
    return sign === '-' ? [] : [known]
  })
  found[place.name] = [
    ...old.slice(0, place.at),
    ...(after.length > 0 ? merged : []),
    ...old.slice(place.at + before.length),
  ]
}

function starts(list: readonly MacroOp[], part: readonly MacroOp[]): number[] {
  const found: number[] = []
  for (let at = 0; at + part.length <= list.length; at++)
    if (part.every((op, i) => same(op, list[at + i]!))) found.push(at)
  return found
}
