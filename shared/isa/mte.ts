import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import type { Operations } from './operations.ts'

/** Memory Tagging Extension. Source: Arm ARM DDI 0487, chapter D10 and the instruction pages. */

const TAG_GRANULE = 16

type AddTag = Readonly<Record<'d' | 'n' | 't', number>>

/**
 * The tag arithmetic of ADDG and SUBG: the start tag is that of Xn before the addition; both move the tag upwards. With tag
 * access off GCR_EL1 is not used.
 */
function addTag<V>(o: Operations<V>, f: AddTag, result: (from: V) => V): void {
  const from = o.xsp(f.n)
  const moved = result(from)
  o.when(
    o.tagAccessEnabled(),
    () => o.setXsp(f.d, o.withTag(moved, o.nextTag(o.tagOf(from), f.t, o.gcrExclude()))),
    () => o.setXsp(f.d, o.withTag(moved, o.imm(0))),
  )
}

const ADDG = insn({
  name: 'ADDG',
  bits: '1001000110 iiiiii 00 tttt nnnnn ddddd',
  asm: 'addg {xsp:d}, {xsp:n}, #{hex*16:i}, #{hex:t}',
  doc: 'Adds to an address and moves its tag to the next allowed one.',
  needs: 'FEAT_MTE',
  cost: 'tag-arithmetic',
  sem: (o, f) => addTag(o, f, (from) => o.add(from, o.imm(f.i * TAG_GRANULE))),
})

const SUBG = insn({
  name: 'SUBG',
  bits: '1101000110 iiiiii 00 tttt nnnnn ddddd',
  asm: 'subg {xsp:d}, {xsp:n}, #{hex*16:i}, #{hex:t}',
  doc: 'Subtracts from an address and moves its tag to the next allowed one.',
  needs: 'FEAT_MTE',
  cost: 'tag-arithmetic',
  sem: (o, f) => addTag(o, f, (from) => o.sub(from, o.imm(f.i * TAG_GRANULE))),
})

const difference = <V>(o: Operations<V>, f: { n: number; m: number }): [V, V] => [
  o.sext(o.xsp(f.n), 56),
  o.sext(o.xsp(f.m), 56),
]

const SUBP = insn({
  name: 'SUBP',
  bits: '10011010110 mmmmm 000000 nnnnn ddddd',
  asm: 'subp {x:d}, {xsp:n}, {xsp:m}',
  doc: 'Difference of two addresses without their top bytes.',
  needs: 'FEAT_MTE',
  cost: 'tag-arithmetic',
  sem(o, f) {
    const [a, b] = difference(o, f)
    o.setX(f.d, o.sub(a, b))
  },
})

const SUBPS = insn({
  name: 'SUBPS',
  bits: '10111010110 mmmmm 000000 nnnnn ddddd',
  asm: 'subps {x:d}, {xsp:n}, {xsp:m}',
  aliases: [{ asm: 'cmpp {xsp:n}, {xsp:m}', set: { d: 31 }, when: (f) => f.d === 31 }],
  doc: 'Difference of two addresses without their top bytes; sets the flags.',
  needs: 'FEAT_MTE',
  cost: 'tag-arithmetic',
  sem(o, f) {
    const [a, b] = difference(o, f)
    o.setX(f.d, o.addSetFlags(1, a, o.not(b), o.imm(1)))
  },
})

const IRG = insn({
  name: 'IRG',
  bits: '10011010110 mmmmm 000100 nnnnn ddddd',
  asm: 'irg {xsp:d}, {xsp:n}<, {x:m}>',
  doc: 'Gives an address a random tag that GCR_EL1 and Xm do not exclude.',
  needs: 'FEAT_MTE',
  cost: 'tag-arithmetic',
  sem(o, f) {
    const from = o.xsp(f.n)
    // RGSR_EL1 moves and GCR_EL1 is used only when the draw happens, so this is a when, not a select.
    o.when(
      o.tagAccessEnabled(),
      () => o.setXsp(f.d, o.withTag(from, o.randomTag(o.or(o.zext(o.x(f.m), 16), o.gcrExclude())))),
      () => o.setXsp(f.d, o.withTag(from, o.imm(0))),
    )
  },
})

