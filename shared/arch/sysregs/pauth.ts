import type { Sysreg } from '../sysreg.ts'
import { authenticationKeys } from './traps.ts'

/**
 * Keys of pointer authentication, 128 bits each in two registers; the two of one key lie beside each other.
 * Source: DDI 0487, the register pages of these names.
 */
const half = (doc: string, enc: Sysreg['enc']) =>
  ({
    doc,
    enc,
    feature: 'FEAT_PAuth',
    read: 'EL1',
    write: 'EL1',
    traps: authenticationKeys,
    fields: {},
    reset: 'unknown',
    sync: 'context',
    switched: 'el1-state',
  }) as const satisfies Sysreg

export const pauth = {
  APIAKeyLo_EL1: half('Key A for addresses of instructions, bits 63:0.', [3, 0, 2, 1, 0]),
  APIAKeyHi_EL1: half('Key A for addresses of instructions, bits 127:64.', [3, 0, 2, 1, 1]),
  APIBKeyLo_EL1: half('Key B for addresses of instructions, bits 63:0.', [3, 0, 2, 1, 2]),
  APIBKeyHi_EL1: half('Key B for addresses of instructions, bits 127:64.', [3, 0, 2, 1, 3]),
  APDAKeyLo_EL1: half('Key A for addresses of data, bits 63:0.', [3, 0, 2, 2, 0]),
  APDAKeyHi_EL1: half('Key A for addresses of data, bits 127:64.', [3, 0, 2, 2, 1]),
  APDBKeyLo_EL1: half('Key B for addresses of data, bits 63:0.', [3, 0, 2, 2, 2]),
  APDBKeyHi_EL1: half('Key B for addresses of data, bits 127:64.', [3, 0, 2, 2, 3]),
  APGAKeyLo_EL1: half('Key for codes of whole values (PACGA), bits 63:0.', [3, 0, 2, 3, 0]),
  APGAKeyHi_EL1: half('Key for codes of whole values (PACGA), bits 127:64.', [3, 0, 2, 3, 1]),
} as const satisfies Record<string, Sysreg>
