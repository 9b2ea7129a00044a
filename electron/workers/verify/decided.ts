import type { Differs } from './compare.ts'
import type { Status } from './record.ts'

/** What this machine does in a recorded case that the architecture decides otherwise or leaves open, and why. */
export interface Decision {
  why: Exclude<Status, 'must'>
  /** The clause of DDI 0487 that decides or that leaves the choice. */
  clause: string
  /** What is expected here and not recorded; empty where this machine chose as the recorder did. */
  differs: Differs
}

/** The exception that a case meets here and not in the recorder, with PSTATE as every hand-made case enters with. */
const faults = (at: number, esr: string, far: string): Differs => ({
  end: 'exc_el1',
  PC: `0x20000000${at.toString(16)}`,
  exception: 'to EL1',
  vector: 'spx_sync',
  ESR: esr,
  FAR: far,
  ELR: `0x20000000${at.toString(16)}`,
  SPSR: '0x3c5',
  'PSTATE in the handler': '0x20003c5',
})

const noSynchronisation =
  'B2, synchronization of direct and indirect writes: until a Context synchronization event it is open which value an ' +
  'indirect read sees; the eager mode gives the new one'
const monitorFirst =
  'AArch64.ExclusiveMonitorsPass: it is IMPLEMENTATION DEFINED whether memory aborts are detected before or after the check ' +
  'of the local monitor; here translation comes before it and the tag check behind it'
const seedOfZero =
  'AArch64.RandomTag with GCR_EL1.RRND = 1 is IMPLEMENTATION DEFINED: here the sequence of RRND = 0, from seed 1 where the ' +
  'seed is 0'

/** Every recorded case of status deviation, choice or random, by its id. */
export const decisions: Readonly<Record<string, Decision>> = {
  DEVIATION_sp_misaligned: {
    why: 'deviation',
    clause:
      'CheckSPAlignment: with SCTLR_EL1.SA = 1 a misaligned SP as base takes an SP alignment fault, EC 0x26',
    differs: { ...faults(0, '0x9a000000', '0x0'), X0: '0x0' },
  },
  DEVIATION_cas_wnr: {
    why: 'deviation',
    clause:
      'ISS encoding of a Data Abort, WnR: 0 where a read of the location would have faulted, and CAS reads first',
    differs: { ESR: '0x96000011' },
  },
  DEVIATION_casp_wnr: {
    why: 'deviation',
    clause:
      'ISS encoding of a Data Abort, WnR: 0 where a read of the location would have faulted, and CASP reads first',
    differs: { ESR: '0x96000011' },
  },
  DEVIATION_asym_cas: {
    why: 'deviation',
    clause:
      'D10, Tag Check Faults: in the asymmetric mode a fault of a read is synchronous, and CAS reads first',
    differs: { ...faults(0, '0x96000011', '0x300000200100000'), X0: '0x0', TFSR_EL1: '0x0' },
  },
  DEVIATION_st1_64_bytes: {
    why: 'deviation',
    clause: 'AArch64.CheckTag is made for every granule of an access; ST1 of four registers has four',
    differs: { ...faults(0, '0x96000051', '0x500000200100030'), DATA: 'unchanged' },
  },
  ro_swp_mismatch: {
    why: 'choice',
    clause: 'D8, prioritization of synchronous aborts: a Permission fault comes before a Tag Check Fault',
    differs: { ESR: '0x9600004f' },
  },
  dc_zva_far: {
    why: 'choice',
    clause:
      'DC ZVA: it is IMPLEMENTATION DEFINED which address of the block FAR_EL1 holds, here the failing granule; WnR is 1, ' +
      'since DC ZVA only writes',
    differs: { ESR: '0x96000051' },
  },
  probe_stxr_tco_then_mismatch: { why: 'choice', clause: monitorFirst, differs: {} },
  probe_stxr_nomonitor_mismatch: { why: 'choice', clause: monitorFirst, differs: {} },
  probe_stxr_mismatch_sync: {
    why: 'choice',
    clause:
      'Exclusive monitors tag physical addresses: another Logical Address Tag names the same location, so the store is ' +
      'attempted and its tag checked',
    differs: { ...faults(4, '0x96000051', '0x600000200100000'), X2: '0x0' },
  },
  probe_stxr_other_addr_mismatch: { why: 'choice', clause: monitorFirst, differs: {} },
  probe_gcr_no_isb: { why: 'choice', clause: noSynchronisation, differs: {} },
  probe_sctlr_no_isb: { why: 'choice', clause: noSynchronisation, differs: {} },
  probe_tcf_none_no_isb: { why: 'choice', clause: noSynchronisation, differs: {} },
  probe_tfsr_no_dsb: {
    why: 'choice',
    clause:
      'D10, asynchronous Tag Check Faults: until a DSB it is open whether TFSR_EL1 holds the fault; the eager mode shows it ' +
      'at once',
    differs: {},
  },
  probe_irg_rrnd: { why: 'choice', clause: seedOfZero, differs: {} },
  probe_irg_rrnd_seed0: {
    why: 'random',
    clause: seedOfZero,
    differs: { X2: '0x100001', RGSR_EL1: '0x100001' },
  },
  probe_irg_rrnd_seed0_b: {
    why: 'random',
    clause: seedOfZero,
    differs: { X0: '0x100000200100000', X2: '0x100001', RGSR_EL1: '0x100001' },
  },
  probe_eret_ats: {
    why: 'choice',
    clause: 'PAR_EL1.PA is where the machine that runs the case placed DATA',
    differs: { X0: '0xf000000040024b80' },
  },
}
