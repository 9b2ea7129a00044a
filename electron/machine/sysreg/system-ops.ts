import type { FeatureChoice } from '../../../shared/arch/features.ts'
import { featureSet } from '../../../shared/arch/features.ts'
import { sysops } from '../../../shared/arch/sysops.ts'
import type { SystemOp, SystemOpKey } from '../../../shared/arch/sysreg.ts'
import type { SafePoints } from '../board/safe-points.ts'
import { codeVersion, control } from '../board/shared-memory.ts'
import type { Core } from '../cpu/core.ts'
import { HCR } from '../mmu/controls.ts'
import type { Mmu } from '../mmu/mmu.ts'
import type { MemoryOperations } from '../reference/memory-operations.ts'
import { type SysregAccess, undefinedInstruction } from './access.ts'
import { translateAddress } from './address-translation.ts'
import {
  belongsToEl2,
  compileTraps,
  levelNumber,
  oncePerChoice,
  packEncoding,
  type TrapsByLevel,
} from './compile.ts'

interface CompiledOp {
  row: SystemOp
  traps: TrapsByLevel
}

const compileOps = oncePerChoice((choice): ReadonlyMap<number, CompiledOp> => {
  const features = featureSet(choice)
  return new Map(
    Object.values<SystemOp>(sysops)
      .filter((row) => !row.feature || features.has(row.feature))
      .filter((row) => features.has('FEAT_EL2') || !belongsToEl2(row.enc[0]))
      .map((row) => [packEncoding(1, ...row.enc), { row, traps: compileTraps(row.traps, features) }]),
  )
})

/** The SYS space of one PE: cache, TLB, address-translation and tag maintenance, by the rows of shared/arch/sysops. */
export class SystemOperations {
  private readonly core: Core
  private readonly mmu: Mmu
  private readonly memory: MemoryOperations
  private readonly access: SysregAccess
  private readonly safePoints: SafePoints
  private readonly byEncoding: ReadonlyMap<number, CompiledOp>

  constructor(
    core: Core,
    mmu: Mmu,
    memory: MemoryOperations,
    access: SysregAccess,
    safePoints: SafePoints,
    choice: FeatureChoice,
  ) {
    this.core = core
    this.mmu = mmu
    this.memory = memory
    this.access = access
    this.safePoints = safePoints
    this.byEncoding = compileOps(choice)
  }

  /** SYS #op1, Cn, Cm, #op2, Xt with Xt's value. @throws GuestFault UNDEFINED, a trap, or the access's fault */
  execute(op1: number, crn: number, crm: number, op2: number, value: bigint): void {
    const op = this.byEncoding.get(packEncoding(1, op1, crn, crm, op2))
    if (op === undefined || this.core.el < levelNumber[op.row.from]) throw undefinedInstruction()
    for (const trap of op.traps[this.core.el as 0 | 1 | 2]) {
      if (!this.access.trapped(trap, false)) continue
      throw this.access.accessTrap([1, op1, crn, crm, op2], false, trap.trap.to === 'EL2' ? 2 : 1)
    }
    this.perform(op.row.op, value, op.row.broadcast === true)
  }

  private perform(op: SystemOpKey, value: bigint, broadcast: boolean): void {
    switch (op) {
      case 'dc-zva':
        this.memory.zeroBlock(value)
        return
      case 'dc-gva':
        this.memory.tagBlock(value, false)
        return
      case 'dc-gzva':
        this.memory.tagBlock(value, true)
        return
      case 'dc-va':
        this.mmu.maintain(value, false)
        return
      case 'dc-va-invalidate':
        this.mmu.maintain(value, true)
        return
      case 'ic-va':
        this.invalidateCode(this.mmu.maintain(value, false))
        return
      case 'ic-all':
        this.invalidateAllCode()
        return
      case 'dc-set-way':
        return
      case 'tlbi':
        this.invalidate(broadcast)
        return
      default:
        translateAddress(this.core, this.mmu, op, value)
    }
  }

  /**
   * TLBI. More than asked for is invalidated: every translation of this PE, or of all PEs for the Inner and Outer Shareable
   * forms, and for all that EL1 executes while HCR_EL2.FB is 1. Operands (ASID, VMID by the register, address, range, TTL)
   * only narrow that.
   */
  private invalidate(broadcast: boolean): void {
    const { core, mmu } = this
    mmu.invalidate()
    if (!broadcast && !(core.el === 1 && core.hcr() & HCR.FB)) return
    Atomics.add(core.views.control, control.TLB_GENERATION, 1)
    this.safePoints.announce()
  }

  /**
   * Decoded instructions follow every write at once, but for one: a write that no PE has seen yet while another PE decodes
   * the page for the first time. Invalidating what is decoded of the page makes up for it, and a DSB waits for all PEs.
   */
  private invalidateCode(at: number): void {
    if (at < 0 || codeVersion(this.core.views.codePages, at >>> 12) === 0) return
    this.mmu.codeWritten(at >>> 12)
    this.safePoints.announce()
  }

  private invalidateAllCode(): void {
    const { codePages } = this.core.views
    for (let page = 0; page < codePages.length; page++) {
      if (codeVersion(codePages, page) !== 0) this.mmu.codeWritten(page)
    }
    this.safePoints.announce()
  }
}
