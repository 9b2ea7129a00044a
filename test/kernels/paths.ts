import { sysregByEncoding } from '../../shared/arch/sysregs.ts'
import { decode } from '../../shared/isa/decoder.ts'
import { decodeBitMask, signed } from '../../shared/isa/fields.ts'
import type { Alternative, Code } from './code.ts'

/** One access, barrier or end that a path meets, and the index of its word. */
export interface Event {
  at: number
  text: string
  /** Inside the block that switches the keys of pointer authentication. */
  keys: boolean
}

/** One way through the code from its first word to an end. */
export interface Path {
  events: readonly Event[]
  /** Capabilities for which a replacement was taken for granted on the way. */
  capabilities: ReadonlySet<number>
}

const NOP = 0xd503_201f
const HCR_KEYS = 0x300_0000_0000n

/** What a path is looked for in. */
export interface Reading {
  /** The names that HCR_EL2.E2H gives are an alternative in some kernels: with VHE they are taken. */
  vhe: boolean
  /** Whether a word of this text ends a path. */
  ends: (text: string) => boolean
  /** Registers whose accesses count. */
  registers: ReadonlySet<string>
  /** Accesses that the path is to have as many of as it can. */
  wanted: RegExp
}

/** Words on either side of the start that a path stays within. */
const REACH = 2000

/** The best way on from a word: a list of what it meets, and what it is judged by. */
interface Way {
  event: Event | null
  capability: number | null
  next: Way | null
  wanted: number
  keys: number
  events: number
}

/** The most accesses that are wanted, then the most of the keys, then the fewest events: no workaround is taken. */
const better = (a: Way, b: Way): boolean =>
  a.wanted !== b.wanted ? a.wanted > b.wanted : a.keys !== b.keys ? a.keys > b.keys : a.events < b.events

/**
 * The path from a word to an end that a machine with MTE and pointer authentication and without errata takes: of both ways at
 * each conditional branch the better one. An alternative that puts a branch for a NOP or a NOP for a branch is the question
 * whether the machine has something: both ways too. Any other one is taken as replaced, that is as a machine with the feature
 * runs it (RAS, the speculation barrier), but for the names of VHE where there is none.
 * @returns null where no end is within reach
 */
export function bestPath(code: Code, start: number, reading: Reading): Path | null {
  const known = new Map<number, Way | null>()
  const blocks: { first: number; end: number }[] = []
  for (let at = start - REACH; at < start + REACH; at++) {
    const end = keyBlock(code, at)
    if (end !== null) blocks.push({ first: at, end })
  }
  const from = (at: number): Way | null => {
    if (Math.abs(at - start) > REACH || at >= code.words.length) return null
    const found = known.get(at)
    if (found !== undefined) return found
    known.set(at, null) // a loop leads nowhere
    const { word, fork, capability } = wordAt(code, at, reading.vhe)
    const text = textOf(word, code, at, reading.registers)
    const keys = blocks.some(({ first, end }) => at >= first && at < end)
    const event = text === null ? null : { at, text, keys }
    const branch = branchOf(word, at)
    const ends = text !== null && reading.ends(text)
    const targets = ends ? [] : branch?.always ? [branch.target] : [at + 1, branch?.target, fork]
    const ways = targets.flatMap((to) => (typeof to === 'number' ? (from(to) ?? []) : []))
    if (!ends && ways.length === 0) return null
    const next = ways.length === 0 ? null : ways.reduce((a, b) => (better(b, a) ? b : a))
    const way: Way = {
      event,
      capability,
      next,
      wanted: (next?.wanted ?? 0) + (text !== null && reading.wanted.test(text) ? 1 : 0),
      keys: (next?.keys ?? 0) + (text?.endsWith(' keys') ? 1 : 0),
      events: (next?.events ?? 0) + (event === null ? 0 : 1),
    }
    known.set(at, way)
    return way
  }
  const events: Event[] = []
  const capabilities = new Set<number>()
  const first = from(start)
  for (let way = first; way !== null; way = way.next) {
    if (way.event !== null) events.push(way.event)
    if (way.capability !== null) capabilities.add(way.capability)
  }
  return first === null ? null : { events, capabilities }
}

/** The word that a machine executes at a place; `fork`: where it may also go, by an alternative that asks for a feature. */
function wordAt(
  code: Code,
  at: number,
  vhe: boolean,
): { word: number; fork: number | null; capability: number | null } {
  const word = code.words[at]!
  const alternative = code.alternatives.get(at)
  if (alternative === undefined) return { word, fork: null, capability: null }
  const asked = branchOf(word, at)
  if (alternative.replacement === null) {
    return asked === null
      ? { word, fork: null, capability: null }
      : { word: NOP, fork: asked.target, capability: alternative.capability }
  }
  const replacement = replaced(code, alternative, at)
  const put = branchOf(replacement, at)
  const { capability } = alternative
  if (asked !== null && replacement === NOP) return { word: NOP, fork: asked.target, capability }
  if (word === NOP && put !== null) return { word: NOP, fork: put.target, capability }
  if (isVheName(word, replacement) && !vhe) return { word, fork: null, capability: null }
  return { word: replacement, fork: null, capability }
}

