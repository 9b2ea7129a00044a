/** Bits of a set of signalled interrupts. */
export const SIGNAL = { IRQ: 1, FIQ: 2 } as const

/**
 * What a PE sees of its interrupt controller: the signals after enables, groups, priority mask and running priority.
 * The GIC's CPU interface implements it. Masking by PSTATE and routing by HCR_EL2 are the PE's own affair (cpu/).
 * Whoever changes a signal calls `signalPe` (board/shared-memory.ts) for the PE concerned, so that it looks before its next
 * instruction, or wakes from WFI.
 */
export interface InterruptSignals {
  /** Physical interrupts signalled to this PE: SIGNAL bits. */
  physical(): number
  /** Virtual interrupts signalled by list registers (ICH_LRn_EL2), for EL1; HCR_EL2.VI and VF are added by the PE. */
  virtual(): number
}

/** Of a PE that no interrupt controller is connected to. */
export const noInterrupts: InterruptSignals = { physical: () => 0, virtual: () => 0 }

/** The registers of the CPU interface (rows that say 'gic'), by their names in shared/arch. The access is permitted already. */
export interface InterruptRegisters {
  read(name: string): bigint
  write(name: string, value: bigint): void
}

/** Interrupt inputs of the controller, for devices and timers. Level-sensitive: a line stays up until it is taken down. */
export interface InterruptInputs {
  /** A private peripheral interrupt (INTID 16 to 31) of one PE. */
  setPrivate(pe: number, intid: number, level: boolean): void
  /** A shared peripheral interrupt (INTID 32 and up). */
  setShared(intid: number, level: boolean): void
}

/** INTIDs of the board's private interrupts, as QEMU's virt board wires them (and the device tree says). */
export const PPI = {
  GIC_MAINTENANCE: 25,
  HYPERVISOR_TIMER: 26,
  VIRTUAL_TIMER: 27,
  HYPERVISOR_VIRTUAL_TIMER: 28,
  SECURE_PHYSICAL_TIMER: 29,
  PHYSICAL_TIMER: 30,
} as const
