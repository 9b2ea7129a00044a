import type { FeatureChoice } from '../../../shared/arch/features.ts'
import { featureSet } from '../../../shared/arch/features.ts'
import { sysops } from '../../../shared/arch/sysops.ts'
import type { SystemOp, SystemOpKey } from '../../../shared/arch/sysreg.ts'
import type { SafePoints } from '../board/safe-points.ts'
import { codeVersion, control } from '../board/shared-memory.ts'
import type { Core } from '../cpu/core.ts'
import { slotOf } from '../cpu/layout.ts'
import type { Mmu } from '../mmu/mmu.ts'
import { page, permissionFault, type Translation } from '../mmu/walk.ts'
import type { MemoryOperations } from '../reference/memory-operations.ts'
import { type SysregAccess, undefinedInstruction } from './access.ts'
import {
  belongsToEl2,
  compileTraps,
  levelNumber,
  oncePerChoice,
  packEncoding,
  type TrapsByLevel,
} from './compile.ts'

const PAR = slotOf('PAR_EL1')

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
        this.memory.probe(value, false)
        return
      case 'dc-va-invalidate':
        this.memory.probe(value, true)
        return
      case 'ic-va':
        this.invalidateCode(this.memory.probe(value, false))
        return
      case 'ic-all':
        this.invalidateAllCode()
        return
      case 'dc-set-way':
        return
      default:
        if (op.startsWith('at-')) this.translate(op, value)
        else this.invalidate(broadcast)
    }
  }

  /** More than asked for is invalidated: every translation of this PE, or of all PEs for the Inner Shareable forms. */
  private invalidate(broadcast: boolean): void {
    this.mmu.invalidate()
    if (!broadcast) return
    Atomics.add(this.core.views.control, control.TLB_GENERATION, 1)
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

  /** AT: PAR_EL1 gets the translation or the fault; stage 1 forms under EL1&0 leave stage 2 out of the result. */
  private translate(op: string, address: bigint): void {
    const { core } = this
    const el2 = op.startsWith('at-s1e2')
    const both = op.startsWith('at-s12')
    const unprivileged = op.includes('e0')
    const write = op.endsWith('w')
    const regime = el2 || (core.e2h() && core.tge()) ? (unprivileged ? 0 : 2) : 1
    const result = this.mmu.translateFor(address, core.controlsFor(regime))
    core.state[PAR] = this.parOf(result, both, write, unprivileged)
  }

  private parOf(result: Translation, both: boolean, write: boolean, unprivileged: boolean): bigint {
    const bits = write ? page.PRIVILEGED_WRITE : page.PRIVILEGED_READ
    const wanted = unprivileged ? bits << 3 : bits
    const flags = both ? result.flags : result.stage1Flags
    // A stage 1 operation reports stage 2 only where it stopped the walk of stage 1 itself.
    const met =
      result.fault && (both || result.fault.stage === 1 || result.fault.onWalk) ? result.fault : null
    const fault = met ?? ((flags & wanted) === wanted ? null : permissionFault(result, wanted))
    if (fault) {
      const stage2 = fault.stage === 2 ? (fault.onWalk ? 0x300n : 0x200n) : 0n
      return 1n | (BigInt(fault.fsc) << 1n) | stage2 | (1n << 11n)
    }
    const address = both ? result.physical : result.ipa
    const attribute = both ? result.attribute : result.stage1Attribute
    const shareable = (attribute & 0xf0) === 0 ? 2n : 3n
    return (BigInt(attribute) << 56n) | BigInt(address) | (1n << 11n) | (shareable << 7n)
  }
}
