import { assemble } from '../../../shared/asm/assemble.ts'
import { commute, type Effects, effectsOf, isRepeatable } from './effects.ts'
import type { Site } from './sites.ts'

export const operators = [
  'drop',
  'duplicate',
  'swap',
  'reorder',
  'wrong-context',
  'wrong-register',
  'drop-barrier',
  'weaker-barrier',
  'wrong-gate',
] as const
export type Operator = (typeof operators)[number]

/** Why a mutant needs no run: the closed list. The others of it are found by runs. */
export type StaticReason = 'same bytes' | 'overwritten before any use' | 'commuting'

/** One change of the switch: words by the keys of the sites at which they stand. */
export interface Mutant {
  operator: Operator
  /** What was changed, in words. */
  text: string
  sites: Site[]
  words: { key: string; word: number }[]
  /** Instructions that run instead at the pad, for a change that is longer than its place. */
  longer: { key: string; words: number[] } | null
  equivalent: StaticReason | null
}

const NOP = 0xd503201f

/** The word of an instruction without a target. */
export function wordOf(text: string): number {
  const { sections } = assemble({ file: 'mutant', text: `\t.text\n\t${text}\n` }, { include: () => null })
  const { bytes } = sections.find(({ name }) => name === '.text')!
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
}

/** B from one address to another. */
export const branchWord = (from: bigint, to: bigint): number =>
  (wordOf('b .') | (Number((to - from) / 4n) & 0x03ffffff)) >>> 0

/** Every change of every operator, one at a time. */
export function mutantsOf(sites: readonly Site[]): Mutant[] {
  return operators.flatMap((operator) => make[operator](sites))
}

type Make = (sites: readonly Site[]) => Mutant[]

const moved = (site: Site): boolean => site.kind !== 'barrier' && site.kind !== 'gate'
const one = (operator: Operator, site: Site, text: string, word: number): Mutant => ({
  operator,
  text,
  sites: [site],
  words: [{ key: site.key, word }],
  longer: null,
  equivalent: word === site.word ? 'same bytes' : null,
})

/** Runs of sites that stand next to each other and can change places. */
function blocks(sites: readonly Site[]): Site[][] {
  const found: Site[][] = []
  for (const site of sites.filter(moved)) {
    const last = found.at(-1)
    if (last && last.at(-1)!.pc + 4n === site.pc && last[0]!.routine === site.routine) last.push(site)
    else found.push([site])
  }
  return found
}

/** The instructions of a block in another order. */
function permuted(operator: Operator, text: string, block: readonly Site[], order: readonly Site[]): Mutant {
  const words = block.flatMap((site, i) =>
    order[i] === site ? [] : [{ key: site.key, word: order[i]!.word }],
  )
  const same = block.every((site, i) => order[i]!.word === site.word)
  const crossing = order.flatMap((a, i) =>
    order
      .slice(i + 1)
      .filter((b) => block.indexOf(b) < block.indexOf(a))
      .map((b) => [a, b] as const),
  )
  const free = crossing.every(([a, b]) => {
    const [x, y] = [effectsOf(a.text), effectsOf(b.text)]
    return x !== null && y !== null && commute(x, y)
  })
  return {
    operator,
    text,
    sites: [...block],
    words,
    longer: null,
    equivalent: same ? 'same bytes' : free ? 'commuting' : null,
  }
}

/** An access with its memory half: MRS and STR, or LDR and MSR. */
function pairs(block: readonly Site[]): [Site, Site][] {
  return block.slice(0, -1).flatMap((a, i): [Site, Site][] => {
    const b = block[i + 1]!
    return (a.kind === 'read' && b.kind === 'save') || (a.kind === 'load' && b.kind === 'write')
      ? [[a, b]]
      : []
  })
}

/** Whether a pair may pass all those behind it, or before it: the general register between the two halves is its own. */
function unitsCommute(pair: [Site, Site], units: readonly [Site, Site][], where: 'first' | 'last'): boolean {
  const at = units.indexOf(pair)
  const passed = where === 'last' ? units.slice(at + 1) : units.slice(0, at)
  const own = outside(pair)
  return (
    own !== null &&
    passed.every((other) => {
      const theirs = outside(other)
      return theirs !== null && commute(own, theirs)
    })
  )
}

/** What a pair reads and writes but for the register between its halves. */
function outside([a, b]: [Site, Site]): Effects | null {
  const [first, second] = [effectsOf(a.text), effectsOf(b.text)]
  if (first === null || second === null) return null
  const between = first.writes[0]!
  return {
    reads: [...first.reads, ...second.reads.filter((name) => name !== between)],
    writes: second.writes,
  }
}

