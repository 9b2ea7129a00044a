import type { FeatureChoice } from '../../../shared/arch/features.ts'
import {
  affinityValue,
  cacheSizeValue,
  idRegisterValue,
  mainIdValue,
} from '../../../shared/arch/identification-values.ts'
import { spsrFields } from '../../../shared/arch/pstate.ts'
import type { ComputedKey, Sysreg } from '../../../shared/arch/sysreg.ts'
import { isIdSpace } from '../../../shared/arch/sysregs.ts'
import type { SysregEncoding } from '../../../shared/isa/operations.ts'
import { type Core, PS } from '../cpu/core.ts'
import { EC, GuestFault } from '../cpu/fault.ts'
import type { InterruptRegisters } from '../cpu/interrupts.ts'
import { effectiveSlotOf, slotOf } from '../cpu/layout.ts'
import type { GenericTimers } from '../cpu/timers.ts'
import { belongsToEl2, type CompiledTrap, compileRegisters, packEncoding, type Register } from './compile.ts'
import { checkVectorAccess } from './vector-access.ts'

const CSSELR = slotOf('CSSELR_EL1')
const VPIDR = slotOf('VPIDR_EL2')
const VMPIDR = slotOf('VMPIDR_EL2')
const SCTLR_EL1 = effectiveSlotOf('SCTLR_EL1')
const SCTLR_EL2 = effectiveSlotOf('SCTLR_EL2')
const OSLSR = slotOf('OSLSR_EL1')
const CLAIM = slotOf('DBGCLAIMCLR_EL1')

/** Computed registers that a read does not change: all but those of the interrupt controller. */
const withoutEffect: ReadonlySet<string> = new Set<ComputedKey>([
  'idRegister',
  'mainId',
  'affinity',
  'cacheSize',
  'zeroBlockSize',
  'pstate',
  'interruptStatus',
  'physicalCount',
  'virtualCount',
  'timerControl',
  'timerValue',
  'claimTags',
  'deferredError',
])

/** The CVAL register that a TVAL register reaches. */
const comparatorOf = (name: string): string => name.replace('_TVAL_', '_CVAL_')

/**
 * Direct accesses to system registers by one PE: existence, lowest EL, traps, E2H redirection, the value and its effect.
 * Everything comes from the rows of shared/arch; this file only interprets them.
 */
export class SysregAccess {
  private readonly core: Core
  private readonly choice: FeatureChoice
  private readonly byEncoding: readonly (Register | undefined)[]
  private readonly byName: ReadonlyMap<string, Register>
  private readonly timers: GenericTimers

  private readonly interrupts: InterruptRegisters

  constructor(core: Core, choice: FeatureChoice, timers: GenericTimers, interrupts: InterruptRegisters) {
    this.core = core
    this.choice = choice
    this.timers = timers
    this.interrupts = interrupts
    const compiled = compileRegisters(choice)
    this.byEncoding = compiled.byEncoding
    this.byName = compiled.byName
  }

  /** MRS. @throws GuestFault UNDEFINED or a trap (EC 0x18) */
  read(encoding: SysregEncoding): bigint {
    const register = this.resolve(encoding, true)
    if (register === null) return 0n
    const { sync } = this.core
    if (register.row.sync === 'tag-fault') sync.beforeTfsrRead(register.slot)
    if (sync.lateNames && register.slot >= 0 && register.row.computed === undefined)
      return sync.readByName(register.slot, packEncoding(...encoding))
    return this.readValue(register)
  }

  /** MSR (register). */
  write(encoding: SysregEncoding, value: bigint): void {
    const register = this.resolve(encoding, false)
    if (register === null) return
    const { sync } = this.core
    if (sync.lateNames && register.slot >= 0) sync.beforeWriteByName(register.slot, packEncoding(...encoding))
    this.writeValue(register, value)
  }

