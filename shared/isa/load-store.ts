import type { Access, Operations } from './operations.ts'

/**
 * What the load and store rows share.
 *
 * Register overlaps that the manual leaves CONSTRAINED UNPREDICTABLE are resolved the same way everywhere. A load that
 * writes back its own destination keeps the loaded value (write-back suppressed); a load pair into one register keeps the
 * second element; a store that writes back its own source stores the old value. The last two are also QEMU's choices.
 */

/** One kind of single-register transfer: bits 31:30 (size) and 23:22 (opc) of its encodings. */
export interface Transfer {
  /** `b`, `sb`, `h` ... behind `ldr`, `ldur`, `ldtr`, `ldapur`. */
  suffix: 'b' | 'sb' | 'h' | 'sh' | 'sw' | ''
  load: boolean
  size: '00' | '01' | '10' | '11'
  opc: '00' | '01' | '10' | '11'
  reg: 'w' | 'x'
  bytes: 1 | 2 | 4 | 8
}

export const transfers = [
  { suffix: 'b', load: false, size: '00', opc: '00', reg: 'w', bytes: 1 },
  { suffix: 'b', load: true, size: '00', opc: '01', reg: 'w', bytes: 1 },
  { suffix: 'sb', load: true, size: '00', opc: '10', reg: 'x', bytes: 1 },
  { suffix: 'sb', load: true, size: '00', opc: '11', reg: 'w', bytes: 1 },
  { suffix: 'h', load: false, size: '01', opc: '00', reg: 'w', bytes: 2 },
  { suffix: 'h', load: true, size: '01', opc: '01', reg: 'w', bytes: 2 },
  { suffix: 'sh', load: true, size: '01', opc: '10', reg: 'x', bytes: 2 },
  { suffix: 'sh', load: true, size: '01', opc: '11', reg: 'w', bytes: 2 },
  { suffix: '', load: false, size: '10', opc: '00', reg: 'w', bytes: 4 },
  { suffix: '', load: true, size: '10', opc: '01', reg: 'w', bytes: 4 },
  { suffix: 'sw', load: true, size: '10', opc: '10', reg: 'x', bytes: 4 },
  { suffix: '', load: false, size: '11', opc: '00', reg: 'x', bytes: 8 },
  { suffix: '', load: true, size: '11', opc: '01', reg: 'x', bytes: 8 },
] as const satisfies readonly Transfer[]

/** `LDRSB (64-bit, ` and so on: one name per row. */
export const transferName = (k: Transfer, stem: string, form: string): string => {
  const name = `${stem}${k.suffix}`.toUpperCase()
  const width =
    k.suffix === '' || k.suffix === 'sb' || k.suffix === 'sh' ? `${k.reg === 'x' ? 64 : 32}-bit` : ''
  const notes = [form, width].filter(Boolean).join(', ')
  return notes ? `${name} (${notes})` : name
}

export const transferDoc = (k: Transfer, how: string): string => {
  const what = { 1: 'byte', 2: 'halfword', 4: 'word', 8: 'doubleword' }[k.bytes]
  return `${k.load ? 'Loads' : 'Stores'} a ${k.suffix.startsWith('s') ? 'signed ' : ''}${what}${how}.`
}

/** The checked and the unchecked form of an access, made once per row (facts 4.2: n = 31 decides in many forms). */
export function bothAccesses(access: Omit<Access, 'checked'>): { checked: Access; unchecked: Access } {
  return { checked: { ...access, checked: true }, unchecked: { ...access, checked: false } }
}

/** Moves one element between Rt and memory; `writeBack` runs after the access and before Rt is written. */
export function transfer<V>(
  o: Operations<V>,
  k: Transfer,
  t: number,
  address: V,
  access: Access,
  writeBack?: () => void,
): void {
  const sf = k.reg === 'x' ? 1 : 0
  if (k.load) {
    const value = o.load(address, access)
    writeBack?.()
    o.setR(sf, t, k.suffix.startsWith('s') ? o.sext(value, 8 * k.bytes) : value)
    return
  }
  o.store(address, k.bytes < 4 ? o.zext(o.x(t), 8 * k.bytes) : o.r(sf, t), access)
  writeBack?.()
}
