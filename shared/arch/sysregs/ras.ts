import type { FieldTable, Sysreg } from '../sysreg.ts'
import { fromEl1 } from './traps.ts'

/**
 * RAS Extension as far as ESB and virtual SError need it. There are no error records (ERRIDR_EL1.NUM = 0), so the
 * ERR<x> registers do not exist. Source: DDI 0487, the register pages of these names.
 */
const deferred = { A: 31, IDS: 24, ISS: [23, 0] } as const satisfies FieldTable

export const ras = {
  DISR_EL1: {
    doc: 'SError that an ESB deferred; VDISR_EL2 in its place for EL1 while HCR_EL2.AMO is 1.',
    enc: [3, 0, 12, 1, 1],
    feature: 'FEAT_RAS',
    read: 'EL1',
    write: 'EL1',
    fields: deferred,
    reset: 'unknown',
    computed: 'deferredError',
    effect: 'deferredError',
  },
  ERRIDR_EL1: {
    doc: 'Number of error records: none.',
    enc: [3, 0, 5, 3, 0],
    feature: 'FEAT_RAS',
    read: 'EL1',
    write: 'none',
    traps: fromEl1('HCR_EL2.TERR'),
    fields: {},
    raz: true,
  },
  VDISR_EL2: {
    doc: 'Virtual SError that an ESB of the guest deferred.',
    enc: [3, 4, 12, 1, 1],
    feature: 'FEAT_RAS',
    read: 'EL2',
    write: 'EL2',
    fields: deferred,
    reset: 'unknown',
    switched: 'el1-state',
  },
  VSESR_EL2: {
    doc: 'Syndrome that a virtual SError reports to the guest.',
    enc: [3, 4, 5, 2, 3],
    feature: 'FEAT_RAS',
    read: 'EL2',
    write: 'EL2',
    fields: { IDS: 24, ISS: [23, 0] },
    reset: 'unknown',
    sync: 'context',
    switched: 'vm',
  },
} as const satisfies Record<string, Sysreg>
