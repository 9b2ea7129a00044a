import { maskOf } from '../base/bits.ts'
import { fieldAt } from './layout.ts'
import type { SyncClass, Sysreg } from './sysreg.ts'
import { sysregs } from './sysregs.ts'

/**
 * The context-synchronisation model as a table: what must happen between a write and those who use it indirectly.
 * Names of documents: `ddi0487-m` is Arm ARM DDI 0487 M.a.a (2026), `xml-2020-09` the register pages of September 2020.
 */
export type Release = 'ddi0487-m' | 'xml-2020-09'

export const releases: Readonly<Record<Release, string>> = {
  'ddi0487-m': 'Arm Architecture Reference Manual, DDI 0487 M.a.a',
  'xml-2020-09': 'A-profile register pages, 2020-09',
}

/**
 * What makes a write certain for an indirect reader: nothing but program order, a context synchronisation event, that and
 * TLB maintenance, or (for what a tag check fault writes) a completing DSB or ITFSB entry.
 */
export type Closing = 'program-order' | 'context' | 'context-tlb' | 'tag-fault'

/**
 * A group of writes that a machine may let be late, by the name that experiments and results use. TCO: none of them is ever
 * late; whether a VHE host gets its PSTATE.TCO back is judged where it is in scope. keys: those of pointer authentication.
 */
export const scopeItems = [
  'GCR_EL1',
  'RGSR_EL1',
  'SCTLR_EL1',
  'SCTLR_EL2',
  'HCR_EL2',
  'TFSR',
  'aliases',
  'TCO',
  'keys',
] as const
export type ScopeItem = (typeof scopeItems)[number]

/** All but what only a machine with FEAT_VHE has: accesses by different names, a host that an exit leaves with TCO = 1. */
export const defaultScope: readonly ScopeItem[] = scopeItems.filter(
  (item) => item !== 'aliases' && item !== 'TCO',
)

/**
 * When writes may be late. `run`: always. `switch`: from an exception entry to EL2 until the first context synchronisation
 * event after the return from EL2; outside, every write takes effect at once.
 */
export type SyncWindow = 'run' | 'switch'

/** What may be late, when, and by which seed a machine chooses that chooses: they belong to every result. */
export interface SyncParameters {
  scope: readonly ScopeItem[]
  window: SyncWindow
  seed: number
}

export const defaultParameters: SyncParameters = { scope: defaultScope, window: 'run', seed: 1 }

export interface SyncRow {
  registers: readonly string[]
  /** Without it the whole register; 'others': those that no other row of the register names. */
  fields?: readonly string[] | 'others'
  /** Who uses it indirectly. */
  readers: string
  closing: Readonly<Record<Release, Closing>>
  /** The group of the scope that makes this row late; absent where the machine is eager in every mode. */
  scope?: ScopeItem
  source: string
  note?: string
}

const both = (closing: Closing): SyncRow['closing'] => ({ 'ddi0487-m': closing, 'xml-2020-09': closing })

const TABLE = 'DDI 0487 M.a.a D24.1.2.2, Table D24-1'

