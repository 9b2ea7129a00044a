import { parseArgs } from 'node:util'
import { nearestName } from '../../shared/base/nearest.ts'
import { type Arguments, UsageError, type Verb } from './verb.ts'

/** Flags that every verb has. */
export const commonFlags = { help: { short: 'h', doc: 'say what the command does' } } as const

/** @throws UsageError that names the flag or operand and, for a slip, the nearest one that exists */
export function parseArguments(verb: Verb, args: string[]): Arguments {
  const flags: Verb['flags'] = { ...verb.flags, ...commonFlags }
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value, short }]) => [
      name,
      { type: value ? ('string' as const) : ('boolean' as const), ...(short ? { short } : {}) },
    ]),
  )
  // Not strict: the tokens tell more than Node's own messages do.
  const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true })
  const found = new Map<string, string[]>()
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags[token.name]
    if (!flag) throw unknownFlag(verb, token.rawName, Object.keys(flags))
    found.set(token.name, [...(found.get(token.name) ?? []), textOf(token, flag.value)])
    if (found.get(token.name)!.length > 1 && !flag.repeats && flag.value) {
      throw new UsageError(`--${token.name} is given twice`, 'Keep one of them.')
    }
  }
  if (!found.has('help')) checkOperands(verb, operands)
  return {
    operands,
    has: (flag) => found.has(flag),
    value: (flag) => found.get(flag)?.at(-1),
    values: (flag) => found.get(flag) ?? [],
  }
}

function textOf(
  token: { name: string; value?: string | undefined; inlineValue?: boolean | undefined },
  wanted?: string,
): string {
  if (wanted === undefined) {
    if (token.inlineValue)
      throw new UsageError(`--${token.name} takes no value`, `Write --${token.name} alone.`)
    return ''
  }
  // A following word that begins with a dash is another flag, unless it is a negative number or attached with '='.
  const isFlag =
    !token.inlineValue && token.value?.startsWith('-') && !/^-\d/.test(token.value) && token.value !== '-'
  if (token.value === undefined || isFlag) {
    throw new UsageError(`--${token.name} needs a value`, `Write --${token.name} ${wanted}.`)
  }
  return token.value
}

function unknownFlag(verb: Verb, rawName: string, known: string[]): UsageError {
  const near = nearestName(rawName.replace(/^-+/, ''), known)
  const remedy = near
    ? `Did you mean --${near}?`
    : `\`switchyard help ${verb.name}\` lists the flags that ${verb.name} takes.`
  return new UsageError(`${verb.name} has no flag ${rawName}`, remedy)
}

function checkOperands(verb: Verb, operands: string[]): void {
  const missing = verb.operands[operands.length]
  if (missing && !missing.optional) {
    throw new UsageError(
      `${verb.name} needs ${missing.name}: ${missing.doc}`,
      `Write: switchyard ${verb.example}`,
    )
  }
  const extra = operands[verb.operands.length]
  if (extra !== undefined) {
    const most = verb.operands.map((operand) => operand.name).join(' ') || 'no operand'
    throw new UsageError(
      `${verb.name} takes ${most}, not also '${extra}'`,
      'Leave it out, or quote a name with spaces.',
    )
  }
}

/** A whole number in a range. @throws UsageError */
export function integerFlag(args: Arguments, flag: string, least: number, most: number): number | undefined {
  const text = args.value(flag)
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  const cause = Number.isNaN(value) ? 'is not a whole number' : 'is out of range'
  throw new UsageError(`--${flag} ${text} ${cause}`, `Give a whole number from ${least} to ${most}.`)
}

/** @throws UsageError */
export function onOffFlag(args: Arguments, flag: string): boolean | undefined {
  const text = args.value(flag)
  if (text === undefined) return undefined
  if (text === 'on' || text === 'off') return text === 'on'
  throw new UsageError(`--${flag} ${text} is neither on nor off`, 'Give on or off.')
}

/** Seconds, fractions allowed. @throws UsageError */
export function secondsFlag(args: Arguments, flag: string): number | undefined {
  const text = args.value(flag)
  if (text === undefined) return undefined
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value > 0 && value <= 1e6) return value
  throw new UsageError(`--${flag} ${text} is not a time`, 'Give seconds above 0, such as 2.5.')
}

const MIB = 1 << 20
const scales: Record<string, number> = { '': 1, K: 1024, M: MIB, G: 1024 * MIB }

/** A memory size: bytes, or with K, M or G; whole steps of 2 MiB. @throws UsageError */
export function memoryFlag(args: Arguments, flag: string): number | undefined {
  const text = args.value(flag)
  if (text === undefined) return undefined
  const [, digits, scale] = /^(\d+)([KMG]?)$/i.exec(text) ?? []
  const bytes = Number(digits) * (scales[scale?.toUpperCase() ?? ''] ?? Number.NaN)
  if (bytes >= 2 * MIB && bytes <= 3072 * MIB && bytes % (2 * MIB) === 0) return bytes
  throw new UsageError(
    `--${flag} ${text} is not a memory size`,
    'Give 2M to 3G in steps of 2M, such as 256M.',
  )
}
