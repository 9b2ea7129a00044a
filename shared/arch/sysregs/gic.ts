import type { FieldTable, Sysreg, Trap } from '../sysreg.ts'
import { fromEl1 } from './traps.ts'

/**
 * GICv3 CPU interface. Source: IHI 0069, 12.2 (ICC_*), 12.3 (ICV_*) and 12.4 (ICH_*).
 *
 * ICV_* registers have the encodings of their ICC_* namesakes: EL1 reaches them while HCR_EL2.FMO (Group 0), HCR_EL2.IMO
 * (Group 1), or one of the two (registers common to both groups) is 1. Their state is in ICH_VMCR_EL2, ICH_AP<g>R0_EL2 and
 * the list registers. Five priority bits make one active priorities register a group; ICC_AP<g>R1 to R3 are UNDEFINED.
 * There is no memory-mapped interface: ICC_SRE_ELx read as ones, so nothing traps by them.
 */
const common = fromEl1('ICH_HCR_EL2.TC')
const group0 = fromEl1('ICH_HCR_EL2.TALL0')
const group1 = fromEl1('ICH_HCR_EL2.TALL1')
/** A guest's SGIs are the hypervisor's to send. */
const sgi: readonly Trap[] = [...common, ...fromEl1('HCR_EL2.FMO'), ...fromEl1('HCR_EL2.IMO')]

const intid = { INTID: [23, 0] } as const satisfies FieldTable
const sgiFields = {
  Aff3: [55, 48],
  IRM: 40,
  Aff2: [39, 32],
  INTID: [27, 24],
  Aff1: [23, 16],
  TargetList: [15, 0],
} as const satisfies FieldTable
const el1 = { read: 'EL1', write: 'EL1' } as const
const readOnly = { read: 'EL1', write: 'none' } as const
const writeOnly = { read: 'none', write: 'EL1' } as const
const el2 = { read: 'EL2', write: 'EL2' } as const

const listRegister = (n: number) =>
  ({
    doc: `List register ${n}: one virtual interrupt of the guest, its state, and the physical interrupt behind it.`,
    enc: [3, 4, 12, 12, n],
    ...el2,
    // HW = 0: bit 41 of pINTID is EOI, which asks for a maintenance interrupt.
    fields: { State: [63, 62], HW: 61, Group: 60, Priority: [55, 51], pINTID: [44, 32], vINTID: [31, 0] },
    meanings: { State: { 0: 'invalid', 1: 'pending', 2: 'active', 3: 'pending and active' } },
    reset: 0n,
    effect: 'gic',
  }) as const satisfies Sysreg