export const syncTable: readonly SyncRow[] = [
  {
    registers: ['GCR_EL1'],
    readers: 'IRG, ADDG and SUBG at every EL with tag access on',
    closing: both('context'),
    scope: 'GCR_EL1',
    source: `${TABLE}; D24.2 GCR_EL1`,
    note: 'RRND also selects how IRG uses RGSR_EL1.',
  },
  {
    registers: ['RGSR_EL1'],
    readers: 'IRG with GCR_EL1.RRND = 0',
    closing: { 'ddi0487-m': 'program-order', 'xml-2020-09': 'context' },
    scope: 'RGSR_EL1',
    source: 'D24.2 RGSR_EL1: no explicit synchronisation needed (register pages of 2023-09 and later)',
    note: "IRG's own write is ordered with later IRG, MRS and MSR under every release: our choice.",
  },
  {
    registers: ['TFSR_EL1', 'TFSR_EL2', 'TFSRE0_EL1'],
    readers: 'MRS, and the order of a later MSR',
    closing: both('tag-fault'),
    scope: 'TFSR',
    source: 'D24.1.2.2; D10.7.1 R_JNNZS and R_TJDMP',
    note: 'An MRS is certain only after a context synchronisation event as well.',
  },
  {
    registers: ['SCTLR_EL1'],
    fields: ['ATA', 'ATA0', 'TCF', 'TCF0'],
    readers: 'tag instructions and checked accesses of EL1 and EL0, LDTR at EL1',
    closing: both('context'),
    scope: 'SCTLR_EL1',
    source: `${TABLE}; D24.2.175: not permitted to be cached in a TLB`,
  },
  {
    registers: ['SCTLR_EL2'],
    fields: ['ATA', 'ATA0', 'TCF', 'TCF0'],
    readers: 'tag instructions and checked accesses of EL2, of EL0 and LDTR in a VHE host',
    closing: both('context'),
    scope: 'SCTLR_EL2',
    source: `${TABLE}; D24.2.176`,
    note: 'ATA0 and TCF0 count with HCR_EL2.{E2H,TGE} = {1,1} only.',
  },
  {
    registers: ['SCTLR_EL1', 'SCTLR_EL2'],
    fields: ['ITFSB', 'EIS', 'EOS', 'SPAN', 'DSSBS'],
    readers: 'exception entry to and return from that EL',
    closing: both('context'),
    source: `${TABLE}; D1.4`,
    note: 'Entry synchronises before the controls of the entered EL are read; EIS, EOS and IESB are read before.',
  },
  {
    registers: ['HCR_EL2'],
    fields: ['ATA'],
    readers: 'tag access of EL1 and EL0, traps of the tag registers',
    closing: both('context'),
    scope: 'HCR_EL2',
    source: `${TABLE}; D24.2.62`,
    note: 'An MRS of HCR_EL2 returns the architectural value and synchronises nothing.',
  },
  {
    registers: ['HCR_EL2'],
    fields: ['E2H', 'TGE'],
    readers: 'redirected register names, the EL of LDTR, routing, the check of an exception return',
    closing: both('context'),
    scope: 'HCR_EL2',
    source: `${TABLE}; D24.2.62: E2H may be cached in a TLB, TGE must not`,
  },
  {
    registers: ['HCR_EL2'],
    fields: ['VM', 'DC', 'DCT', 'PTW'],
    readers: 'translation, the Tagged attribute',
    closing: both('context-tlb'),
    source: 'D24.2.62: permitted to be cached in a TLB',
  },
  {
    registers: ['HCR_EL2'],
    fields: 'others',
    readers: 'traps, routing and virtual interrupts, the view of ISR_EL1, cacheability',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: ['SCTLR_EL1', 'SCTLR_EL2'],
    fields: ['WXN'],
    readers: 'permission of every access',
    closing: both('context-tlb'),
    source: 'D24.2.175, D24.2.176: permitted to be cached in a TLB',
  },
  {
    registers: ['SCTLR_EL1', 'SCTLR_EL2'],
    fields: 'others',
    readers:
      'translation on or off, alignment, traps of EL0, cacheability, BTI, keys, errors at entry and return',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: ['CPACR_EL1', 'CPTR_EL2', 'MDCR_EL2', 'CNTKCTL_EL1', 'CNTHCTL_EL2'],
    readers: 'traps; the event streams of the timers',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: [
      'CNTP_CTL_EL0',
      'CNTP_CVAL_EL0',
      'CNTV_CTL_EL0',
      'CNTV_CVAL_EL0',
      'CNTHP_CTL_EL2',
      'CNTHP_CVAL_EL2',
      'CNTHV_CTL_EL2',
      'CNTHV_CVAL_EL2',
      'CNTVOFF_EL2',
    ],
    readers: 'the conditions and interrupts of the timers, the virtual count',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: Object.keys(sysregs).filter((name) => /^AP..Key(Lo|Hi)_EL1$/.test(name)),
    readers: 'pointer authentication at every EL',
    closing: both('context'),
    scope: 'keys',
    source: TABLE,
  },
  {
    registers: ['CSSELR_EL1', 'VPIDR_EL2', 'VMPIDR_EL2', 'VSESR_EL2'],
    readers: 'MRS of CCSIDR_EL1; of MIDR_EL1 and MPIDR_EL1 at EL1; the syndrome of a virtual SError',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: ['MDSCR_EL1', ...Object.keys(sysregs).filter((name) => /^DBG[BW][CV]R\d/.test(name))],
    readers: 'breakpoints, watchpoints, single step',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: ['TCR_EL1', 'TCR_EL2', 'MAIR_EL1', 'MAIR_EL2', 'VTCR_EL2'],
    readers: 'translation and tag checks (TBI, TCMA), the Tagged attribute',
    closing: both('context-tlb'),
    source: 'D24.2: permitted to be cached in a TLB',
  },
  {
    registers: ['TTBR0_EL1', 'TTBR1_EL1', 'TTBR0_EL2', 'TTBR1_EL2', 'VTTBR_EL2', 'VBAR_EL1', 'VBAR_EL2'],
    readers: 'table walks, exception entry',
    closing: both('context'),
    source: TABLE,
  },
  {
    registers: ['ELR_EL1', 'ELR_EL2', 'SPSR_EL1', 'SPSR_EL2', 'SP_EL0', 'SP_EL1', 'SP_EL2'],
    readers: 'exception return, every later instruction',
    closing: both('program-order'),
    source: 'D24.1.2.2: special-purpose registers',
  },
  {
    registers: ['TCO'],
    readers: 'every later checked access',
    closing: both('program-order'),
    scope: 'TCO',
    source: 'D24.1.2.2: special-purpose registers, fields of PSTATE',
  },
  {
    registers: ['PAN', 'UAO', 'SSBS', 'DIT', 'DAIF', 'NZCV', 'SPSel'],
    readers: 'every later instruction',
    closing: both('program-order'),
    source: 'D24.1.2.2: special-purpose registers, fields of PSTATE',
  },
  {
    registers: ['DISR_EL1', 'VDISR_EL2'],
    readers: 'MRS, after an ESB',
    closing: both('program-order'),
    source: 'D24.2 DISR_EL1: ordered behind the ESB',
  },
  {
    registers: ['ISR_EL1', 'CNTPCT_EL0', 'CNTVCT_EL0'],
    readers: 'MRS',
    closing: both('program-order'),
    source: 'D24.1.2.2; D12.1',
    note: 'A direct read may be satisfied as early as the last context synchronisation event; this machine reads now.',
  },
  {
    registers: ['TFSR_EL1', 'TFSR_EL2', 'ELR_EL1', 'ELR_EL2', 'SPSR_EL1', 'SPSR_EL2'],
    readers: 'a direct access by another name while HCR_EL2.E2H is 1',
    closing: both('context'),
    scope: 'aliases',
    source: 'D24.2.200; D1.3; C5.2; R_CSSSN for _EL12 and _EL02 names',
    note: 'A direct access by the same name is in program order.',
  },
]

