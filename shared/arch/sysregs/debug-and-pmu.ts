import type { FieldTable, Sysreg, Trap } from '../sysreg.ts'
import { debugGroup } from './traps.ts'

/**
 * Self-hosted debug as far as kernels touch it when they boot: two breakpoints and two watchpoints are the architectural
 * minimum. There is no Performance Monitors Extension (ID_AA64DFR0_EL1.PMUVer = 0): PM* names are UNDEFINED.
 * Nobody is at the other end of the debug communications channel, and no debugger claims anything.
 * Source: DDI 0487, chapter D2 and the register pages.
 */
const breakpointControl = {
  LBN: [19, 16],
  SSC: [15, 14],
  HMC: 13,
  BT: [23, 20],
  BAS: [8, 5],
  PMC: [2, 1],
  E: 0,
} as const satisfies FieldTable
const watchpointControl = {
  MASK: [28, 24],
  WT: 20,
  LBN: [19, 16],
  SSC: [15, 14],
  HMC: 13,
  BAS: [12, 5],
  LSC: [4, 3],
  PAC: [2, 1],
  E: 0,
} as const satisfies FieldTable

const access = { read: 'EL1', write: 'EL1' } as const
const value = { ...access, traps: debugGroup('TDA'), fields: {}, reset: 'unknown', sync: 'context' } as const
const watchedAddress = { VA: [63, 2] } as const satisfies FieldTable

const channelTraps: readonly Trap[] = [
  { bit: 'MDSCR_EL1.TDCC', when: 1, from: 'EL0', to: 'EL1' },
  { bit: 'MDCR_EL2.TDE', when: 1, from: 'EL0', to: 'EL2' },
  { bit: 'MDCR_EL2.TDA', when: 1, from: 'EL0', to: 'EL2' },
  ...debugGroup('TDA'),
]

