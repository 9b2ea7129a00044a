/**
 * The classic shapes of memory-model litmus tests, on data and on tags. Threads are separated by `|`, their accesses by `;`:
 *
 *     W x 1, STLR x 1      stores of data             STG x 1     a store of the granule's tag
 *     R x, LDAR x, LDAPR x loads of data              LDG x       a load of the tag
 *     dep ACCESS           the address of the access depends on what the read before it returned
 *
 * anything else is an instruction as it stands (a barrier). Reads are numbered across the threads in the order of the text.
 * Source of what is forbidden: DDI 0487, B2.3, "Definition of the Arm memory model".
 */
export interface Outcome {
  /** What the reads returned. */
  r: readonly number[]
  /** The last value of each location, its data or its tag. */
  x: number
  y: number
  z: number
}

export interface Shape {
  name: string
  threads: string
  /** Outcomes that the architecture forbids. */
  forbidden: (outcome: Outcome) => boolean
}

type Forbidden = Shape['forbidden']

/** Forbidden outcome of each shape once its threads are ordered. */
const mp: Forbidden = ({ r }) => r[0] === 1 && r[1] === 0
const sb: Forbidden = ({ r }) => r[0] === 0 && r[1] === 0
const lb: Forbidden = ({ r }) => r[0] === 1 && r[1] === 1
const s: Forbidden = ({ r, x }) => r[0] === 1 && x === 2
const r: Forbidden = (o) => o.y === 2 && o.r[0] === 0
const twoWrites: Forbidden = ({ x, y }) => x === 1 && y === 1
const wrc: Forbidden = (o) => o.r[0] === 1 && o.r[1] === 1 && o.r[2] === 0
const isa2: Forbidden = (o) => o.r[0] === 1 && o.r[1] === 1 && o.r[2] === 0
const iriw: Forbidden = (o) => o.r[0] === 1 && o.r[1] === 0 && o.r[2] === 1 && o.r[3] === 0

const shape = (name: string, threads: string, forbidden: Forbidden): Shape => ({ name, threads, forbidden })

/** Writes and reads of one location: coherence holds without any barrier. */
const coherence = (write: 'W' | 'STG', read: 'R' | 'LDG'): Shape[] => [
  shape(`coRR ${write}`, `${write} x 1 | ${read} x; ${read} x`, mp),
  shape(
    `coWW ${write}`,
    `${write} x 1; ${write} x 2 | ${read} x; ${read} x`,
    (o) => o.r[0]! > o.r[1]! || o.x !== 2,
  ),
  shape(
    `coRW ${write}`,
    `${read} x; ${write} x 1 | ${write} x 2`,
    (o) => o.r[0] === 1 || (o.r[0] === 2 && o.x === 2),
  ),
  shape(
    `coWR ${write}`,
    `${write} x 1; ${read} x | ${write} x 2`,
    (o) => o.r[0] === 0 || (o.r[0] === 2 && o.x === 1),
  ),
]

/** The shapes of two threads with full barriers, for data and for tags. */
const withBarriers = (write: 'W' | 'STG', read: 'R' | 'LDG'): Shape[] => [
  shape(`MP+dmbs ${write}`, `${write} x 1; dmb ish; ${write} y 1 | ${read} y; dmb ish; ${read} x`, mp),
  shape(`MP+dmb.st+addr ${write}`, `${write} x 1; dmb ishst; ${write} y 1 | ${read} y; dep ${read} x`, mp),
  shape(`SB+dmbs ${write}`, `${write} x 1; dmb ish; ${read} y | ${write} y 1; dmb ish; ${read} x`, sb),
  shape(`SB+dsbs ${write}`, `${write} x 1; dsb ish; ${read} y | ${write} y 1; dsb ish; ${read} x`, sb),
  shape(`LB+addrs ${write}`, `${read} x; dep ${write} y 1 | ${read} y; dep ${write} x 1`, lb),
  shape(`S+dmb+addr ${write}`, `${write} x 2; dmb ish; ${write} y 1 | ${read} y; dep ${write} x 1`, s),
  shape(`R+dmbs ${write}`, `${write} x 1; dmb ish; ${write} y 1 | ${write} y 2; dmb ish; ${read} x`, r),
  shape(
    `2+2W+dmb.sts ${write}`,
    `${write} x 1; dmb ishst; ${write} y 2 | ${write} y 1; dmb ishst; ${write} x 2`,
    twoWrites,
  ),
]

