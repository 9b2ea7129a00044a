import type { Sysreg } from '../sysreg.ts'
import { fromEl1, virtualMemory } from './traps.ts'

/** Tag check effects, SCTLR_ELx.TCF and TCF0. */
export const tagCheckModes = { 0: 'none', 1: 'sync', 2: 'async', 3: 'asym' } as const

/** System control at EL1. Source: DDI 0487, SCTLR_EL1, ACTLR_EL1, CPACR_EL1, CSSELR_EL1. */
export const controlEl1 = {
  SCTLR_EL1: {
    doc: 'System control for EL1 and EL0: MMU, caches, alignment, traps of EL0, tag checking.',
    enc: [3, 0, 1, 0, 0],
    read: 'EL1',
    write: 'EL1',
    traps: virtualMemory,
    // SED and ITD are RES1 where EL0 has no AArch32. The glossary lets a RES1 bit be a stored bit without effect, and
    // widespread start-up code writes 0 here and reads it back. EE and E0E are RES0: little-endian only (BigEnd = 0).
    fields: {
      DSSBS: 44,
      ATA: 43,
      ATA0: 42,
      TCF: [41, 40],
      TCF0: [39, 38],
      ITFSB: 37,
      UCI: 26,
      SPAN: 23,
      EIS: 22,
      IESB: 21,
      WXN: 19,
      nTWE: 18,
      nTWI: 16,
      UCT: 15,
      DZE: 14,
      I: 12,
      EOS: 11,
      UMA: 9,
      SED: 8,
      ITD: 7,
      nAA: 6,
      SA0: 4,
      SA: 3,
      C: 2,
      A: 1,
      M: 0,
    },
    res1: 0x3010_0000n, // LSMAOE, nTLSMD (no FEAT_LSMAOC) and TSCXT (no FEAT_CSV2_2)
    fieldFeatures: {
      DSSBS: 'FEAT_SSBS',
      ATA: 'FEAT_MTE2',
      ATA0: 'FEAT_MTE2',
      TCF: 'FEAT_MTE2',
      TCF0: 'FEAT_MTE2',
      ITFSB: 'FEAT_MTE_ASYNC',
      IESB: 'FEAT_IESB',
      nAA: 'FEAT_LSE2',
    },
    res1Without: { EIS: 'FEAT_ExS', EOS: 'FEAT_ExS', SPAN: 'FEAT_PAN' },
    meanings: { TCF: tagCheckModes, TCF0: tagCheckModes, M: { 0: 'MMU off', 1: 'MMU on' } },
    reset: 0x30d0_0800n,
    e2h: 'SCTLR_EL2',
    effect: 'translation-control',
    sync: 'context-tlb', // WXN may be cached in a TLB; the tag check controls may not
    switched: 'el1-state',
  },
  ACTLR_EL1: {
    doc: 'Auxiliary control: IMPLEMENTATION DEFINED, nothing here.',
    enc: [3, 0, 1, 0, 1],
    read: 'EL1',
    write: 'EL1',
    traps: fromEl1('HCR_EL2.TACR'),
    fields: {},
    raz: true,
  },
  CPACR_EL1: {
    doc: 'Access to the SIMD and floating-point registers from EL0 and EL1.',
    enc: [3, 0, 1, 0, 2],
    read: 'EL1',
    write: 'EL1',
    traps: fromEl1('CPTR_EL2.TCPAC'),
    fields: { FPEN: [21, 20] },
    meanings: { FPEN: { 0: 'EL0, EL1 trapped', 1: 'EL0 trapped', 2: 'EL0, EL1 trapped', 3: 'not trapped' } },
    reset: 'unknown',
    e2h: 'CPTR_EL2',
    sync: 'context',
    switched: 'el1-state',
  },
  CSSELR_EL1: {
    doc: 'Selects the cache that CCSIDR_EL1 describes.',
    enc: [3, 2, 0, 0, 0],
    read: 'EL1',
    write: 'EL1',
    traps: fromEl1('HCR_EL2.TID2'),
    fields: { TnD: 4, Level: [3, 1], InD: 0 },
    fieldFeatures: { TnD: 'FEAT_MTE2' },
    meanings: { InD: { 0: 'data or unified', 1: 'instruction' } },
    reset: 'unknown',
    sync: 'context',
    switched: 'el1-state',
  },
} as const satisfies Record<string, Sysreg>