const GMI = insn({
  name: 'GMI',
  bits: '10011010110 mmmmm 000101 nnnnn ddddd',
  asm: 'gmi {x:d}, {xsp:n}, {x:m}',
  doc: 'Adds the tag of an address to an exclusion mask.',
  needs: 'FEAT_MTE',
  cost: 'tag-arithmetic',
  sem: (o, f) => o.setX(f.d, o.or(o.x(f.m), o.lsl(1, o.imm(1), o.tagOf(o.xsp(f.n))))),
})

const tagStores = [
  { name: 'STG', opc: '00', granules: 1, zero: false, doc: 'Stores a tag' },
  { name: 'STZG', opc: '01', granules: 1, zero: true, doc: 'Stores a tag and zeroes the granule' },
  { name: 'ST2G', opc: '10', granules: 2, zero: false, doc: 'Stores a tag to two granules' },
  { name: 'STZ2G', opc: '11', granules: 2, zero: true, doc: 'Stores a tag to two granules and zeroes them' },
] as const

/** Register 31 as the tag source is SP. The old SP is read: write-back comes last. */
const storeTag = tagStores.flatMap(({ name, opc, granules, zero, doc }) => [
  insn({
    name: `${name} (post-index)`,
    bits: `11011001${opc}1 iiiiiiiii 01 nnnnn ttttt`,
    asm: `${name.toLowerCase()} {xsp:t}, [{xsp:n}], #{sdec*16:i}`,
    doc: `${doc}, then adds to the base.`,
    needs: 'FEAT_MTE',
    cost: 'tag-store',
    sem(o, f) {
      const address = o.base(f.n)
      const next = o.add(address, o.imm(signed(f.i, 9) * TAG_GRANULE))
      o.storeTags(address, granules, o.tagOf(o.xsp(f.t)), zero)
      o.setXsp(f.n, next)
    },
  }),
  insn({
    name: `${name} (signed offset)`,
    bits: `11011001${opc}1 iiiiiiiii 10 nnnnn ttttt`,
    asm: `${name.toLowerCase()} {xsp:t}, [{xsp:n}<, #{sdec*16:i}>]`,
    doc: `${doc}.`,
    needs: 'FEAT_MTE',
    cost: 'tag-store',
    sem(o, f) {
      const address = o.add(o.base(f.n), o.imm(signed(f.i, 9) * TAG_GRANULE))
      o.storeTags(address, granules, o.tagOf(o.xsp(f.t)), zero)
    },
  }),
  insn({
    name: `${name} (pre-index)`,
    bits: `11011001${opc}1 iiiiiiiii 11 nnnnn ttttt`,
    asm: `${name.toLowerCase()} {xsp:t}, [{xsp:n}, #{sdec*16:i}]!`,
    doc: `${doc} after adding to the base.`,
    needs: 'FEAT_MTE',
    cost: 'tag-store',
    sem(o, f) {
      const address = o.add(o.base(f.n), o.imm(signed(f.i, 9) * TAG_GRANULE))
      o.storeTags(address, granules, o.tagOf(o.xsp(f.t)), zero)
      o.setXsp(f.n, address)
    },
  }),
])

const LDG = insn({
  name: 'LDG',
  bits: '11011001011 iiiiiiiii 00 nnnnn ttttt',
  asm: 'ldg {x:t}, [{xsp:n}<, #{sdec*16:i}>]',
  doc: 'Loads the tag of a granule into bits 59:56 of a register.',
  needs: 'FEAT_MTE',
  cost: 'tag-load',
  sem(o, f) {
    const tag = o.loadTag(o.add(o.base(f.n), o.imm(signed(f.i, 9) * TAG_GRANULE)))
    o.setX(f.t, o.withTag(o.x(f.t), tag))
  },
})