  /** The register behind an encoding at the current EL; null for a reserved ID register, which reads as zero. */
  private resolve(encoding: SysregEncoding, read: boolean): Register | null {
    const { core } = this
    const register =
      this.byEncoding[packEncoding(encoding[0], encoding[1], encoding[2], encoding[3], encoding[4])]
    if (register === undefined) {
      if (!read || !isIdSpace(encoding)) throw undefinedInstruction()
      if (core.el === 0) throw this.accessTrap(encoding, true, 1)
      if (core.el === 1 && (core.hcr() & (1n << 18n)) !== 0n) throw this.accessTrap(encoding, true, 2)
      return null
    }
    const { row } = register
    const lowest = read ? register.lowestRead : register.lowestWrite
    if (lowest === 3) throw undefinedInstruction()
    if (row.onlyE2h && !(core.el === 2 && core.e2h())) throw undefinedInstruction()
    if (core.el < lowest) {
      if (core.el === 0 && row.idst && read) throw this.accessTrap(encoding, read, 1)
      throw undefinedInstruction()
    }
    for (const trap of register.traps[core.el as 0 | 1 | 2]) {
      if (this.trapped(trap, read)) throw this.accessTrap(encoding, read, trap.trap.to === 'EL2' ? 2 : 1)
    }
    if (row.check === 'sp0-not-selected' && core.spsel === 0) throw undefinedInstruction()
    if (row.check === 'vector-access') checkVectorAccess(core)
    if (register.alias) return register.alias
    if (register.e2h && core.e2h() && (core.el === 2 || (core.el === 0 && core.tge()))) return register.e2h
    return register
  }

  /** Whether a trap row of the current EL applies to an access. */
  trapped({ trap, control, and }: CompiledTrap, read: boolean): boolean {
    const { core } = this
    if (trap.direction && (trap.direction === 'read') !== read) return false
    const e2h = core.e2h()
    if (trap.inHost !== undefined && trap.inHost !== (e2h && core.tge())) return false
    if (trap.e2h !== undefined && trap.e2h !== e2h) return false
    return this.holds(control, trap.when, e2h) && this.holds(and, trap.when, e2h)
  }

  private holds(control: CompiledTrap['control'], when: 0 | 1, e2h: boolean): boolean {
    if (control === null) return true
    const at = control.bit[e2h ? 1 : 0]
    if (this.core.sync.pending) this.core.sync.useBit(control.slot, at)
    return at >= 0 && this.core.bit(control.slot, at) === when
  }

  /** EC 0x18 with the access in its syndrome; the transfer register is that of the instruction. */
  accessTrap(encoding: SysregEncoding, read: boolean, target: 1 | 2): GuestFault {
    const [op0, op1, crn, crm, op2] = encoding
    const transfer = this.core.word & 31
    const iss =
      (op0 << 20) | (op2 << 17) | (op1 << 14) | (crn << 10) | (transfer << 5) | (crm << 1) | (read ? 1 : 0)
    return new GuestFault(EC.SYSREG, iss, { target })
  }

  private readValue(register: Register): bigint {
    const { core } = this
    const { row, name } = register
    switch (row.computed) {
      case undefined:
        return register.slot < 0 ? 0n : core.state[register.slot]!
      case 'idRegister':
        return idRegisterValue(name, this.choice)
      case 'mainId':
        return core.el === 1 ? core.state[VPIDR]! : mainIdValue
      case 'affinity':
        return core.el === 1 ? core.state[VMPIDR]! : affinityValue(core.pe)
      case 'cacheSize':
        return cacheSizeValue(core.state[CSSELR]!)
      case 'zeroBlockSize':
        return idRegisterValue(name, this.choice) | (this.zeroingProhibited() ? 16n : 0n)
      case 'pstate':
        return core.packPstate() & register.fields[0]
      case 'interruptStatus':
        return core.asynchronous.status()
      case 'physicalCount':
        return this.timers.physicalCount()
      case 'virtualCount':
        return this.timers.virtualCount()
      case 'timerControl':
        return this.timers.control(name, core.state[register.slot]!)
      case 'timerValue':
        return this.timers.value(name)
      case 'claimTags':
        return register.fields[0]
      case 'deferredError':
        return core.state[this.deferredErrorSlot(register)]!
      case 'gic':
        return this.interrupts.read(name)
    }
  }

  private writeValue(register: Register, value: bigint): void {
    const { core } = this
    const { row, name } = register
    switch (row.effect) {
      case 'pstate':
        this.writePstate(name, value)
        return
      case 'timerValue':
        this.writeValue(this.byName.get(comparatorOf(name))!, this.timers.compareFor(name, value))
        return
      case 'claim-set':
        core.state[CLAIM]! |= value & register.fields[0]
        return
      case 'claim-clear':
        core.state[CLAIM]! &= ~(value & register.fields[0])
        return
      case 'os-lock':
        core.state[OSLSR] = (core.state[OSLSR]! & ~2n) | (value & 1n ? 2n : 0n)
        return
      case 'deferredError':
        core.state[this.deferredErrorSlot(register)] = value & register.stored
        return
      case 'gic':
        this.interrupts.write(name, (value & register.stored) | register.ones)
        return
      default:
    }
    if (register.slot < 0) return
    const kept = (value & register.stored) | register.ones
    core.sync.write(register.slot, register.effective, kept)
    core.recorder.touch(name, 'msr')
    if (row.effect === 'translation-control' || row.effect === 'hypervisor-control') core.controlsChanged()
    else if (row.effect === 'timer') this.timers.changed(name)
  }