/** A branch out of a replacement goes where it would go from its own place. */
function replaced(code: Code, { first, replacement, length }: Alternative, at: number): number {
  const from = replacement! + (at - first)
  const word = code.words[from]!
  const branch = branchOf(word, from)
  if (branch === null) return word
  const inside = branch.target >= replacement! && branch.target < replacement! + length
  const target = inside ? first + (branch.target - replacement!) : branch.target
  return withTarget(word, target - at)
}

/** The same access under another op1: TFSR_EL12 for TFSR_EL1. */
const isVheName = (word: number, replacement: number): boolean =>
  (word & 0xffd0_0000) >>> 0 === 0xd510_0000 &&
  (word ^ replacement) >>> 0 !== 0 &&
  ((word ^ replacement) & ~0x0007_0000) === 0

/** Branches to an address in the word; `always`: B, which the path follows. A call comes back. */
function branchOf(word: number, at: number): { target: number; always: boolean } | null {
  const decoded = decode(word)
  switch (decoded?.row.name) {
    case 'B':
      return { target: at + signed(decoded.fields.i!, 26), always: true }
    case 'B.cond':
    case 'CBZ':
    case 'CBNZ':
      return { target: at + signed(decoded.fields.i!, 19), always: false }
    case 'TBZ':
    case 'TBNZ':
      return { target: at + signed(decoded.fields.i!, 14), always: false }
    default:
      return null
  }
}

function withTarget(word: number, distance: number): number {
  const name = decode(word)!.row.name
  if (name === 'B') return ((word & ~0x03ff_ffff) | (distance & 0x03ff_ffff)) >>> 0
  const [bits, low] = name.startsWith('T') ? [14, 5] : [19, 5]
  const mask = (2 ** bits - 1) << low
  return ((word & ~mask) | ((distance << low) & mask)) >>> 0
}

/** MRS Xt, HCR_EL2; AND with API and APK; CBZ: the word behind the block that it guards. */
function keyBlock({ words }: Code, at: number): number | null {
  if (at < 0 || at + 2 >= words.length || accessOf(words[at]!) !== 'MRS HCR_EL2') return null
  const mask = decode(words[at + 1]!)
  if (mask?.row.name !== 'AND (immediate)') return null
  const { z, k, r, s } = mask.fields
  if (decodeBitMask(z!, k!, r!, s!) !== HCR_KEYS) return null
  const skip = branchOf(words[at + 2]!, at + 2)
  return skip === null || skip.always ? null : skip.target
}

/** `MRS GCR_EL1`, or null for another instruction. */
export function accessOf(word: number): string | null {
  if ((word & 0xffd0_0000) >>> 0 !== 0xd510_0000) return null
  const field = (low: number, width: number): number => (word >>> low) & (2 ** width - 1)
  const name = sysregByEncoding(2 + field(19, 1), field(16, 3), field(12, 4), field(8, 4), field(5, 3))
  return name === undefined ? null : `${word & 0x0020_0000 ? 'MRS' : 'MSR'} ${name}`
}

const barriers: Readonly<Record<string, string>> = { ISB: 'ISB', SB: 'SB' }
const optionNames: Readonly<Record<number, string>> = {
  1: 'OSHLD',
  2: 'OSHST',
  3: 'OSH',
  5: 'NSHLD',
  6: 'NSHST',
  7: 'NSH',
  9: 'ISHLD',
  10: 'ISHST',
  11: 'ISH',
  13: 'LD',
  14: 'ST',
  15: 'SY',
}

function textOf(word: number, code: Code, at: number, registers: ReadonlySet<string>): string | null {
  const access = accessOf(word)
  if (access !== null) {
    const name = access.slice(4)
    if (/^AP..Key/.test(name)) return `${access.slice(0, 3)} keys`
    if (!registers.has(name)) return null
    return access === 'MRS HCR_EL2' ? `${access} for ${testOf(code.words, at)}` : access
  }
  const decoded = decode(word)
  const name = decoded?.row.name ?? ''
  if (barriers[name]) return barriers[name]
  if (name === 'DSB') return `DSB ${optionNames[decoded!.fields.m!] ?? `#${decoded!.fields.m}`}`
  if (name === 'HINT' && decoded!.fields.h === 16) return 'ESB'
  return /^(ERET|RET)/.test(name) ? name.replace(/A[AB]$/, '') : null
}

/** Which bits of HCR_EL2 are looked at behind the MRS: TBZ of one, or AND and CBZ. */
function testOf(words: Uint32Array, at: number): string {
  const behind = decode(words[at + 1]!)
  if (behind?.row.name === 'TBZ') return `bit ${behind.fields.b! * 32 + behind.fields.c!}`
  if (behind?.row.name !== 'AND (immediate)') return 'another use'
  const { z, k, r, s } = behind.fields
  const mask = decodeBitMask(z!, k!, r!, s!)!
  return mask === HCR_KEYS ? 'API, APK' : mask === 1n << 56n ? 'bit 56' : `0x${mask.toString(16)}`
}
