import type { Feature } from '../arch/features.ts'
import { type Insn, insn } from './insn.ts'
import { pointerHints } from './pauth.ts'

/** Hints, barriers, PSTATE, system instructions and system register moves. */

/** CRm:op2 of the hints that have a name; pauth.ts says what those of pointer authentication do. */
const hintNames: Readonly<Record<string, number>> = {
  nop: 0,
  yield: 1,
  wfe: 2,
  wfi: 3,
  sev: 4,
  sevl: 5,
  xpaclri: 7,
  pacia1716: 8,
  pacib1716: 10,
  autia1716: 12,
  autib1716: 14,
  esb: 16,
  'psb csync': 17,
  'tsb csync': 18,
  csdb: 20,
  clearbhb: 22,
  paciaz: 24,
  paciasp: 25,
  pacibz: 26,
  pacibsp: 27,
  autiaz: 28,
  autiasp: 29,
  autibz: 30,
  autibsp: 31,
  bti: 32,
  'bti c': 34,
  'bti j': 36,
  'bti jc': 38,
}

const HINT = insn({
  name: 'HINT',
  bits: '11010101000000110010 hhhhhhh 11111',
  asm: 'hint #{hex:h}',
  aliases: Object.entries(hintNames).map(([asm, number]) => ({
    asm,
    set: { h: number },
    when: (f: { h: number }) => f.h === number,
  })),
  doc: 'Hints; an unallocated one does nothing.',
  cost: 'hint',
  sem(o, f) {
    const pointer = pointerHints.get(f.h)
    if (pointer === undefined) o.hint(f.h)
    else pointer(o)
  },
})

const timedWaits = [
  { kind: 'wfe', op2: '000' },
  { kind: 'wfi', op2: '001' },
] as const

const WFxT = timedWaits.map(({ kind, op2 }) =>
  insn({
    name: `${kind.toUpperCase()}T`,
    bits: `110101010000001100010000 ${op2} ttttt`,
    asm: `${kind}t {x:t}`,
    doc: `${kind.toUpperCase()} that ends when CNTVCT_EL0 reaches Xt.`,
    needs: 'FEAT_WFxT',
    cost: 'hint',
    sem: (o, f) => o.waitUntil(kind, o.x(f.t), f.t),
  }),
)

const CLREX = insn({
  name: 'CLREX',
  bits: '11010101000000110011 mmmm 01011111',
  asm: 'clrex #{hex:m}',
  aliases: [{ asm: 'clrex', set: { m: 15 }, when: (f) => f.m === 15 }],
  doc: 'Clears the local exclusive monitor.',
  cost: 'exclusive',
  sem: (o) => o.clearExclusive(),
})

const DSB = insn({
  name: 'DSB',
  bits: '11010101000000110011 mmmm 10011111',
  asm: 'dsb {barrier:m}',
  aliases: [
    { asm: 'ssbb', set: { m: 0 }, when: (f) => f.m === 0 },
    { asm: 'pssbb', set: { m: 4 }, when: (f) => f.m === 4 },
  ],
  doc: 'Data synchronization barrier.',
  cost: 'dsb',
  sem: (o, f) => o.barrier('dsb', f.m),
})

const DMB = insn({
  name: 'DMB',
  bits: '11010101000000110011 mmmm 10111111',
  asm: 'dmb {barrier:m}',
  doc: 'Data memory barrier.',
  cost: 'dmb',
  sem: (o, f) => o.barrier('dmb', f.m),
})

const ISB = insn({
  name: 'ISB',
  bits: '11010101000000110011 mmmm 11011111',
  asm: 'isb #{isbopt:m}',
  aliases: [{ asm: 'isb', set: { m: 15 }, when: (f) => f.m === 15 }],
  doc: 'Instruction synchronization barrier: a context synchronization event.',
  cost: 'isb',
  sem: (o, f) => o.barrier('isb', f.m),
})

const SB = insn({
  name: 'SB',
  bits: '11010101000000110011000011111111',
  asm: 'sb',
  doc: 'Speculation barrier.',
  needs: 'FEAT_SB',
  cost: 'dmb',
  sem: (o) => o.barrier('sb', 0),
})