/**
 * Programs whose order makes an outcome legal that their ordered relatives forbid: what shows that the harness would see it.
 * `forbidden` is the relative's.
 */
export const controls: readonly Shape[] = [
  shape('MP, flag first', 'W y 1; W x 1 | R y; R x', mp),
  shape('SB, reads first', 'R y; W x 1 | R x; W y 1', sb),
  shape('LB, writes first', 'W y 1; R x | W x 1; R y', lb),
  shape('coRR, two locations', 'W x 1; W y 1 | R y; R x; R y', (o) => o.r[0] === 0 && o.r[2] === 1),
  shape('MP of tags, flag first', 'STG y 1; STG x 1 | LDG y; LDG x', mp),
  shape('SB of tags, reads first', 'LDG y; STG x 1 | LDG x; STG y 1', sb),
]

/** Store buffering without barriers: `forbidden` is that of its relatives with them, legal here. */
export const storeBuffering: Shape = shape('SB', 'W x 1; R y | W y 1; R x', sb)

/** Without barriers the architecture allows every outcome of these; they run for the coherence of what they leave behind. */
const relaxed: readonly Shape[] = [
  shape('SB', 'W x 1; R y | W y 1; R x', (o) => o.x !== 1 || o.y !== 1),
  shape('SB STG', 'STG x 1; LDG y | STG y 1; LDG x', (o) => o.x !== 1 || o.y !== 1),
  shape('MP', 'W x 1; W y 1 | R y; R x', (o) => o.x !== 1 || o.y !== 1),
]

export const twoThreads: readonly Shape[] = [
  ...relaxed,
  ...withBarriers('W', 'R'),
  ...withBarriers('STG', 'LDG'),
  ...coherence('W', 'R'),
  ...coherence('STG', 'LDG'),
  shape('MP+dmb.st+dmb.ld', 'W x 1; dmb ishst; W y 1 | R y; dmb ishld; R x', mp),
  shape('MP+stlr+ldar', 'W x 1; STLR y 1 | LDAR y; R x', mp),
  shape('MP+stlr+ldapr', 'W x 1; STLR y 1 | LDAPR y; R x', mp),
  shape('MP tag behind data', 'W x 1; dmb ishst; STG y 1 | LDG y; dmb ishld; R x', mp),
  shape('MP data behind tag', 'STG x 1; STLR y 1 | LDAR y; LDG x', mp),
  shape('SB+stlr+ldar', 'STLR x 1; LDAR y | STLR y 1; LDAR x', sb),
  shape('SB tag and data', 'STG x 1; dmb ish; R y | W y 1; dmb ish; LDG x', sb),
  shape('LB+ldar+ldar', 'LDAR x; W y 1 | LDAR y; W x 1', lb),
  shape('S+stlr+ldar', 'W x 2; STLR y 1 | LDAR y; W x 1', s),
  shape('R+stlr+dmb', 'W x 1; STLR y 1 | W y 2; dmb ish; R x', r),
  shape('2+2W+stlrs', 'W x 1; STLR y 2 | W y 1; STLR x 2', twoWrites),
]

export const moreThreads: readonly Shape[] = [
  shape('WRC+addrs', 'W x 1 | R x; dep W y 1 | R y; dep R x', wrc),
  shape('WRC+stlr+ldar', 'W x 1 | R x; STLR y 1 | LDAR y; R x', wrc),
  shape('WRC+addrs STG', 'STG x 1 | LDG x; dep STG y 1 | LDG y; dep LDG x', wrc),
  shape('ISA2+dmb+addrs', 'W x 1; dmb ish; W y 1 | R y; dep W z 1 | R z; dep R x', isa2),
  shape('IRIW+addrs', 'W x 1 | W y 1 | R x; dep R y | R y; dep R x', iriw),
  shape('IRIW+ldars', 'STLR x 1 | STLR y 1 | LDAR x; LDAR y | LDAR y; LDAR x', iriw),
  shape('IRIW+addrs STG', 'STG x 1 | STG y 1 | LDG x; dep LDG y | LDG y; dep LDG x', iriw),
]