const exchanged = (text: string, names: readonly [string, string]): string =>
  text.replace(new RegExp(`\\b(${names.join('|')})\\b`, 'g'), (name) =>
    name === names[0] ? names[1] : names[0],
  )

/** Registers that are taken for one another, and contexts. */
const registers: readonly (readonly [string, string])[] = [
  ['rgsr_el1', 'gcr_el1'],
  ['tfsr_el1', 'tfsre0_el1'],
  ['tfsr_el12', 'tfsre0_el1'],
]
const contexts: Readonly<Record<string, readonly [string, string]>> = {
  guest_enter: ['x1', 'x29'],
  guest_exit: ['x1', 'x2'],
}

const make: Record<Operator, Make> = {
  drop: (sites) => sites.filter(moved).map((site) => one('drop', site, `without ${site.text}`, NOP)),
  duplicate: (sites) =>
    sites.filter(moved).map((site) => {
      const effects = effectsOf(site.text)
      return {
        operator: 'duplicate',
        text: `${site.text} twice`,
        sites: [site],
        words: [],
        longer: { key: site.key, words: [site.word, site.word] },
        equivalent: effects !== null && isRepeatable(effects) ? 'overwritten before any use' : null,
      }
    }),
  swap: (sites) =>
    blocks(sites).flatMap((block) =>
      block.slice(0, -1).map((a, i) => {
        const b = block[i + 1]!
        return permuted('swap', `${b.text} before ${a.text}`, [a, b], [b, a])
      }),
    ),
  reorder: (sites) =>
    blocks(sites).flatMap((block) => {
      const units = pairs(block)
      return units.flatMap((pair) => {
        const rest = block.filter((site) => !pair.includes(site))
        return (['last', 'first'] as const)
          .map((where) => ({ where, order: where === 'last' ? [...rest, ...pair] : [...pair, ...rest] }))
          .filter(({ order }) => order.some((site, i) => site !== block[i]))
          .map(({ where, order }) => {
            const text = `${pair[0].text}; ${pair[1].text} ${where} of its block`
            const mutant = permuted('reorder', text, block, order)
            const free = units.length * 2 === block.length && unitsCommute(pair, units, where)
            return free && block.at(-1)!.deadBehind
              ? { ...mutant, equivalent: mutant.equivalent ?? 'commuting' }
              : mutant
          })
      })
    }),
  'wrong-context': (sites) =>
    sites
      .filter(({ kind, routine }) => (kind === 'save' || kind === 'load') && routine in contexts)
      .map((site) => {
        const text = site.text.replace(/\[.*\]/, (address) => exchanged(address, contexts[site.routine]!))
        return one('wrong-context', site, `${text} for ${site.text}`, wordOf(text))
      }),
  'wrong-register': (sites) =>
    sites
      .filter(({ kind }) => kind === 'read' || kind === 'write')
      .flatMap((site) =>
        registers
          .map((names) => exchanged(site.text, names))
          .filter((text) => text !== site.text)
          .slice(0, 1)
          .map((text) => one('wrong-register', site, `${text} for ${site.text}`, wordOf(text))),
      ),
  'drop-barrier': (sites) =>
    sites
      .filter(({ kind }) => kind === 'barrier')
      .map((site) => one('drop-barrier', site, `without ${site.text}`, NOP)),
  'weaker-barrier': (sites) =>
    sites
      .filter(({ kind }) => kind === 'barrier')
      .flatMap((site) =>
        (site.text === 'isb' ? ['dsb sy', 'dmb sy'] : ['dsb nshst', 'dmb sy']).map((text) =>
          one('weaker-barrier', site, `${text} for ${site.text}`, wordOf(text)),
        ),
      ),
  'wrong-gate': (sites) =>
    sites
      .filter(({ kind, text }) => kind === 'gate' && /^(tb|cb)/.test(text))
      .flatMap((site) => [
        one('wrong-gate', site, `the gate ${site.text} always open`, NOP),
        one('wrong-gate', site, `the gate ${site.text} turned round`, (site.word ^ 0x01000000) >>> 0),
        ...(/^tb/.test(site.text)
          ? [one('wrong-gate', site, `the gate ${site.text} of the next bit`, (site.word ^ 0x00080000) >>> 0)]
          : []),
      ]),
}
