import type { Kind } from './operand.ts'
import { immediateKinds } from './operand-immediates.ts'
import { nameKinds } from './operand-names.ts'
import { registerKinds } from './operand-registers.ts'
import { vectorKinds } from './operand-vectors.ts'

/** The vocabulary of `{kind:letters}` slots in the `asm` texts of the instruction rows. */
export const operandKinds: Readonly<Record<string, Kind>> = {
  ...registerKinds,
  ...immediateKinds,
  ...nameKinds,
  ...vectorKinds,
}
