import type { Sysreg } from '../../../shared/arch/sysreg.ts'
import { sysregs } from '../../../shared/arch/sysregs.ts'
import type { SysregEncoding } from '../../../shared/isa/operations.ts'
import type { Core } from '../cpu/core.ts'
import { packEncoding } from '../sysreg/compile.ts'

/** A name of a system register: whose storage it reaches, usually and at EL2 with HCR_EL2.E2H = 1. */
interface Name {
  readonly name: string
  readonly plain: string
  readonly redirected: string
}

const names = new Map<number, Name>(
  Object.entries<Sysreg>(sysregs).map(([name, row]) => {
    const plain = row.alias ?? name
    return [packEncoding(...row.enc), { name, plain, redirected: row.alias ?? row.e2h ?? name }]
  }),
)

/** What an access that succeeded reached: the register's storage by name, and whether by an _EL12 or _EL02 name. */
export function reached(core: Core, encoding: SysregEncoding): { name: string; foreign: boolean } | null {
  const known = names.get(packEncoding(...encoding))
  if (known === undefined) return null
  const redirects = core.hostExtensions && (core.el === 2 || (core.el === 0 && core.generalTraps))
  return { name: redirects ? known.redirected : known.plain, foreign: known.name !== known.plain }
}

/** The register that a trapped MRS or MSR (EC 0x18) names, and the general register that it transfers. */
export function trapped(esr: bigint): { name: string; read: boolean; t: number } | null {
  const iss = Number(esr & 0x1ff_ffffn)
  const field = (low: number, width: number): number => (iss >> low) & ((1 << width) - 1)
  const known = names.get(packEncoding(field(20, 2), field(14, 3), field(10, 4), field(1, 4), field(17, 3)))
  return known ? { name: known.name, read: field(0, 1) === 1, t: field(5, 5) } : null
}
