import type { Sysreg } from '../sysreg.ts'

/** Software thread identifiers: no hardware reads them. Source: DDI 0487, the register pages of these names. */
export const thread = {
  TPIDR_EL0: {
    doc: 'Thread pointer of EL0.',
    enc: [3, 3, 13, 0, 2],
    read: 'EL0',
    write: 'EL0',
    fields: {},
    reset: 'unknown',
    switched: 'el1-state',
  },
  TPIDRRO_EL0: {
    doc: 'Thread identifier that EL0 may read and EL1 writes.',
    enc: [3, 3, 13, 0, 3],
    read: 'EL0',
    write: 'EL1',
    fields: {},
    reset: 'unknown',
    switched: 'el1-state',
  },
  TPIDR_EL1: {
    doc: 'Thread identifier of EL1.',
    enc: [3, 0, 13, 0, 4],
    read: 'EL1',
    write: 'EL1',
    fields: {},
    reset: 'unknown',
    switched: 'el1-state',
  },
  TPIDR_EL2: {
    doc: 'Thread identifier of EL2.',
    enc: [3, 4, 13, 0, 2],
    read: 'EL2',
    write: 'EL2',
    fields: {},
    reset: 'unknown',
  },
} as const satisfies Record<string, Sysreg>
