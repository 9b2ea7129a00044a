import { type Insn, insn } from './insn.ts'
import { bothAccesses } from './load-store.ts'

/**
 * Load/store exclusive and load/store ordered. All are aligned (Access.aligned), and unchecked with an SP base. A register that the manual
 * marks (1) must hold ones: other values are CONSTRAINED UNPREDICTABLE and UNDEFINED here. STXR with the status register
 * equal to another operand: operands are read first, as in QEMU.
 */

const sizes = [
  { suffix: 'b', size: '00', reg: 'w', bytes: 1, label: '' },
  { suffix: 'h', size: '01', reg: 'w', bytes: 2, label: '' },
  { suffix: '', size: '10', reg: 'w', bytes: 4, label: ' (32-bit)' },
  { suffix: '', size: '11', reg: 'x', bytes: 8, label: ' (64-bit)' },
] as const

const wordSizes = [sizes[2], sizes[3]] as const

const rowName = (stem: string, k: (typeof sizes)[number]): string =>
  `${`${stem}${k.suffix}`.toUpperCase()}${k.label}`

const loadForms = [
  { stem: 'ldxr', o0: '0', acquire: false },
  { stem: 'ldaxr', o0: '1', acquire: true },
] as const

const storeForms = [
  { stem: 'stxr', o0: '0', release: false },
  { stem: 'stlxr', o0: '1', release: true },
] as const

const storeExclusive = storeForms.flatMap(({ stem, o0, release }) =>
  sizes.map((k) => {
    const access = bothAccesses({ bytes: k.bytes, aligned: true, exclusive: true, release })
    const sf = k.reg === 'x' ? 1 : 0
    return insn({
      name: rowName(stem, k),
      bits: `${k.size}001000000 sssss ${o0}11111 nnnnn ttttt`,
      asm: `${stem}${k.suffix} {w:s}, {${k.reg}:t}, [{xsp:n}]`,
      doc: `Stores if the exclusive monitor is held${release ? ', with release semantics' : ''}; status in Ws.`,
      cost: 'exclusive',
      sem(o, f) {
        const value = k.bytes < 4 ? o.zext(o.x(f.t), 8 * k.bytes) : o.r(sf, f.t)
        const kind = f.n === 31 ? access.unchecked : access.checked
        o.setR(0, f.s, o.storeExclusive(o.base(f.n), value, kind))
      },
    })
  }),
)

const loadExclusive = loadForms.flatMap(({ stem, o0, acquire }) =>
  sizes.map((k) => {
    const access = bothAccesses({ bytes: k.bytes, aligned: true, exclusive: true, acquire })
    return insn({
      name: rowName(stem, k),
      bits: `${k.size}00100001011111 ${o0}11111 nnnnn ttttt`,
      asm: `${stem}${k.suffix} {${k.reg}:t}, [{xsp:n}]`,
      doc: `Loads and claims the exclusive monitor${acquire ? ', with acquire semantics' : ''}.`,
      cost: 'exclusive',
      sem: (o, f) =>
        o.setX(f.t, o.loadExclusive(o.base(f.n), f.n === 31 ? access.unchecked : access.checked)),
    })
  }),
)

const storePair = [
  { stem: 'stxp', o0: '0', release: false },
  { stem: 'stlxp', o0: '1', release: true },
] as const

const storeExclusivePair = storePair.flatMap(({ stem, o0, release }) =>
  wordSizes.map((k) => {
    const access = bothAccesses({ bytes: k.bytes, aligned: true, exclusive: true, release })
    const sf = k.reg === 'x' ? 1 : 0
    return insn({
      name: rowName(stem, k),
      bits: `${k.size}001000001 sssss ${o0} uuuuu nnnnn ttttt`,
      asm: `${stem} {w:s}, {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}]`,
      doc: `Stores a pair if the exclusive monitor is held${release ? ', with release semantics' : ''}; status in Ws.`,
      cost: 'exclusive',
      sem(o, f) {
        const kind = f.n === 31 ? access.unchecked : access.checked
        o.setR(0, f.s, o.storeExclusivePair(o.base(f.n), o.r(sf, f.t), o.r(sf, f.u), kind))
      },
    })
  }),
)

const loadPair = [
  { stem: 'ldxp', o0: '0', acquire: false },
  { stem: 'ldaxp', o0: '1', acquire: true },
] as const

const loadExclusivePair = loadPair.flatMap(({ stem, o0, acquire }) =>
  wordSizes.map((k) => {
    const access = bothAccesses({ bytes: k.bytes, aligned: true, exclusive: true, acquire })
    return insn({
      name: rowName(stem, k),
      bits: `${k.size}00100001111111 ${o0} uuuuu nnnnn ttttt`,
      asm: `${stem} {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}]`,
      doc: `Loads a pair and claims the exclusive monitor${acquire ? ', with acquire semantics' : ''}.`,
      cost: 'exclusive',
      sem(o, f) {
        const kind = f.n === 31 ? access.unchecked : access.checked
        const [first, second] = o.loadExclusivePair(o.base(f.n), kind)
        o.setX(f.t, first)
        o.setX(f.u, second)
      },
    })
  }),
)

/** STLLR and LDLAR order against limited-ordering regions; without regions they are STLR and LDAR. */
const orderedStores = [
  { stem: 'stllr', o0: '0' },
  { stem: 'stlr', o0: '1' },
] as const

const storeOrdered = orderedStores.flatMap(({ stem, o0 }) =>
  sizes.map((k) => {
    const access = bothAccesses({ bytes: k.bytes, aligned: true, release: true })
    const sf = k.reg === 'x' ? 1 : 0
    return insn({
      name: rowName(stem, k),
      bits: `${k.size}00100010011111 ${o0}11111 nnnnn ttttt`,
      asm: `${stem}${k.suffix} {${k.reg}:t}, [{xsp:n}]`,
      doc: 'Stores with release semantics.',
      cost: 'store',
      sem(o, f) {
        const value = k.bytes < 4 ? o.zext(o.x(f.t), 8 * k.bytes) : o.r(sf, f.t)
        o.store(o.base(f.n), value, f.n === 31 ? access.unchecked : access.checked)
      },
    })
  }),
)

const orderedLoads = [
  { stem: 'ldlar', o0: '0' },
  { stem: 'ldar', o0: '1' },
] as const

const loadOrdered = orderedLoads.flatMap(({ stem, o0 }) =>
  sizes.map((k) => {
    const access = bothAccesses({ bytes: k.bytes, aligned: true, acquire: true })
    return insn({
      name: rowName(stem, k),
      bits: `${k.size}00100011011111 ${o0}11111 nnnnn ttttt`,
      asm: `${stem}${k.suffix} {${k.reg}:t}, [{xsp:n}]`,
      doc: 'Loads with acquire semantics.',
      cost: 'load',
      sem: (o, f) => o.setX(f.t, o.load(o.base(f.n), f.n === 31 ? access.unchecked : access.checked)),
    })
  }),
)

export const exclusive: readonly Insn[] = [
  ...storeExclusive,
  ...loadExclusive,
  ...storeExclusivePair,
  ...loadExclusivePair,
  ...storeOrdered,
  ...loadOrdered,
]