const pstateFields = [
  { field: 'UAO', op1: '000', op2: '011', needs: 'FEAT_UAO' },
  { field: 'PAN', op1: '000', op2: '100', needs: 'FEAT_PAN' },
  { field: 'SPSel', op1: '000', op2: '101' },
  { field: 'SSBS', op1: '011', op2: '001', needs: 'FEAT_SSBS' },
  { field: 'DIT', op1: '011', op2: '010', needs: 'FEAT_DIT' },
  { field: 'TCO', op1: '011', op2: '100', needs: 'FEAT_MTE' },
  { field: 'DAIFSet', op1: '011', op2: '110' },
  { field: 'DAIFClr', op1: '011', op2: '111' },
] as const satisfies readonly { field: string; op1: string; op2: string; needs?: Feature }[]

const MSR_imm = pstateFields.map((row) =>
  insn({
    name: `MSR ${row.field} (immediate)`,
    bits: `1101010100000${row.op1}0100 mmmm ${row.op2}11111`,
    asm: `msr ${row.field.toLowerCase()}, #{hex:m}`,
    doc: `Sets PSTATE.${row.field.replace(/Set|Clr/, ' bits')} by an immediate.`,
    ...('needs' in row ? { needs: row.needs } : {}),
    cost: 'msr',
    sem: (o, f) => o.writePstate(Number.parseInt(row.op1, 2), Number.parseInt(row.op2, 2), f.m),
  }),
)

/** Charged as cache maintenance unless the row of the operation (shared/arch/sysops.ts) says otherwise. */
const SYS = insn({
  name: 'SYS',
  bits: '1101010100001 ppp nnnn mmmm qqq ttttt',
  asm: 'sys #{dec:p}, {cn:n}, {cn:m}, #{dec:q}<, {x:t}>',
  aliases: [
    { asm: 'at {at:p,n,m,q}, {x:t}', when: () => true },
    { asm: 'dc {dc:p,n,m,q}, {x:t}', when: () => true },
    { asm: 'ic {ic:p,n,m,q}, {x:t}', when: () => true },
    { asm: 'ic {icall:p,n,m,q}', set: { t: 31 }, when: (f) => f.t === 31 },
    { asm: 'tlbi {tlbi:p,n,m,q}, {x:t}', when: () => true },
    { asm: 'tlbi {tlbiall:p,n,m,q}', set: { t: 31 }, when: (f) => f.t === 31 },
  ],
  doc: 'System instruction: cache, TLB, address translation and tag maintenance.',
  cost: 'cache-maintenance',
  sem: (o, f) => o.systemInstruction(f.p, f.n, f.m, f.q, f.t),
})

const SYSL = insn({
  name: 'SYSL',
  bits: '1101010100101 ppp nnnn mmmm qqq ttttt',
  asm: 'sysl {x:t}, #{dec:p}, {cn:n}, {cn:m}, #{dec:q}',
  doc: 'System instruction with result; none is allocated in a machine of ours.',
  cost: 'cache-maintenance',
  sem: (o) => o.undefined(),
})

const MSR_reg = insn({
  name: 'MSR (register)',
  bits: '11010101000 1 o ppp nnnn mmmm qqq ttttt',
  asm: 'msr {sysreg:o,p,n,m,q}, {x:t}',
  doc: 'Writes a system register.',
  cost: 'msr',
  sem: (o, f) => o.writeSysreg([2 + f.o, f.p, f.n, f.m, f.q], o.x(f.t)),
})

const MRS = insn({
  name: 'MRS',
  bits: '11010101001 1 o ppp nnnn mmmm qqq ttttt',
  asm: 'mrs {x:t}, {sysreg:o,p,n,m,q}',
  doc: 'Reads a system register.',
  cost: 'mrs',
  sem: (o, f) => o.setX(f.t, o.readSysreg([2 + f.o, f.p, f.n, f.m, f.q])),
})

export const hints: readonly Insn[] = [HINT, ...WFxT]
export const barriers: readonly Insn[] = [CLREX, DSB, DMB, ISB, SB]
export const pstate: readonly Insn[] = MSR_imm
export const system: readonly Insn[] = [SYS, SYSL, MSR_reg, MRS]
