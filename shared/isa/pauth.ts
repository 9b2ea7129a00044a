import { signed } from './fields.ts'
import { type Insn, insn } from './insn.ts'
import type { Operations, PauthKey } from './operations.ts'

/**
 * Pointer authentication: signing, authenticating and stripping of addresses, alone and combined with branches and loads.
 * Source: DDI 0487, the instruction pages. What of it lies in the hint space is `pointerHints`.
 */

const keys = [
  { letters: 'ia', key: 'APIA', bits: '00' },
  { letters: 'ib', key: 'APIB', bits: '01' },
  { letters: 'da', key: 'APDA', bits: '10' },
  { letters: 'db', key: 'APDB', bits: '11' },
] as const satisfies readonly { letters: string; key: PauthKey; bits: string }[]

const kinds = [
  { mnemonic: 'pac', bit: '0', doc: 'Signs' },
  { mnemonic: 'aut', bit: '1', doc: 'Authenticates' },
] as const

const whose = (key: PauthKey): string =>
  `${key === 'APIA' || key === 'APIB' ? 'an instruction' : 'a data'} address`

/** A modifier of zero is XZR; Z forms have no other. */
const oneSource = kinds.flatMap(({ mnemonic, bit, doc }) =>
  keys.flatMap(({ letters, key, bits }) => {
    const apply = <V>(o: Operations<V>, pointer: V, modifier: V): V =>
      mnemonic === 'pac'
        ? o.signPointer(pointer, modifier, key)
        : o.authenticatePointer(pointer, modifier, key)
    return [
      insn({
        name: `${mnemonic}${letters}`.toUpperCase(),
        bits: `1101101011000001000${bit}${bits} nnnnn ddddd`,
        asm: `${mnemonic}${letters} {x:d}, {xsp:n}`,
        doc: `${doc} ${whose(key)} with ${key}Key_EL1 and a modifier.`,
        needs: 'FEAT_PAuth',
        cost: 'alu',
        sem: (o, f) => o.setX(f.d, apply(o, o.x(f.d), o.xsp(f.n))),
      }),
      insn({
        name: `${mnemonic}${letters.replace(/^./, '$&z')}`.toUpperCase(),
        bits: `1101101011000001001${bit}${bits} 11111 ddddd`,
        asm: `${mnemonic}${letters.replace(/^./, '$&z')} {x:d}`,
        doc: `${doc} ${whose(key)} with ${key}Key_EL1 and a modifier of zero.`,
        needs: 'FEAT_PAuth',
        cost: 'alu',
        sem: (o, f) => o.setX(f.d, apply(o, o.x(f.d), o.imm(0))),
      }),
    ]
  }),
)

const stripped = [
  { name: 'XPACI', bit: '0', data: false },
  { name: 'XPACD', bit: '1', data: true },
] as const

const strips = stripped.map(({ name, bit, data }) =>
  insn({
    name,
    bits: `110110101100000101000${bit} 11111 ddddd`,
    asm: `${name.toLowerCase()} {x:d}`,
    doc: `Takes the authentication code out of ${data ? 'a data' : 'an instruction'} address.`,
    needs: 'FEAT_PAuth',
    cost: 'alu',
    sem: (o, f) => o.setX(f.d, o.stripPointer(o.x(f.d), data)),
  }),
)

const PACGA = insn({
  name: 'PACGA',
  bits: '10011010110 mmmmm 001100 nnnnn ddddd',
  asm: 'pacga {x:d}, {x:n}, {xsp:m}',
  doc: 'Authentication code of a value and a modifier with APGAKey_EL1, in bits 63:32.',
  needs: 'FEAT_PAuth',
  cost: 'alu',
  sem: (o, f) => o.setX(f.d, o.genericCode(o.x(f.n), o.xsp(f.m))),
})

const branchKeys = [
  { letter: 'a', key: 'APIA', bit: '0' },
  { letter: 'b', key: 'APIB', bit: '1' },
] as const satisfies readonly { letter: string; key: PauthKey; bit: string }[]

const branchForms = [
  { stem: 'bra', link: false, op: '00', doc: 'Branches to a signed address' },
  {
    stem: 'blra',
    link: true,
    op: '01',
    doc: 'Branches to a signed address and puts the return address in X30',
  },
] as const

/** The address is authenticated first: a fault leaves X30 alone. */
function branchTo<V>(o: Operations<V>, n: number, modifier: V, key: PauthKey, link: boolean): void {
  const target = o.authenticatePointer(o.x(n), modifier, key)
  if (link) o.setX(30, o.add(o.pc(), o.imm(4)))
  o.branchIndirect(target, link, n)
}

const branchesToRegister = branchForms.flatMap(({ stem, link, op, doc }) =>
  branchKeys.flatMap(({ letter, key, bit }) => [
    insn({
      name: `${stem}${letter}`.toUpperCase(),
      bits: `1101011 1 0${op} 11111 00001${bit} nnnnn mmmmm`,
      asm: `${stem}${letter} {x:n}, {xsp:m}`,
      doc: `${doc}.`,
      needs: 'FEAT_PAuth',
      cost: 'branch',
      sem: (o, f) => branchTo(o, f.n, o.xsp(f.m), key, link),
    }),
    insn({
      name: `${stem}${letter}z`.toUpperCase(),
      bits: `1101011 0 0${op} 11111 00001${bit} nnnnn 11111`,
      asm: `${stem}${letter}z {x:n}`,
      doc: `${doc}; the modifier is zero.`,
      needs: 'FEAT_PAuth',
      cost: 'branch',
      sem: (o, f) => branchTo(o, f.n, o.imm(0), key, link),
    }),
  ]),
)