  /** MSR to a special-purpose register that is part of PSTATE. */
  private writePstate(name: string, value: bigint): void {
    const { core } = this
    const low = Number(value & 0xffff_ffffn) | 0
    switch (name) {
      case 'NZCV':
        core.n = (low >>> 31) & 1
        core.z = (low >>> 30) & 1
        core.c = (low >>> 29) & 1
        core.v = (low >>> 28) & 1
        return
      case 'SPSel':
        core.setLevel(core.el, low & 1)
        return
      case 'DAIF':
        core.ps = (core.ps & ~PS.DAIF) | (low & PS.DAIF)
        core.masksChanged()
        return
      default: {
        const mask = 1 << spsrFields[name as 'TCO' | 'PAN' | 'UAO' | 'DIT' | 'SSBS']
        core.setPs(mask, (low & mask) !== 0)
      }
    }
  }

  /** DISR_EL1, or VDISR_EL2 at EL1 while HCR_EL2.AMO is 1. */
  private deferredErrorSlot(register: Register): number {
    const virtual = this.core.el === 1 && (this.core.hcr() & (1n << 5n)) !== 0n
    return virtual ? slotOf('VDISR_EL2') : register.slot
  }

  /** DCZID_EL0.DZP: whether DC ZVA is trapped or prohibited at the current EL. */
  private zeroingProhibited(): boolean {
    const { core } = this
    const inHost = core.e2h() && core.tge()
    if (core.el === 0) {
      const sctlr = core.state[inHost ? SCTLR_EL2 : SCTLR_EL1]!
      if ((sctlr & (1n << 14n)) === 0n) return true
    }
    return core.el < 2 && !inHost && (core.hcr() & (1n << 28n)) !== 0n
  }

  /** What a register holds, for a debugger: nobody is trapped, nothing changes. null where it has nothing to show. */
  inspect(name: string): bigint | null {
    const register = this.byName.get(name)
    if (register === undefined) return null
    const { computed } = register.row
    if (computed === undefined) return register.slot < 0 ? null : this.core.state[register.slot]!
    return withoutEffect.has(computed) ? this.readValue(register) : null
  }

  /** Gives a stored register a value by hand, in force at once. @returns false where it is not stored */
  alter(name: string, value: bigint): boolean {
    const register = this.byName.get(name)
    if (register === undefined || register.slot < 0 || register.row.computed !== undefined) return false
    const kept = (value & register.stored) | register.ones
    this.core.state[register.slot] = kept
    this.core.state[register.effective] = kept
    this.core.controlsChanged()
    return true
  }

  /** The register's row by name, for reset and for the panel. */
  named(name: string): Register | undefined {
    return this.byName.get(name)
  }

  /**
   * Gives every stored register its reset value. UNKNOWN ones get a recognisable poison that depends on the seed only; for
   * the seed null they are 0, but EL1 sees the PE's own identification.
   */
  reset(seed: number | null): void {
    const { state } = this.core
    let poison = BigInt(seed ?? 0) * 0x9e37_79b9_7f4a_7c15n
    for (const register of this.byName.values()) {
      const { row, slot, effective } = register
      if (slot < 0 || row.reset === undefined) continue
      poison = BigInt.asUintN(64, poison * 6364136223846793005n + 1442695040888963407n)
      const unknown = seed === null ? this.ownIdentification(slot) : poison & register.fields[0]
      const value = (row.reset === 'unknown' ? unknown : row.reset) | register.ones
      state[slot] = this.absent(row) ? (row.withoutEl2 ?? this.ownIdentification(slot)) : value
      state[effective] = state[slot]!
    }
    this.core.controlsChanged()
  }

  private absent(row: Sysreg): boolean {
    return belongsToEl2(row.enc[1]) && !this.core.features.has('FEAT_EL2')
  }

  private ownIdentification(slot: number): bigint {
    if (slot === VPIDR) return mainIdValue
    return slot === VMPIDR ? affinityValue(this.core.pe) : 0n
  }
}

export const undefinedInstruction = (): GuestFault => new GuestFault(EC.UNKNOWN, 0)
