import type { Feature } from './features.ts'

export type ExceptionLevel = 'EL0' | 'EL1' | 'EL2'

/**
 * One system register, declared once: data only. The access engine (electron/machine/sysreg), the state layout, snapshots,
 * the assembler's names, the disassembler, the register panel and the documentation are derived from these rows.
 */
export interface Sysreg {
  /** One line: what the register is for. */
  doc: string
  /** op0, op1, CRn, CRm, op2. */
  enc: readonly [number, number, number, number, number]
  /** The register exists only with this feature; else its encoding is UNDEFINED. */
  feature?: Feature
  /** Lowest EL that may read / write; 'none' where that direction is UNDEFINED. */
  read: ExceptionLevel | 'none'
  write: ExceptionLevel | 'none'
  /** Configurable traps, in priority order, checked after the lowest-EL rule. */
  traps?: readonly Trap[]
  /** A feature ID register: MRS at EL0 is trapped with EC 0x18 to EL1 (EL2 while TGE) under FEAT_IDST, not UNDEFINED. */
  idst?: true
  /** An access rule that traps cannot say: a key of the hook table, asked after the traps. */
  check?: CheckKey
  /** Fields by name. Bits outside every field are RES0 unless in res1. Empty: one 64-bit value (see raz). */
  fields: FieldTable
  /** Bits that read as one and ignore writes. */
  res1?: bigint
  /** Fields present only with a feature (else RES0). */
  fieldFeatures?: Readonly<Record<string, Feature>>
  /** Fields that are RES1 without the feature. */
  res1Without?: Readonly<Record<string, Feature>>
  /** The layout while HCR_EL2.E2H is 1, where that differs; fieldFeatures, res1Without and meanings go by name for both. */
  e2hLayout?: { fields: FieldTable; res1?: bigint }
  /** Every bit is RES0: reads as zero, ignores writes, no storage (IMPLEMENTATION DEFINED registers with nothing in them). */
  raz?: true
  /** Values of a field in words, for the register panel: `{ TCF: { 0: 'none', 1: 'sync' } }`. */
  meanings?: Readonly<Record<string, Readonly<Record<number, string>>>>
  /** Reset value; 'unknown' gets a seeded, recognisable poison. Absent for registers without storage. */
  reset?: bigint | 'unknown'
  /** What the register behaves as where FEAT_EL2 is not implemented; 0 when absent. EL2's registers only. */
  withoutEl2?: bigint
  /** The encoding is another name of that register (TFSR_EL12 of TFSR_EL1): no storage of its own. */
  alias?: string
  /** The name exists at EL2 only while HCR_EL2.E2H is 1 (_EL12 and _EL02 names). */
  onlyE2h?: true
  /**
   * At EL2 with HCR_EL2.E2H = 1 this encoding reaches that register instead; a name that EL0 may use (CNTP_*, CNTV_*)
   * also does so from EL0 while HCR_EL2.{E2H,TGE} = {1,1}.
   */
  e2h?: string
  /** Value computed by the machine (counters, PSTATE, ID registers): a key of the hook table in electron/machine/sysreg. */
  computed?: ComputedKey
  /** A write has an effect beyond storage: a key of the hook table. */
  effect?: EffectKey
  /** How a direct write reaches indirect readers. Absent: no indirect reader, or PSTATE and special-purpose (program order). */
  sync?: SyncClass
  /** When a hypervisor of ours switches it: on every exit, with the EL1 state, per VM (EL2 controls), or never. */
  switched?: 'every-exit' | 'el1-state' | 'vm'
}

/** A field is one bit or [high, low], both inclusive. */
export type FieldTable = Readonly<Record<string, number | readonly [number, number]>>

/**
 * Where a read takes its value.
 * - idRegister: fixed by the feature choice (idRegisterValue in identification-values.ts).
 * - mainId, affinity: MIDR_EL1 and MPIDR_EL1; at EL1 the values of VPIDR_EL2 and VMPIDR_EL2.
 * - cacheSize: CCSIDR_EL1, selected by CSSELR_EL1 (cacheSizeValue).
 * - zeroBlockSize: DCZID_EL0; DZP is 1 where DC ZVA would be trapped at the current EL.
 * - pstate: the bits of PSTATE, in their SPSR_ELx positions, that the row's fields cover (CurrentEL is M[3:2], SPSel M[0]).
 * - interruptStatus: ISR_EL1, physical or, at EL1 with HCR_EL2.{FMO,IMO,AMO}, virtual interrupts.
 * - physicalCount, virtualCount: the system counter; less CNTVOFF_EL2, except at EL2 with E2H = 1 and at EL0 in the host.
 * - timerControl: the stored ENABLE and IMASK, and ISTATUS by comparison.
 * - timerValue: (CVAL - count)[31:0] of the timer with the same prefix.
 * - claimTags: DBGCLAIMSET_EL1: a one for each claim tag that exists.
 * - deferredError: DISR_EL1; at EL1 with HCR_EL2.AMO = 1 the access reaches VDISR_EL2.
 * - gic: the CPU interface, physical or virtual (sysregs/gic.ts).
 */