/** A register whose direct writes may be late: which of its bits, and by which group of the scope. */
export interface LateRegister {
  name: string
  scope: ScopeItem
  /** Bits that may be late; the others take effect at once. */
  mask: bigint
}

const rows: Readonly<Record<string, Sysreg>> = sysregs

function maskOfFields(name: string, fields: SyncRow['fields']): bigint {
  if (!fields) return maskOf(63, 0)
  if (fields === 'others') throw new Error(`${name}: what may be late is named field by field`)
  const row = rows[name]!
  let mask = 0n
  for (const field of fields) {
    for (const e2h of [false, true]) {
      const at = fieldAt(row, field, e2h)
      if (at) mask |= maskOf(...at)
    }
  }
  return mask
}

/** Every register that may be late in some mode, in the order of the scope: its index is its number in a PE's state. */
export const lateRegisters: readonly LateRegister[] = scopeItems
  .filter((scope) => scope !== 'TFSR' && scope !== 'aliases' && scope !== 'TCO')
  .flatMap((scope) => {
    const groups = syncTable.filter((row) => row.scope === scope)
    const names = [...new Set(groups.flatMap(({ registers }) => registers))]
    return names.map((name) => {
      const own = groups.filter(({ registers }) => registers.includes(name))
      return { name, scope, mask: own.reduce((mask, row) => mask | maskOfFields(name, row.fields), 0n) }
    })
  })

/** Index of a register in lateRegisters. @throws for one that is never late: a bug of ours */
export function lateNumber(name: string): number {
  const number = lateRegisters.findIndex((register) => register.name === name)
  if (number < 0) throw new Error(`${name} is never late`)
  return number
}

/** The groups of a scope that are late at all under a release. */
export function scopeUnder(
  release: Release,
  scope: readonly ScopeItem[] = defaultScope,
): ReadonlySet<ScopeItem> {
  return new Set(
    scope.filter((item) =>
      syncTable.some((row) => row.scope === item && row.closing[release] !== 'program-order'),
    ),
  )
}

/** Which closings a register's class of shared/arch/sysregs allows in this table; the test holds both to it. */
export const closingsOf: Readonly<Record<SyncClass, readonly Closing[]>> = {
  context: ['context'],
  'context-tlb': ['context', 'context-tlb'],
  'program-since-2023': ['program-order', 'context'],
  'tag-fault': ['tag-fault', 'context'],
}
