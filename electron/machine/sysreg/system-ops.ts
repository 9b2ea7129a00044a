import type { FeatureChoice } from '../../../shared/arch/features.ts'
import { featureSet } from '../../../shared/arch/features.ts'
import { sysops } from '../../../shared/arch/sysops.ts'
import type { SystemOp, SystemOpKey } from '../../../shared/arch/sysreg.ts'
import { control, peControl, peWord } from '../board/shared-memory.ts'
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
  private readonly byEncoding: ReadonlyMap<number, CompiledOp>

  constructor(core: Core, mmu: Mmu, memory: MemoryOperations, access: SysregAccess, choice: FeatureChoice) {
    this.core = core
    this.mmu = mmu
    this.memory = memory
    this.access = access
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
        this.memory.probe(value, false)
        return
      // Decoded instructions follow every write at once, so there is no stale instruction cache to invalidate.
      case 'ic-all':
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
    const { control: cells, shared } = this.core.views
    Atomics.add(cells, control.TLB_GENERATION, 1)
    for (let pe = 0; pe < shared.pes; pe++) {
      if (pe !== this.core.pe) Atomics.store(cells, peWord(pe, peControl.ATTENTION), 1)
    }
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
