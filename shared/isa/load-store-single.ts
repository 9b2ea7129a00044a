import { extendedRegister } from './addsub.ts'
import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import { bothAccesses, transfer, transferDoc, transferName, transfers } from './load-store.ts'

/** Load/store register: unscaled, immediate post- and pre-indexed, unprivileged, register offset, unsigned immediate. */

type Row = (typeof transfers)[number]

const stem = (k: Row): 'ld' | 'st' => (k.load ? 'ld' : 'st')
const cost = (k: Row): 'load' | 'store' => (k.load ? 'load' : 'store')

const unscaled = transfers.map((k) => {
  const access = bothAccesses({ bytes: k.bytes })
  return insn({
    name: transferName(k, `${stem(k)}ur`, ''),
    bits: `${k.size}111000${k.opc}0 iiiiiiiii 00 nnnnn ttttt`,
    asm: `${stem(k)}ur${k.suffix} {${k.reg}:t}, [{xsp:n}<, #{sdec:i}>]`,
    aliases: [{ asm: `${stem(k)}r${k.suffix} {${k.reg}:t}, [{xsp:n}, #{sdec:i}]` }],
    doc: transferDoc(k, ' with an unscaled offset'),
    cost: cost(k),
    sem: (o, f) =>
      transfer(
        o,
        k,
        f.t,
        o.add(o.base(f.n), o.imm(signed(f.i, 9))),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})

const postIndexed = transfers.map((k) => {
  const access = { bytes: k.bytes, checked: true }
  return insn({
    name: transferName(k, `${stem(k)}r`, 'immediate, post-index'),
    bits: `${k.size}111000${k.opc}0 iiiiiiiii 01 nnnnn ttttt`,
    asm: `${stem(k)}r${k.suffix} {${k.reg}:t}, [{xsp:n}], #{sdec:i}`,
    doc: transferDoc(k, ', then adds to the base'),
    cost: cost(k),
    sem(o, f) {
      const address = o.base(f.n)
      transfer(o, k, f.t, address, access, () => o.setXsp(f.n, o.add(address, o.imm(signed(f.i, 9)))))
    },
  })
})

const unprivileged = transfers.map((k) => {
  const access = bothAccesses({ bytes: k.bytes, unprivileged: true })
  return insn({
    name: transferName(k, `${stem(k)}tr`, ''),
    bits: `${k.size}111000${k.opc}0 iiiiiiiii 10 nnnnn ttttt`,
    asm: `${stem(k)}tr${k.suffix} {${k.reg}:t}, [{xsp:n}<, #{sdec:i}>]`,
    doc: transferDoc(k, ' with the permissions of EL0'),
    cost: cost(k),
    sem: (o, f) =>
      transfer(
        o,
        k,
        f.t,
        o.add(o.base(f.n), o.imm(signed(f.i, 9))),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})

const preIndexed = transfers.map((k) => {
  const access = { bytes: k.bytes, checked: true }
  return insn({
    name: transferName(k, `${stem(k)}r`, 'immediate, pre-index'),
    bits: `${k.size}111000${k.opc}0 iiiiiiiii 11 nnnnn ttttt`,
    asm: `${stem(k)}r${k.suffix} {${k.reg}:t}, [{xsp:n}, #{sdec:i}]!`,
    doc: transferDoc(k, ' after adding to the base'),
    cost: cost(k),
    sem(o, f) {
      const address = o.add(o.base(f.n), o.imm(signed(f.i, 9)))
      transfer(o, k, f.t, address, access, () => o.setXsp(f.n, address))
    },
  })
})

/** Register offsets are tag-checked with an SP base too. Options other than UXTW, LSL, SXTW, SXTX are unallocated. */
const optionAllowed = (f: { o: number }): boolean => (f.o & 2) !== 0

const registerOffset = transfers.map((k) => {
  const access = { bytes: k.bytes, checked: true }
  const scale = Math.log2(k.bytes)
  return insn({
    name: transferName(k, `${stem(k)}r`, 'register'),
    bits: `${k.size}111000${k.opc}1 mmmmm ooo s 10 nnnnn ttttt`,
    asm: `${stem(k)}r${k.suffix} {${k.reg}:t}, [{xsp:n}, {offset*${k.bytes}:o,m,s}]`,
    doc: transferDoc(k, ' at a register offset'),
    cost: cost(k),
    where: optionAllowed,
    sem: (o, f) =>
      transfer(o, k, f.t, o.add(o.base(f.n), extendedRegister(o, f.m, f.o, f.s ? scale : 0)), access),
  })
})

const unsignedOffset = transfers.map((k) => {
  const access = bothAccesses({ bytes: k.bytes })
  return insn({
    name: transferName(k, `${stem(k)}r`, 'immediate, unsigned offset'),
    bits: `${k.size}111001${k.opc} iiiiiiiiiiii nnnnn ttttt`,
    asm: `${stem(k)}r${k.suffix} {${k.reg}:t}, [{xsp:n}<, #{dec*${k.bytes}:i}>]`,
    doc: transferDoc(k, ''),
    cost: cost(k),
    sem: (o, f) =>
      transfer(
        o,
        k,
        f.t,
        o.add(o.base(f.n), o.imm(f.i * k.bytes)),
        f.n === 31 ? access.unchecked : access.checked,
      ),
  })
})

export const loadStoreUnscaled: readonly Insn[] = unscaled
export const loadStorePostIndexed: readonly Insn[] = postIndexed
export const loadStoreUnprivileged: readonly Insn[] = unprivileged
export const loadStorePreIndexed: readonly Insn[] = preIndexed
export const loadStoreRegister: readonly Insn[] = registerOffset
export const loadStoreUnsigned: readonly Insn[] = unsignedOffset