const STZGM = insn({
  name: 'STZGM',
  bits: '1101100100100000000000 nnnnn ttttt',
  asm: 'stzgm {x:t}, [{xsp:n}]',
  doc: 'Stores one tag to the block of DCZID_EL0.BS and zeroes it.',
  needs: 'FEAT_MTE2',
  cost: 'tag-store',
  sem(o, f) {
    o.undefinedAtEl0()
    o.zeroTagBlock(o.base(f.n), o.x(f.t))
  },
})

const STGM = insn({
  name: 'STGM',
  bits: '1101100110100000000000 nnnnn ttttt',
  asm: 'stgm {x:t}, [{xsp:n}]',
  doc: 'Stores the tags of a block, a nibble for each granule.',
  needs: 'FEAT_MTE2',
  cost: 'tag-store',
  sem(o, f) {
    o.undefinedAtEl0()
    o.storeTagBlock(o.base(f.n), o.x(f.t))
  },
})

const LDGM = insn({
  name: 'LDGM',
  bits: '1101100111100000000000 nnnnn ttttt',
  asm: 'ldgm {x:t}, [{xsp:n}]',
  doc: 'Loads the tags of a block, a nibble for each granule.',
  needs: 'FEAT_MTE2',
  cost: 'tag-load',
  sem(o, f) {
    o.undefinedAtEl0()
    o.setX(f.t, o.loadTagBlock(o.base(f.n)))
  },
})

/** The data of STGP is not tag-checked; the tag stored is that of the address itself. */
const pairAccess = { bytes: 8, checked: false, aligned: true }

function storePairAndTag<V>(o: Operations<V>, f: { t: number; u: number }, address: V): void {
  o.storePair(address, o.x(f.t), o.x(f.u), pairAccess)
  o.storeTags(address, 1, o.tagOf(address), false)
}

const STGP_post = insn({
  name: 'STGP (post-index)',
  bits: '0110100010 iiiiiii uuuuu nnnnn ttttt',
  asm: 'stgp {x:t}, {x:u}, [{xsp:n}], #{sdec*16:i}',
  doc: 'Stores two doublewords and the tag of the address, then adds to the base.',
  needs: 'FEAT_MTE',
  cost: 'tag-store',
  sem(o, f) {
    const address = o.base(f.n)
    const next = o.add(address, o.imm(signed(f.i, 7) * TAG_GRANULE))
    storePairAndTag(o, f, address)
    o.setXsp(f.n, next)
  },
})

const STGP_offset = insn({
  name: 'STGP (signed offset)',
  bits: '0110100100 iiiiiii uuuuu nnnnn ttttt',
  asm: 'stgp {x:t}, {x:u}, [{xsp:n}<, #{sdec*16:i}>]',
  doc: 'Stores two doublewords and the tag of the address.',
  needs: 'FEAT_MTE',
  cost: 'tag-store',
  sem: (o, f) => storePairAndTag(o, f, o.add(o.base(f.n), o.imm(signed(f.i, 7) * TAG_GRANULE))),
})

const STGP_pre = insn({
  name: 'STGP (pre-index)',
  bits: '0110100110 iiiiiii uuuuu nnnnn ttttt',
  asm: 'stgp {x:t}, {x:u}, [{xsp:n}, #{sdec*16:i}]!',
  doc: 'Stores two doublewords and the tag of the address after adding to the base.',
  needs: 'FEAT_MTE',
  cost: 'tag-store',
  sem(o, f) {
    const address = o.add(o.base(f.n), o.imm(signed(f.i, 7) * TAG_GRANULE))
    storePairAndTag(o, f, address)
    o.setXsp(f.n, address)
  },
})

export const tagImmediate: readonly Insn[] = [ADDG, SUBG]
export const tagTwoSource: readonly Insn[] = [SUBP, SUBPS, IRG, GMI]
export const tagLoadStore: readonly Insn[] = [...storeTag, LDG, STZGM, STGM, LDGM]
export const tagPair: readonly Insn[] = [STGP_post, STGP_offset, STGP_pre]