export const debugAndPmu = {
  MDSCR_EL1: {
    doc: 'Monitor debug control: software step, breakpoints and watchpoints on or off.',
    enc: [2, 0, 0, 2, 2],
    ...access,
    traps: debugGroup('TDA'),
    fields: {
      RXfull: 30,
      TXfull: 29,
      RXO: 27,
      TXU: 26,
      INTdis: [23, 22],
      TDA: 21,
      MDE: 15,
      HDE: 14,
      KDE: 13,
      TDCC: 12,
      ERR: 6,
      SS: 0,
    },
    reset: 'unknown',
    sync: 'context',
    switched: 'el1-state',
  },
  MDCCINT_EL1: {
    doc: 'Interrupts of the debug communications channel.',
    enc: [2, 0, 0, 2, 0],
    ...access,
    traps: debugGroup('TDA'),
    fields: { RX: 30, TX: 29 },
    reset: 0n,
  },
  MDCCSR_EL0: {
    doc: 'Status of the debug communications channel: both directions empty.',
    enc: [2, 3, 0, 1, 0],
    read: 'EL0',
    write: 'none',
    traps: channelTraps,
    fields: {},
    raz: true,
  },
  DBGDTR_EL0: {
    doc: 'Data of the debug communications channel, both halves: nobody reads or writes it.',
    enc: [2, 3, 0, 4, 0],
    read: 'EL0',
    write: 'EL0',
    traps: channelTraps,
    fields: {},
    raz: true,
  },
  DBGDTRRX_EL0: {
    doc: 'Data of the debug communications channel: received when read, DBGDTRTX_EL0 when written.',
    enc: [2, 3, 0, 5, 0],
    read: 'EL0',
    write: 'EL0',
    traps: channelTraps,
    fields: {},
    raz: true,
  },
  OSDTRRX_EL1: {
    doc: 'Received data of the channel, for saving it.',
    enc: [2, 0, 0, 0, 2],
    ...access,
    traps: debugGroup('TDA'),
    fields: { DTRRX: [31, 0] },
    reset: 'unknown',
  },
  OSDTRTX_EL1: {
    doc: 'Transmitted data of the channel, for saving it.',
    enc: [2, 0, 0, 3, 2],
    ...access,
    traps: debugGroup('TDA'),
    fields: { DTRTX: [31, 0] },
    reset: 'unknown',
  },
  OSECCR_EL1: {
    doc: 'Exception catch control of an external debugger, for saving it: there is none.',
    enc: [2, 0, 0, 6, 2],
    ...access,
    traps: debugGroup('TDA'),
    fields: {},
    raz: true,
  },
  DBGCLAIMSET_EL1: {
    doc: 'Sets claim tags; reads as one for each of the eight that exist.',
    enc: [2, 0, 7, 8, 6],
    ...access,
    traps: debugGroup('TDA'),
    fields: { CLAIM: [7, 0] },
    computed: 'claimTags',
    effect: 'claim-set',
  },
  DBGCLAIMCLR_EL1: {
    doc: 'Clears claim tags; reads as those that are set.',
    enc: [2, 0, 7, 9, 6],
    ...access,
    traps: debugGroup('TDA'),
    fields: { CLAIM: [7, 0] },
    reset: 0n,
    effect: 'claim-clear',
  },
  DBGAUTHSTATUS_EL1: {
    doc: 'Debug authentication: no external debug is permitted.',
    enc: [2, 0, 7, 14, 6],
    read: 'EL1',
    write: 'none',
    traps: debugGroup('TDA'),
    fields: {},
    raz: true,
  },
  MDRAR_EL1: {
    doc: 'Base of the debug component tables: none.',
    enc: [2, 0, 1, 0, 0],
    read: 'EL1',
    write: 'none',
    traps: debugGroup('TDRA'),
    fields: {},
    raz: true,
  },
  OSLAR_EL1: {
    doc: 'Locks or unlocks the OS Lock.',
    enc: [2, 0, 1, 0, 4],
    read: 'none',
    write: 'EL1',
    traps: debugGroup('TDOSA'),
    fields: { OSLK: 0 },
    effect: 'os-lock',
  },
  OSLSR_EL1: {
    doc: 'State of the OS Lock.',
    enc: [2, 0, 1, 1, 4],
    read: 'EL1',
    write: 'none',
    traps: debugGroup('TDOSA'),
    fields: { OSLM1: 3, nTT: 2, OSLK: 1, OSLM0: 0 },
    meanings: { OSLK: { 0: 'unlocked', 1: 'locked' } },
    reset: 0xan, // OSLM = 0b10: the OS Lock is implemented, and locked by a reset
  },
  OSDLR_EL1: {
    doc: 'OS Double Lock: not implemented.',
    enc: [2, 0, 1, 3, 4],
    ...access,
    traps: debugGroup('TDOSA'),
    fields: {},
    raz: true,
  },
  DBGPRCR_EL1: {
    doc: 'Debug power control.',
    enc: [2, 0, 1, 4, 4],
    ...access,
    traps: debugGroup('TDOSA'),
    fields: { CORENPDRQ: 0 },
    reset: 0n,
  },
  DBGBVR0_EL1: { doc: 'Breakpoint 0: address or context.', enc: [2, 0, 0, 0, 4], ...value },
  DBGBCR0_EL1: { doc: 'Breakpoint 0: control.', enc: [2, 0, 0, 0, 5], ...value, fields: breakpointControl },
  DBGWVR0_EL1: { doc: 'Watchpoint 0: address.', enc: [2, 0, 0, 0, 6], ...value, fields: watchedAddress },
  DBGWCR0_EL1: { doc: 'Watchpoint 0: control.', enc: [2, 0, 0, 0, 7], ...value, fields: watchpointControl },
  DBGBVR1_EL1: { doc: 'Breakpoint 1: address or context.', enc: [2, 0, 0, 1, 4], ...value },
  DBGBCR1_EL1: { doc: 'Breakpoint 1: control.', enc: [2, 0, 0, 1, 5], ...value, fields: breakpointControl },
  DBGWVR1_EL1: { doc: 'Watchpoint 1: address.', enc: [2, 0, 0, 1, 6], ...value, fields: watchedAddress },
  DBGWCR1_EL1: { doc: 'Watchpoint 1: control.', enc: [2, 0, 0, 1, 7], ...value, fields: watchpointControl },
} as const satisfies Record<string, Sysreg>
