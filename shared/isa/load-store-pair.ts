import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import { bothAccesses } from './load-store.ts'
import type { Access, Operations } from './operations.ts'

/** Load/store pair: no-allocate, post-indexed, signed offset, pre-indexed. STGP is in mte.ts. */

interface Pair {
  mnemonic: string
  load: boolean
  reg: 'w' | 'x'
  bytes: 4 | 8
  signed: boolean
}

const pairs = [
  { mnemonic: 'stp', load: false, opc: '00', l: '0', reg: 'w', bytes: 4, signed: false },
  { mnemonic: 'ldp', load: true, opc: '00', l: '1', reg: 'w', bytes: 4, signed: false },
  { mnemonic: 'ldpsw', load: true, opc: '01', l: '1', reg: 'x', bytes: 4, signed: true },
  { mnemonic: 'stp', load: false, opc: '10', l: '0', reg: 'x', bytes: 8, signed: false },
  { mnemonic: 'ldp', load: true, opc: '10', l: '1', reg: 'x', bytes: 8, signed: false },
] as const satisfies readonly (Pair & { opc: string; l: string })[]

const name = (k: Pair, mnemonic: string, form: string): string => {
  const notes = [form, k.signed ? '' : `${8 * k.bytes}-bit`].filter(Boolean).join(', ')
  return notes ? `${mnemonic.toUpperCase()} (${notes})` : mnemonic.toUpperCase()
}

const doc = (k: Pair, how: string): string => {
  const what = k.signed ? 'signed words' : k.bytes === 4 ? 'words' : 'doublewords'
  return `${k.load ? 'Loads' : 'Stores'} two ${what}${how}.`
}

function transferPair<V>(
  o: Operations<V>,
  k: Pair,
  f: { t: number; u: number },
  address: V,
  access: Access,
  writeBack?: () => void,
): void {
  const sf = k.reg === 'x' ? 1 : 0
  if (k.load) {
    const [first, second] = o.loadPair(address, access)
    writeBack?.()
    o.setR(sf, f.t, k.signed ? o.sext(first, 32) : first)
    o.setR(sf, f.u, k.signed ? o.sext(second, 32) : second)
    return
  }
  o.storePair(address, o.r(sf, f.t), o.r(sf, f.u), access)
  writeBack?.()
}

const noAllocate = pairs
  .filter((k) => !k.signed)
  .map((k) => {
    const access = bothAccesses({ bytes: k.bytes })
    const mnemonic = k.load ? 'ldnp' : 'stnp'
    return insn({
      name: name(k, mnemonic, ''),
      bits: `${k.opc}1010000${k.l} iiiiiii uuuuu nnnnn ttttt`,
      asm: `${mnemonic} {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}<, #{sdec*${k.bytes}:i}>]`,
      doc: doc(k, ', not to be cached'),
      cost: k.load ? 'load' : 'store',
      sem: (o, f) =>
        transferPair(
          o,
          k,
          f,
          o.add(o.base(f.n), o.imm(signed(f.i, 7) * k.bytes)),
          f.n === 31 ? access.unchecked : access.checked,
        ),
    })
  })

const postIndexed = pairs.map((k) => {
  const access = { bytes: k.bytes, checked: true }
  return insn({
    name: name(k, k.mnemonic, 'post-index'),
    bits: `${k.opc}1010001${k.l} iiiiiii uuuuu nnnnn ttttt`,
    asm: `${k.mnemonic} {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}], #{sdec*${k.bytes}:i}`,
    doc: doc(k, ', then adds to the base'),
    cost: k.load ? 'load' : 'store',
    sem(o, f) {
      const address = o.base(f.n)
      const next = o.add(address, o.imm(signed(f.i, 7) * k.bytes))
      transferPair(o, k, f, address, access, () => o.setXsp(f.n, next))
    },
  })
})

const signedOffset = pairs.map((k) => {
  const access = bothAccesses({ bytes: k.bytes })
  return insn({
    name: name(k, k.mnemonic, 'signed offset'),
    bits: `${k.opc}1010010${k.l} iiiiiii uuuuu nnnnn ttttt`,
    asm: `${k.mnemonic} {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}<, #{sdec*${k.bytes}:i}>]`,
    doc: doc(k, ''),
    cost: k.load ? 'load' : 'store',
    sem: (o, f) =>
      transferPair(
        o,
        k,
        f,
        o.add(o.base(f.n), o.imm(signed(f.i, 7) * k.bytes)),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})

const preIndexed = pairs.map((k) => {
  const access = { bytes: k.bytes, checked: true }
  return insn({
    name: name(k, k.mnemonic, 'pre-index'),
    bits: `${k.opc}1010011${k.l} iiiiiii uuuuu nnnnn ttttt`,
    asm: `${k.mnemonic} {${k.reg}:t}, {${k.reg}:u}, [{xsp:n}, #{sdec*${k.bytes}:i}]!`,
    doc: doc(k, ' after adding to the base'),
    cost: k.load ? 'load' : 'store',
    sem(o, f) {
      const address = o.add(o.base(f.n), o.imm(signed(f.i, 7) * k.bytes))
      transferPair(o, k, f, address, access, () => o.setXsp(f.n, address))
    },
  })
})

export const loadStorePair: readonly Insn[] = [...noAllocate, ...postIndexed, ...signedOffset, ...preIndexed]