export type ComputedKey =
  | 'idRegister'
  | 'mainId'
  | 'affinity'
  | 'cacheSize'
  | 'zeroBlockSize'
  | 'pstate'
  | 'interruptStatus'
  | 'physicalCount'
  | 'virtualCount'
  | 'timerControl'
  | 'timerValue'
  | 'claimTags'
  | 'deferredError'
  | 'gic'

/**
 * What a write does beyond storing.
 * - pstate: writes the bits of PSTATE that the row's fields cover.
 * - translation-control: the translation context changes (SCTLR, TCR, TTBR, MAIR, VTCR, VTTBR).
 * - hypervisor-control: HCR_EL2: as translation-control, and routing and virtual interrupts are evaluated again.
 * - timer: the comparator and interrupt line of the timers are evaluated again.
 * - timerValue: CVAL = count + SignExtend(value[31:0]), then as timer.
 * - claim-set, claim-clear: a one sets or clears a claim tag, which DBGCLAIMCLR_EL1 holds.
 * - os-lock: OSLAR_EL1.OSLK goes to OSLSR_EL1.OSLK.
 * - deferredError: the write reaches VDISR_EL2 under the rule of the computed key.
 * - gic: the CPU interface stores the value and evaluates what is signalled.
 */
export type EffectKey =
  | 'pstate'
  | 'translation-control'
  | 'hypervisor-control'
  | 'timer'
  | 'timerValue'
  | 'os-lock'
  | 'claim-set'
  | 'claim-clear'
  | 'deferredError'
  | 'gic'

/**
 * - sp0-not-selected: UNDEFINED while PSTATE.SP is 0 (SP_EL0 is then the current stack pointer).
 * - vector-access: the traps of floating point by CPACR_EL1 and CPTR_EL2, with their own exception class (EC 0x07).
 */
export type CheckKey = 'sp0-not-selected' | 'vector-access'

/**
 * Class of a register in the synchronisation model (facts: DDI 0487 M.a.a D24.1.2.2).
 * - context: a context synchronisation event is needed between a direct write and an indirect read.
 * - context-tlb: as context, and TLB maintenance where the field may be cached in a TLB.
 * - program-since-2023: program order in documents from 2023-09 on, a context synchronisation event before (RGSR_EL1).
 * - tag-fault: set indirectly by asynchronous faults; DSB (full or LD) or an ITFSB entry completes them.
 */
export type SyncClass = 'context' | 'context-tlb' | 'program-since-2023' | 'tag-fault'

/** One configurable trap; it reports EC 0x18 (trapped MSR, MRS or System instruction). */
export interface Trap {
  /** `'HCR_EL2.ATA'`: register and field that control the trap; or 'always'. */
  bit: string
  /** The trap is taken when the field has this value. */
  when: 0 | 1
  /** Another control that must have the same value for the trap to be taken. */
  and?: string
  /** The EL of the access: exactly this one, so a trap of EL0 and EL1 is two rows. */
  from: ExceptionLevel
  /** Where it goes; a trap to EL1 goes to EL2 while HCR_EL2.TGE is 1. */
  to: 'EL1' | 'EL2'
  direction?: 'read' | 'write'
  /** Only while HCR_EL2.{E2H,TGE} is {1,1} (true), or is not (false). */
  inHost?: boolean
  /** Only while HCR_EL2.E2H is 1 (true) or 0 (false). The control's position is that of the layout in force (fieldAt). */
  e2h?: boolean
}

/** A system instruction of the SYS space (DC, IC, TLBI, AT). `enc` is op1, CRn, CRm, op2; op0 is 1. */
export interface SystemOp {
  doc: string
  enc: readonly [number, number, number, number]
  feature?: Feature
  from: ExceptionLevel
  traps?: readonly Trap[]
  /** Whether Xt is an operand; without it the assembler takes none. */
  operand: boolean
  /** What it does: a key of the machine's table of system operations. */
  op: SystemOpKey
  /** Inner or Outer Shareable form: it reaches every PE of the machine, not only this one. */
  broadcast?: true
  cost: 'cache-maintenance' | 'tlb-maintenance' | 'address-translation' | 'store' | 'tag-store'
}

/**
 * - dc-va, dc-va-invalidate, dc-set-way: cache maintenance of data, tags or both; nothing to do without caches, but the
 *   VA forms translate: dc-va with permission to read at EL0 (none needed above), dc-va-invalidate to write.
 * - dc-zva, dc-gva, dc-gzva: zero data, set tags, both, for one block of DCZID_EL0.BS.
 * - ic-all, ic-va: instruction cache.
 * - tlbi: every form; what the operands narrow is invalidated as a whole.
 * - at-*: by the name of the operation.
 */
export type SystemOpKey =
  | 'dc-va'
  | 'dc-va-invalidate'
  | 'dc-set-way'
  | 'dc-zva'
  | 'dc-gva'
  | 'dc-gzva'
  | 'ic-all'
  | 'ic-va'
  | 'tlbi'
  | AddressTranslation

export type AddressTranslation =
  | 'at-s1e1r'
  | 'at-s1e1w'
  | 'at-s1e1rp'
  | 'at-s1e1wp'
  | 'at-s1e0r'
  | 'at-s1e0w'
  | 'at-s1e2r'
  | 'at-s1e2w'
  | 'at-s12e1r'
  | 'at-s12e1w'
  | 'at-s12e0r'
  | 'at-s12e0w'
