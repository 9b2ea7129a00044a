import { groupedHex } from '../../shared/base/hex.ts'
import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../shared/model/trace.ts'

/** The thin space that does not break: a number never spans two lines. */
const THIN = '\u202f'

/** `20 000`, grouped by thin spaces; fractions keep `decimals` digits. */
export function count(value: number, decimals = 0): string {
  const [whole = '0', fraction] = Math.abs(value).toFixed(decimals).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, THIN)
  return `${value < 0 ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`
}

/** `1 fault`, `2 faults`. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** `94 %`; below one and above 99 with a digit, so that neither 0 nor 100 is claimed when it is not so. */
export function percent(share: number): string {
  const value = share * 100
  const edge = (value > 0 && value < 1) || (value > 99 && value < 100)
  return `${edge ? Math.min(99.9, Math.max(0.1, value)).toFixed(1) : value.toFixed(0)} %`
}

/** A 64-bit value without its leading zero groups, never less than two groups: `0000 c001`. */
export const shortHex = (value: bigint): string =>
  groupedHex(value, Math.max(8, Math.ceil(value.toString(16).length / 4) * 4))

/** An address with its tag (bits 59:56) replaced by what bit 55 extends to; the tag is shown apart. */
export function addressText(address: bigint): string {
  const tag = 0xfn << 56n
  return groupedHex((address >> 55n) & 1n ? address | tag : address & ~tag)
}

export const tagText = (tag: number): string => `[${tag.toString(16)}]`

/** The owner's letter: H, T, v0 ..., ? for one that is not known. */
export function ownerLetter(owner: Owner): string {
  if (owner === HOST) return 'H'
  if (owner === HOST_TASK) return 'T'
  if (owner === UNKNOWN_OWNER) return '?'
  return `v${owner}`
}

export function ownerName(owner: Owner): string {
  if (owner === HOST) return 'the host'
  if (owner === HOST_TASK) return 'a host task'
  if (owner === UNKNOWN_OWNER) return 'an unknown owner'
  return `v${owner}`
}

/** The suffix of the owner's colour tokens (--own-H, --ink-0): vCPUs beyond 7 repeat, their letter tells them apart. */
export function ownerToken(owner: Owner): string {
  if (owner === HOST) return 'H'
  if (owner === HOST_TASK) return 'T'
  if (owner === UNKNOWN_OWNER) return 'U'
  return String(owner % 8)
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`
}

/** Set bits of a 16-bit mask from high to low, runs of three and more joined: `f e 0`, `7–0`, `none`. */
export function maskText(mask: number): string {
  const parts: string[] = []
  for (let high = 15; high >= 0; high--) {
    if (!((mask >> high) & 1)) continue
    let low = high
    while (low > 0 && (mask >> (low - 1)) & 1) low--
    const [top, bottom] = [high.toString(16), low.toString(16)]
    parts.push(high - low >= 2 ? `${top}–${bottom}` : high === low ? top : `${top} ${bottom}`)
    high = low
  }
  return parts.join(' ') || 'none'
}

/** Host time for people: `4.1 s`, `312 ms`. */
export function duration(ns: number): string {
  if (ns < 1e6) return `${count(ns / 1e3)} µs`
  if (ns < 1e9) return `${count(ns / 1e6)} ms`
  if (ns < 60e9) return `${count(ns / 1e9, 1)} s`
  return `${count(Math.floor(ns / 60e9))} min ${count(Math.round((ns % 60e9) / 1e9))} s`
}

/** A sampled rate, three significant digits: `1.24 M`, `312 k`, `87`. */
export function rate(perSecond: number): string {
  const [value, unit] =
    perSecond >= 1e6 ? [perSecond / 1e6, ' M'] : perSecond >= 1e4 ? [perSecond / 1e3, ' k'] : [perSecond, '']
  return count(value, unit && value < 100 ? (value < 10 ? 2 : 1) : 0) + unit
}

/** `24 Nov, 09:41`, local time; the year only when it is another one. */
export function when(ms: number, nowMs: number): string {
  const date = new Date(ms)
  const sameYear = date.getFullYear() === new Date(nowMs).getFullYear()
  return date.toLocaleString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(sameYear ? {} : { year: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
  })
}
