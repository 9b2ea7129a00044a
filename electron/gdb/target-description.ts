import { spanOf } from '../../shared/arch/layout.ts'
import type { FieldTable, Sysreg } from '../../shared/arch/sysreg.ts'
import { sysregs } from '../../shared/arch/sysregs.ts'

/** A register as gdb numbers it: its place in the list. */
export type TargetRegister =
  | { kind: 'general'; name: string; bytes: 8 }
  | { kind: 'pc' | 'pstate'; name: string; bytes: 4 | 8 }
  | { kind: 'vector'; name: string; bytes: 16; n: number }
  /** A row of shared/arch; `bytes` 4 for FPSR and FPCR, which gdb wants so. */
  | { kind: 'system'; name: string; bytes: 4 | 8; row: string }

const core: TargetRegister[] = [
  ...Array.from({ length: 31 }, (_, n) => ({ kind: 'general', name: `x${n}`, bytes: 8 }) as const),
  { kind: 'general', name: 'sp', bytes: 8 },
  { kind: 'pc', name: 'pc', bytes: 8 },
  { kind: 'pstate', name: 'cpsr', bytes: 4 },
]
const fpu: TargetRegister[] = [
  ...Array.from({ length: 32 }, (_, n) => ({ kind: 'vector', name: `v${n}`, bytes: 16, n }) as const),
  { kind: 'system', name: 'fpsr', bytes: 4, row: 'FPSR' },
  { kind: 'system', name: 'fpcr', bytes: 4, row: 'FPCR' },
]

/** How many of the registers the `g` packet holds; the others are asked for one by one. */
export const inGeneralPacket = core.length + fpu.length

/** Every register, by gdb's number. @param has whether some PE of the machine has a system register */
export function targetRegisters(has: (name: string) => boolean): TargetRegister[] {
  const named = new Set(['FPSR', 'FPCR'])
  const system = Object.entries<Sysreg>(sysregs)
    .filter(
      ([name, row]) => !named.has(name) && row.alias === undefined && row.onlyE2h === undefined && has(name),
    )
    .map(([name]): TargetRegister => ({ kind: 'system', name, bytes: 8, row: name }))
  return [...core, ...fpu, ...system]
}

/** Bits of PSTATE in SPSR format, for gdb's display. */
const pstateFlags: FieldTable = {
  SP: 0,
  EL: [3, 2],
  F: 6,
  I: 7,
  A: 8,
  D: 9,
  BTYPE: [11, 10],
  SSBS: 12,
  IL: 20,
  SS: 21,
  PAN: 22,
  UAO: 23,
  DIT: 24,
  TCO: 25,
  V: 28,
  C: 29,
  Z: 30,
  N: 31,
}

function flags(id: string, bytes: number, fields: FieldTable): string {
  const lines = Object.entries(fields)
    .map(([name, position]) => [name, ...spanOf(position)] as const)
    .sort((a, b) => a[2] - b[2])
    .map(([name, high, low]) => `<field name="${name}" start="${low}" end="${high}"/>`)
  return `<flags id="${id}" size="${bytes}">${lines.join('')}</flags>`
}

/** Elements of a V register: gdb's letter, and the types it reads them as: floating-point, unsigned, signed. */
const elements = [
  { letter: 'd', count: 2, f: 'ieee_double', u: 'uint64', s: 'int64' },
  { letter: 's', count: 4, f: 'ieee_single', u: 'uint32', s: 'int32' },
  { letter: 'h', count: 8, f: 'ieee_half', u: 'uint16', s: 'int16' },
  { letter: 'b', count: 16, u: 'uint8', s: 'int8' },
  { letter: 'q', count: 1, u: 'uint128', s: 'int128' },
] as const

/** Types of `$v0.d.u[1]` and its like, as gdb names them. */
const vectorTypes = [
  ...elements.map(({ letter, count, ...types }) => {
    const kinds = Object.entries(types)
    const id = (kind: string): string => `v${count}${letter}${kind}`
    const vectors = kinds.map(([kind, type]) => `<vector id="${id(kind)}" type="${type}" count="${count}"/>`)
    const fields = kinds.map(([kind]) => `<field name="${kind}" type="${id(kind)}"/>`)
    return `${vectors.join('')}<union id="vn${letter}">${fields.join('')}</union>`
  }),
  `<union id="aarch64v">${elements.map(({ letter }) => `<field name="${letter}" type="vn${letter}"/>`).join('')}</union>`,
].join('')

const typeOf = ({ kind, name }: TargetRegister): string => {
  if (name === 'sp') return 'data_ptr'
  if (kind === 'pc') return 'code_ptr'
  if (kind === 'pstate') return 'cpsr_flags'
  return kind === 'vector' ? 'aarch64v' : 'int'
}

const regLine = (reg: TargetRegister, extra = ''): string =>
  `<reg name="${reg.name}" bitsize="${reg.bytes * 8}" type="${typeOf(reg)}"${extra}/>`

/** target.xml: gdb's own features for core and V registers, and one of ours made from the rows of shared/arch. */
export function targetXml(registers: readonly TargetRegister[]): string {
  const system = registers.slice(inGeneralPacket)
  const table = sysregs as Readonly<Record<string, Sysreg>>
  const types: string[] = []
  const lines = system.map((reg) => {
    const fields = table[reg.name]?.fields ?? {}
    if (Object.keys(fields).length === 0) return regLine(reg, ' group="system" save-restore="no"')
    types.push(flags(`${reg.name}_fields`, 8, fields))
    return `<reg name="${reg.name}" bitsize="64" type="${reg.name}_fields" group="system" save-restore="no"/>`
  })
  return [
    '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">',
    '<architecture>aarch64</architecture>',
    '<feature name="org.gnu.gdb.aarch64.core">',
    flags('cpsr_flags', 4, pstateFlags),
    ...core.map((reg) => regLine(reg)),
    '</feature><feature name="org.gnu.gdb.aarch64.fpu">',
    vectorTypes,
    ...fpu.map((reg) => regLine(reg)),
    '</feature><feature name="switchyard.system-registers">',
    ...types,
    ...lines,
    '</feature></target>',
  ].join('\n')
}
