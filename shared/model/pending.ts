/**
 * What a PE has written or caused that not everybody has to see yet: part of the machine's observable state, derived from
 * its state words alone, so that it can be taken of a running machine, a snapshot or a replayed position.
 */
export interface PendingView {
  pe: number
  registers: PendingRegister[]
  faults: PendingFaultView[]
}

/** What closes something pending, whatever was chosen before. */
export type ClosingEvent =
  | 'ISB'
  | 'exception entry to EL1'
  | 'exception entry to EL2'
  | 'exception return from EL1'
  | 'exception return from EL2'
  | 'DSB (full or LD)'

/** A register whose newest direct write is not certain for everybody. */
export interface PendingRegister {
  register: string
  /** Who may see an older value: instructions that use it indirectly, or direct reads by another of its names. */
  readers: 'uses' | 'other names'
  /** Names of the fields in which the candidates differ; empty for a register without fields. */
  fields: string[]
  /** What MRS returns: the newest write. */
  architectural: bigint
  /** The oldest value that the next reader may see. */
  effective: bigint
  /** Every value that it may see, oldest first: the effective one to the architectural one. */
  candidates: bigint[]
  /** The events that make the newest write certain; with FEAT_ExS those whose EIS or EOS says so now. */
  closedBy: ClosingEvent[]
}

/** An asynchronous tag check fault that an MRS of its register need not see yet. */
export interface PendingFaultView {
  register: 'TFSRE0_EL1' | 'TFSR_EL1' | 'TFSR_EL2'
  bit: 'TF0' | 'TF1'
  /**
   * pending: it lands in the register whoever owns that by then; a later MSR is not ordered behind it.
   * completed: later MSRs are ordered behind it, an MRS is not yet.
   */
  state: 'pending' | 'completed'
  /** Completing events for a pending one, context synchronisation events for a completed one. */
  closedBy: ClosingEvent[]
}
