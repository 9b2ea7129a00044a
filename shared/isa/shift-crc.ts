import { type Insn, insn } from './insn.ts'

/** Data-processing (2 source): division, variable shifts, CRC-32; and (1 source): bit and byte reversal, counting. */

const UDIV = insn({
  name: 'UDIV',
  bits: 'z0011010110 mmmmm 000010 nnnnn ddddd',
  asm: 'udiv {r:z,d}, {r:z,n}, {r:z,m}',
  doc: 'Unsigned division; by zero gives zero.',
  cost: 'divide',
  sem: (o, f) => o.setR(f.z, f.d, o.udiv(f.z, o.r(f.z, f.n), o.r(f.z, f.m))),
})

const SDIV = insn({
  name: 'SDIV',
  bits: 'z0011010110 mmmmm 000011 nnnnn ddddd',
  asm: 'sdiv {r:z,d}, {r:z,n}, {r:z,m}',
  doc: 'Signed division; by zero gives zero.',
  cost: 'divide',
  sem: (o, f) => o.setR(f.z, f.d, o.sdiv(f.z, o.r(f.z, f.n), o.r(f.z, f.m))),
})

const LSLV = insn({
  name: 'LSLV',
  bits: 'z0011010110 mmmmm 001000 nnnnn ddddd',
  asm: ['lsl {r:z,d}, {r:z,n}, {r:z,m}', 'lslv {r:z,d}, {r:z,n}, {r:z,m}'],
  doc: 'Shifts left by a register, modulo the width.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.lsl(f.z, o.r(f.z, f.n), o.r(f.z, f.m))),
})

const LSRV = insn({
  name: 'LSRV',
  bits: 'z0011010110 mmmmm 001001 nnnnn ddddd',
  asm: ['lsr {r:z,d}, {r:z,n}, {r:z,m}', 'lsrv {r:z,d}, {r:z,n}, {r:z,m}'],
  doc: 'Shifts right by a register, modulo the width.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.lsr(f.z, o.r(f.z, f.n), o.r(f.z, f.m))),
})

const ASRV = insn({
  name: 'ASRV',
  bits: 'z0011010110 mmmmm 001010 nnnnn ddddd',
  asm: ['asr {r:z,d}, {r:z,n}, {r:z,m}', 'asrv {r:z,d}, {r:z,n}, {r:z,m}'],
  doc: 'Shifts right arithmetically by a register, modulo the width.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.asr(f.z, o.r(f.z, f.n), o.r(f.z, f.m))),
})

const RORV = insn({
  name: 'RORV',
  bits: 'z0011010110 mmmmm 001011 nnnnn ddddd',
  asm: ['ror {r:z,d}, {r:z,n}, {r:z,m}', 'rorv {r:z,d}, {r:z,n}, {r:z,m}'],
  doc: 'Rotates right by a register, modulo the width.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.ror(f.z, o.r(f.z, f.n), o.r(f.z, f.m))),
})

const crcSizes = [
  { suffix: 'b', sf: '0', size: '00', reg: 'w', bytes: 1 },
  { suffix: 'h', sf: '0', size: '01', reg: 'w', bytes: 2 },
  { suffix: 'w', sf: '0', size: '10', reg: 'w', bytes: 4 },
  { suffix: 'x', sf: '1', size: '11', reg: 'x', bytes: 8 },
] as const

const CRC32 = crcSizes.map(({ suffix, sf, size, reg, bytes }) =>
  insn({
    name: `CRC32${suffix.toUpperCase()}`,
    bits: `${sf}0011010110 mmmmm 0100${size} nnnnn ddddd`,
    asm: `crc32${suffix} {w:d}, {w:n}, {${reg}:m}`,
    doc: `CRC-32 over ${bytes * 8} bits.`,
    needs: 'FEAT_CRC32',
    cost: 'alu',
    sem: (o, f) => o.setR(0, f.d, o.crc32(false, bytes, o.r(0, f.n), o.x(f.m))),
  }),
)

const CRC32C = crcSizes.map(({ suffix, sf, size, reg, bytes }) =>
  insn({
    name: `CRC32C${suffix.toUpperCase()}`,
    bits: `${sf}0011010110 mmmmm 0101${size} nnnnn ddddd`,
    asm: `crc32c${suffix} {w:d}, {w:n}, {${reg}:m}`,
    doc: `CRC-32C over ${bytes * 8} bits.`,
    needs: 'FEAT_CRC32',
    cost: 'alu',
    sem: (o, f) => o.setR(0, f.d, o.crc32(true, bytes, o.r(0, f.n), o.x(f.m))),
  }),
)

const RBIT = insn({
  name: 'RBIT',
  bits: 'z101101011000000000000 nnnnn ddddd',
  asm: 'rbit {r:z,d}, {r:z,n}',
  doc: 'Reverses the bits.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.rbit(f.z, o.r(f.z, f.n))),
})

const REV16 = insn({
  name: 'REV16',
  bits: 'z101101011000000000001 nnnnn ddddd',
  asm: 'rev16 {r:z,d}, {r:z,n}',
  doc: 'Reverses the bytes of each halfword.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.rev(f.z, o.r(f.z, f.n), 2)),
})

const REV_32 = insn({
  name: 'REV (32-bit)',
  bits: '0101101011000000000010 nnnnn ddddd',
  asm: 'rev {w:d}, {w:n}',
  doc: 'Reverses the bytes of a word.',
  cost: 'alu',
  sem: (o, f) => o.setR(0, f.d, o.rev(0, o.r(0, f.n), 4)),
})

const REV32 = insn({
  name: 'REV32',
  bits: '1101101011000000000010 nnnnn ddddd',
  asm: 'rev32 {x:d}, {x:n}',
  doc: 'Reverses the bytes of each word.',
  cost: 'alu',
  sem: (o, f) => o.setX(f.d, o.rev(1, o.x(f.n), 4)),
})

const REV_64 = insn({
  name: 'REV (64-bit)',
  bits: '1101101011000000000011 nnnnn ddddd',
  asm: ['rev {x:d}, {x:n}', 'rev64 {x:d}, {x:n}'],
  doc: 'Reverses the bytes of a doubleword.',
  cost: 'alu',
  sem: (o, f) => o.setX(f.d, o.rev(1, o.x(f.n), 8)),
})

const CLZ = insn({
  name: 'CLZ',
  bits: 'z101101011000000000100 nnnnn ddddd',
  asm: 'clz {r:z,d}, {r:z,n}',
  doc: 'Counts leading zeros.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.clz(f.z, o.r(f.z, f.n))),
})

const CLS = insn({
  name: 'CLS',
  bits: 'z101101011000000000101 nnnnn ddddd',
  asm: 'cls {r:z,d}, {r:z,n}',
  doc: 'Counts leading sign bits, the sign itself left out.',
  cost: 'alu',
  sem: (o, f) => o.setR(f.z, f.d, o.cls(f.z, o.r(f.z, f.n))),
})

export const twoSource: readonly Insn[] = [UDIV, SDIV, LSLV, LSRV, ASRV, RORV, ...CRC32, ...CRC32C]
export const oneSource: readonly Insn[] = [RBIT, REV16, REV_32, REV32, REV_64, CLZ, CLS]