const returns = branchKeys.flatMap(({ letter, key, bit }) => [
  insn({
    name: `RETA${letter.toUpperCase()}`,
    bits: `1101011 0010 11111 00001${bit} 11111 11111`,
    asm: `reta${letter}`,
    doc: 'Returns to the signed address in X30; the modifier is SP.',
    needs: 'FEAT_PAuth',
    cost: 'branch',
    sem: (o) => o.branch(o.authenticatePointer(o.x(30), o.xsp(31), key)),
  }),
  insn({
    name: `ERETA${letter.toUpperCase()}`,
    bits: `1101011 0100 11111 00001${bit} 11111 11111`,
    asm: `ereta${letter}`,
    doc: 'Returns from an exception to the signed address in ELR_ELx; the modifier is SP.',
    needs: 'FEAT_PAuth',
    cost: 'exception-return',
    sem: (o) => o.exceptionReturn(key),
  }),
])

const loadKeys = [
  { letter: 'a', key: 'APDA', bit: '0' },
  { letter: 'b', key: 'APDB', bit: '1' },
] as const satisfies readonly { letter: string; key: PauthKey; bit: string }[]

const checked = { bytes: 8, checked: true }
const unchecked = { bytes: 8, checked: false }

/** The base with a modifier of zero; the alignment of SP is checked behind that. */
function signedBase<V>(o: Operations<V>, n: number, key: PauthKey): V {
  const address = o.authenticatePointer(o.xsp(n), o.imm(0), key)
  if (n === 31) o.base(31)
  return address
}

const loads = loadKeys.flatMap(({ letter, key, bit }) => [
  insn({
    name: `LDRA${letter.toUpperCase()}`,
    bits: `11111000 ${bit} i 1 iiiiiiiii 01 nnnnn ttttt`,
    asm: `ldra${letter} {x:t}, [{xsp:n}<, #{sdec*8:i}>]`,
    doc: 'Loads a doubleword from a signed address.',
    needs: 'FEAT_PAuth',
    cost: 'load',
    sem(o, f) {
      const address = o.add(signedBase(o, f.n, key), o.imm(signed(f.i, 10) * 8))
      o.setX(f.t, o.load(address, f.n === 31 ? unchecked : checked))
    },
  }),
  insn({
    name: `LDRA${letter.toUpperCase()} (pre-index)`,
    bits: `11111000 ${bit} i 1 iiiiiiiii 11 nnnnn ttttt`,
    asm: `ldra${letter} {x:t}, [{xsp:n}<, #{sdec*8:i}>]!`,
    doc: 'Loads a doubleword from a signed address, which stays in the base without its code.',
    needs: 'FEAT_PAuth',
    cost: 'load',
    sem(o, f) {
      const address = o.add(signedBase(o, f.n, key), o.imm(signed(f.i, 10) * 8))
      // Written back behind Rt, which may be the same register (the order of the pseudocode, and QEMU's).
      o.setX(f.t, o.load(address, checked))
      o.setXsp(f.n, address)
    },
  }),
])

/** Pointer and modifier of the hints: X17 by X16, X30 by zero or SP. */
const hintOperands = {
  '1716': { register: 17, modifier: <V>(o: Operations<V>) => o.x(16) },
  z: { register: 30, modifier: <V>(o: Operations<V>) => o.imm(0) },
  sp: { register: 30, modifier: <V>(o: Operations<V>) => o.xsp(31) },
} as const

const hint = (number: number, sign: boolean, key: PauthKey, operands: keyof typeof hintOperands) => {
  const { register, modifier } = hintOperands[operands]
  const sem = <V>(o: Operations<V>): void =>
    o.setX(
      register,
      sign
        ? o.signPointer(o.x(register), modifier(o), key)
        : o.authenticatePointer(o.x(register), modifier(o), key),
    )
  return [number, sem] as const
}

/**
 * What hints mean by CRm:op2. Without FEAT_PAuth they do nothing: no key is enabled, and stripping leaves the address as it is.
 * BTI landing pads among them: branch-target.ts.
 */
export const pointerHints: ReadonlyMap<number, <V>(o: Operations<V>) => void> = new Map([
  [7, <V>(o: Operations<V>) => o.setX(30, o.stripPointer(o.x(30), false))],
  hint(8, true, 'APIA', '1716'),
  hint(10, true, 'APIB', '1716'),
  hint(12, false, 'APIA', '1716'),
  hint(14, false, 'APIB', '1716'),
  hint(24, true, 'APIA', 'z'),
  hint(25, true, 'APIA', 'sp'),
  hint(26, true, 'APIB', 'z'),
  hint(27, true, 'APIB', 'sp'),
  hint(28, false, 'APIA', 'z'),
  hint(29, false, 'APIA', 'sp'),
  hint(30, false, 'APIB', 'z'),
  hint(31, false, 'APIB', 'sp'),
])

export const pointerTwoSource: readonly Insn[] = [PACGA]
export const pointerOneSource: readonly Insn[] = [...oneSource, ...strips]
export const pointerBranch: readonly Insn[] = [...branchesToRegister, ...returns]
export const pointerLoad: readonly Insn[] = loads
