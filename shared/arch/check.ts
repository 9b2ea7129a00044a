import { maskOf } from '../base/bits.ts'
import { features } from './features.ts'
import { rowLayout, spanOf } from './layout.ts'
import type { FieldTable, Sysreg, SystemOp, Trap } from './sysreg.ts'

/**
 * The rules that a table of system registers must obey. Pure, so that tests can feed rows that must be refused.
 * @returns one line per broken rule, beginning with the row's name; empty for a good table.
 */
export function checkSysregs(rows: Readonly<Record<string, Sysreg>>): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  for (const [name, row] of Object.entries(rows)) {
    const say = (what: string): void => void problems.push(`${name}: ${what}`)
    const encoding = row.enc.join()
    const limits = [3, 7, 15, 15, 7]
    if (row.enc.some((part, i) => part < 0 || part > limits[i]!) || row.enc[0] < 2)
      say(`${encoding} is no encoding of a register`)
    const other = seen.get(encoding)
    if (other) say(`has the encoding of ${other}`)
    seen.set(encoding, name)
    if (row.doc.trim() === '') say('has no doc')
    checkLayout(row, say)
    checkKind(row, rows, say)
    checkTraps(row.traps ?? [], rows, say)
  }
  return problems
}

/** The same for system instructions; their traps name fields of `registers`. */
export function checkSystemOps(
  ops: Readonly<Record<string, SystemOp>>,
  registers: Readonly<Record<string, Sysreg>>,
): string[] {
  const problems: string[] = []
  const seen = new Map<string, string>()
  for (const [name, op] of Object.entries(ops)) {
    const say = (what: string): void => void problems.push(`${name}: ${what}`)
    const encoding = op.enc.join()
    const limits = [7, 15, 15, 7]
    if (op.enc.some((part, i) => part < 0 || part > limits[i]!)) say(`${encoding} is no encoding`)
    const other = seen.get(encoding)
    if (other) say(`has the encoding of ${other}`)
    seen.set(encoding, name)
    if (!/^(DC|IC|TLBI|AT) [A-Z0-9]+$/.test(name)) say('is not named as assembly is')
    checkTraps(op.traps ?? [], registers, say)
  }
  return problems
}

type Say = (what: string) => void

function checkLayout(row: Sysreg, say: Say): void {
  const layouts: [string, FieldTable, bigint][] = [['', row.fields, row.res1 ?? 0n]]
  if (row.e2hLayout) layouts.push([' with E2H = 1', row.e2hLayout.fields, row.e2hLayout.res1 ?? 0n])
  for (const [where, fields, res1] of layouts) {
    let taken = res1
    if (res1 < 0n || res1 > maskOf(63, 0)) say(`res1 is not a 64-bit mask${where}`)
    for (const [field, position] of Object.entries(fields)) {
      const [high, low] = spanOf(position)
      if (low < 0 || high > 63 || high < low) {
        say(`field ${field} is not inside 63 to 0${where}`)
        continue
      }
      const mask = maskOf(high, low)
      if (taken & mask) say(`field ${field} overlaps another field or res1${where}`)
      taken |= mask
    }
  }
  const known = (field: string): boolean => layouts.some(([, fields]) => Object.hasOwn(fields, field))
  for (const about of ['fieldFeatures', 'res1Without', 'meanings'] as const) {
    for (const field of Object.keys(row[about] ?? {}))
      if (!known(field)) say(`${about} names no field: ${field}`)
  }
  if (typeof row.reset === 'bigint') {
    const { res0, res1 } = rowLayout(row, new Set(features))
    if (row.reset & res0) say('reset sets a RES0 bit')
    if ((row.reset & res1) !== res1) say('reset clears a RES1 bit')
  }
}

function checkKind(row: Sysreg, rows: Readonly<Record<string, Sysreg>>, say: Say): void {
  const target = (name: string): Sysreg | undefined => (Object.hasOwn(rows, name) ? rows[name] : undefined)
  const stored = row.reset !== undefined
  if (row.alias !== undefined) {
    const to = target(row.alias)
    if (!to) say(`alias of an unknown register, ${row.alias}`)
    else if (to.alias) say(`alias of an alias, ${row.alias}`)
    if (stored || row.computed || row.effect || row.e2h) say('an alias has a life of its own')
    return
  }
  if (row.e2h !== undefined) {
    const to = target(row.e2h)
    if (!to) say(`e2h names an unknown register, ${row.e2h}`)
    else if (to.e2h || to.alias) say(`e2h leads to a register that leads on, ${row.e2h}`)
  }
  if (row.onlyE2h) say('onlyE2h without alias')
  if (row.raz && (stored || row.computed || row.effect || row.res1 || Object.keys(row.fields).length > 0)) {
    say('raz, and something in it')
  }
  const writeOnly = row.read === 'none' && row.write !== 'none'
  if (!stored && !row.raz && !row.computed && !(writeOnly && row.effect))
    say('no storage (reset), computed or raz')
  if (row.read === 'none' && row.computed) say('computed, but never read')
  if (row.write === 'none' && row.effect) say('an effect, but never written')
  if (row.sync && !stored) say('sync without storage')
  if (row.idst && row.read === 'EL0') say('idst on a register that EL0 may read')
}

function checkTraps(traps: readonly Trap[], rows: Readonly<Record<string, Sysreg>>, say: Say): void {
  for (const trap of traps) {
    if (trap.to === 'EL1' && trap.from !== 'EL0') say(`trap by ${trap.bit} goes to EL1 from ${trap.from}`)
    if (trap.from === 'EL2') say(`trap by ${trap.bit} from EL2`)
    if (trap.inHost && (trap.from !== 'EL0' || trap.to !== 'EL2'))
      say(`trap by ${trap.bit}: the host's EL0 traps to EL2`)
    for (const control of trap.and === undefined ? [trap.bit] : [trap.bit, trap.and])
      checkControl(control, trap, rows, say)
  }
}

/** The field must be one bit in every layout in which the trap can be taken. */
function checkControl(control: string, trap: Trap, rows: Readonly<Record<string, Sysreg>>, say: Say): void {
  if (control === 'always') return
  const [name = '', field = ''] = control.split('.')
  const row = Object.hasOwn(rows, name) ? rows[name]! : undefined
  if (!row) {
    say(`trap by ${control}: no such register`)
    return
  }
  const contexts = trap.inHost ? [true] : trap.e2h === undefined ? [false, true] : [trap.e2h]
  for (const e2h of contexts) {
    const position = (e2h && row.e2hLayout ? row.e2hLayout.fields : row.fields)[field]
    if (typeof position !== 'number') say(`trap by ${control}: no such bit with E2H = ${e2h ? 1 : 0}`)
  }
}