export const gic = {
  ICC_PMR_EL1: {
    doc: 'Priority mask: only interrupts of a lower number are signalled.',
    enc: [3, 0, 4, 6, 0],
    ...el1,
    traps: common,
    fields: { Priority: [7, 3] },
    reset: 0n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_IAR0_EL1: {
    doc: 'Acknowledges the most urgent Group 0 interrupt: its INTID, or 1023.',
    enc: [3, 0, 12, 8, 0],
    ...readOnly,
    traps: group0,
    fields: intid,
    computed: 'gic',
  },
  ICC_EOIR0_EL1: {
    doc: 'End of a Group 0 interrupt: priority drop, and deactivation while EOImode is 0.',
    enc: [3, 0, 12, 8, 1],
    ...writeOnly,
    traps: group0,
    fields: intid,
    effect: 'gic',
  },
  ICC_HPPIR0_EL1: {
    doc: 'The most urgent pending interrupt, if it is of Group 0.',
    enc: [3, 0, 12, 8, 2],
    ...readOnly,
    traps: group0,
    fields: intid,
    computed: 'gic',
  },
  ICC_BPR0_EL1: {
    doc: 'Binary point of Group 0: priority bits above it decide preemption.',
    enc: [3, 0, 12, 8, 3],
    ...el1,
    traps: group0,
    fields: { BinaryPoint: [2, 0] },
    reset: 2n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_AP0R0_EL1: {
    doc: 'Active priorities of Group 0, bit 0 the most urgent.',
    enc: [3, 0, 12, 8, 4],
    ...el1,
    traps: group0,
    fields: { P: [31, 0] },
    reset: 0n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_AP1R0_EL1: {
    doc: 'Active priorities of Group 1, bit 0 the most urgent.',
    enc: [3, 0, 12, 9, 0],
    ...el1,
    traps: group1,
    fields: { P: [31, 0] },
    reset: 0n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_DIR_EL1: {
    doc: 'Deactivates an interrupt whose priority was dropped before, while EOImode is 1.',
    enc: [3, 0, 12, 11, 1],
    ...writeOnly,
    traps: [...fromEl1('ICH_HCR_EL2.TDIR'), ...common],
    fields: intid,
    effect: 'gic',
  },
  ICC_RPR_EL1: {
    doc: 'Running priority: that of the most urgent active interrupt, 0xff while none is active.',
    enc: [3, 0, 12, 11, 3],
    ...readOnly,
    traps: common,
    fields: { Priority: [7, 0] },
    computed: 'gic',
  },
  ICC_SGI1R_EL1: {
    doc: 'Sends a Group 1 SGI to PEs.',
    enc: [3, 0, 12, 11, 5],
    ...writeOnly,
    traps: sgi,
    fields: sgiFields,
    effect: 'gic',
  },
  ICC_ASGI1R_EL1: {
    doc: 'Sends an SGI of the other Security state, which here reaches Group 0.',
    enc: [3, 0, 12, 11, 6],
    ...writeOnly,
    traps: sgi,
    fields: sgiFields,
    effect: 'gic',
  },
  ICC_SGI0R_EL1: {
    doc: 'Sends a Group 0 SGI to PEs.',
    enc: [3, 0, 12, 11, 7],
    ...writeOnly,
    traps: sgi,
    fields: sgiFields,
    effect: 'gic',
  },
  ICC_IAR1_EL1: {
    doc: 'Acknowledges the most urgent Group 1 interrupt: its INTID, or 1023.',
    enc: [3, 0, 12, 12, 0],
    ...readOnly,
    traps: group1,
    fields: intid,
    computed: 'gic',
  },
  ICC_EOIR1_EL1: {
    doc: 'End of a Group 1 interrupt: priority drop, and deactivation while EOImode is 0.',
    enc: [3, 0, 12, 12, 1],
    ...writeOnly,
    traps: group1,
    fields: intid,
    effect: 'gic',
  },
  ICC_HPPIR1_EL1: {
    doc: 'The most urgent pending interrupt, if it is of Group 1.',
    enc: [3, 0, 12, 12, 2],
    ...readOnly,
    traps: group1,
    fields: intid,
    computed: 'gic',
  },
  ICC_BPR1_EL1: {
    doc: 'Binary point of Group 1, counted from one bit less; with CTLR.CBPR that of Group 0, and writes are ignored.',
    enc: [3, 0, 12, 12, 3],
    ...el1,
    traps: group1,
    fields: { BinaryPoint: [2, 0] },
    reset: 3n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_CTLR_EL1: {
    doc: 'Control of the CPU interface: EOImode splits priority drop and deactivation, CBPR shares the binary point.',
    enc: [3, 0, 12, 12, 4],
    ...el1,
    traps: common,
    fields: { A3V: 15, SEIS: 14, IDbits: [13, 11], PRIbits: [10, 8], EOImode: 1, CBPR: 0 },
    meanings: {
      EOImode: { 0: 'drop and deactivate', 1: 'drop only' },
      IDbits: { 0: '16 bits', 1: '24 bits' },
    },
    reset: 0x8c00n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_SRE_EL1: {
    doc: 'System register enable: always on.',
    enc: [3, 0, 12, 12, 5],
    ...el1,
    fields: { DIB: 2, DFB: 1, SRE: 0 },
    computed: 'gic',
    effect: 'gic',
  },
  ICC_IGRPEN0_EL1: {
    doc: 'Enables Group 0 interrupts for this PE.',
    enc: [3, 0, 12, 12, 6],
    ...el1,
    traps: group0,
    fields: { Enable: 0 },
    reset: 0n,
    computed: 'gic',
    effect: 'gic',
  },
  ICC_IGRPEN1_EL1: {
    doc: 'Enables Group 1 interrupts for this PE.',
    enc: [3, 0, 12, 12, 7],
    ...el1,
    traps: group1,
    fields: { Enable: 0 },
    reset: 0n,
    computed: 'gic',
    effect: 'gic',
  },
  ICH_AP0R0_EL2: {
    doc: 'Active priorities of virtual Group 0.',
    enc: [3, 4, 12, 8, 0],
    ...el2,
    fields: { P: [31, 0] },
    reset: 0n,
    effect: 'gic',
  },
  ICH_AP1R0_EL2: {
    doc: 'Active priorities of virtual Group 1.',
    enc: [3, 4, 12, 9, 0],
    ...el2,
    fields: { P: [31, 0] },
    reset: 0n,
    effect: 'gic',
  },
  ICC_SRE_EL2: {
    doc: 'System register enable for EL2, and for EL1’s use of ICC_SRE_EL1: always on.',
    enc: [3, 4, 12, 9, 5],
    ...el2,
    fields: { Enable: 3, DIB: 2, DFB: 1, SRE: 0 },
    computed: 'gic',
    effect: 'gic',
  },
  ICH_HCR_EL2: {
    doc: 'Control of the virtual CPU interface: enable, traps of EL1, maintenance interrupts, EOIs without a list register.',
    enc: [3, 4, 12, 11, 0],
    ...el2,
    fields: {
      EOIcount: [31, 27],
      TDIR: 14,
      TSEI: 13, // no SEIs (ICH_VTR_EL2.SEIS): it traps nothing
      TALL1: 12,
      TALL0: 11,
      TC: 10,
      VGrp1DIE: 7,
      VGrp1EIE: 6,
      VGrp0DIE: 5,
      VGrp0EIE: 4,
      NPIE: 3,
      LRENPIE: 2,
      UIE: 1,
      En: 0,
    },
    reset: 0n,
    effect: 'gic',
  },
  ICH_VTR_EL2: {
    doc: 'What the virtual CPU interface has: list registers less one, bits of priority and of INTIDs.',
    enc: [3, 4, 12, 11, 1],
    read: 'EL2',
    write: 'none',
    fields: {
      PRIbits: [31, 29],
      PREbits: [28, 26],
      IDbits: [25, 23],
      SEIS: 22,
      A3V: 21,
      nV4: 20,
      TDS: 19,
      ListRegs: [4, 0],
    },
    computed: 'gic',
  },
  ICH_MISR_EL2: {
    doc: 'Why the maintenance interrupt is asserted.',
    enc: [3, 4, 12, 11, 2],
    read: 'EL2',
    write: 'none',
    fields: { VGrp1D: 7, VGrp1E: 6, VGrp0D: 5, VGrp0E: 4, NP: 3, LRENP: 2, U: 1, EOI: 0 },
    computed: 'gic',
  },
  ICH_EISR_EL2: {
    doc: 'List registers whose interrupt ended and asked for a maintenance interrupt.',
    enc: [3, 4, 12, 11, 3],
    read: 'EL2',
    write: 'none',
    fields: { Status: [15, 0] },
    computed: 'gic',
  },
  ICH_ELRSR_EL2: {
    doc: 'List registers that are free.',
    enc: [3, 4, 12, 11, 5],
    read: 'EL2',
    write: 'none',
    fields: { Status: [15, 0] },
    computed: 'gic',
  },
  ICH_VMCR_EL2: {
    doc: 'The guest’s view of its interface: priority mask, binary points, group enables, EOI mode.',
    enc: [3, 4, 12, 11, 7],
    ...el2,
    fields: { VPMR: [31, 27], VBPR0: [23, 21], VBPR1: [20, 18], VEOIM: 9, VCBPR: 4, VENG1: 1, VENG0: 0 },
    res1: 0x8n, // VFIQEn: there are system registers only
    reset: 0x4c_0008n,
    effect: 'gic',
  },
  ICH_LR0_EL2: listRegister(0),
  ICH_LR1_EL2: listRegister(1),
  ICH_LR2_EL2: listRegister(2),
  ICH_LR3_EL2: listRegister(3),
} as const satisfies Record<string, Sysreg>
