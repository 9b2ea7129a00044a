import type { AddressTranslation } from '../../../shared/arch/sysreg.ts'
import { type Core, PS } from '../cpu/core.ts'
import { FSC } from '../cpu/fault.ts'
import { slotOf } from '../cpu/layout.ts'
import type { Mmu } from '../mmu/mmu.ts'
import { page, type Translation, type WalkFault } from '../mmu/walk.ts'

const PAR = slotOf('PAR_EL1')

/** What an AT instruction asks: from which EL, through which stages, for which access. */
interface Form {
  el: 0 | 1 | 2
  stages: 1 | 2
  write: boolean
  /** PSTATE.PAN counts (FEAT_PAN2). */
  pan?: true
}

const forms: Readonly<Record<AddressTranslation, Form>> = {
  'at-s1e1r': { el: 1, stages: 1, write: false },
  'at-s1e1w': { el: 1, stages: 1, write: true },
  'at-s1e1rp': { el: 1, stages: 1, write: false, pan: true },
  'at-s1e1wp': { el: 1, stages: 1, write: true, pan: true },
  'at-s1e0r': { el: 0, stages: 1, write: false },
  'at-s1e0w': { el: 0, stages: 1, write: true },
  'at-s1e2r': { el: 2, stages: 1, write: false },
  'at-s1e2w': { el: 2, stages: 1, write: true },
  'at-s12e1r': { el: 1, stages: 2, write: false },
  'at-s12e1w': { el: 1, stages: 2, write: true },
  'at-s12e0r': { el: 0, stages: 2, write: false },
  'at-s12e0w': { el: 0, stages: 2, write: true },
}

/**
 * AT: PAR_EL1 gets the translation, or the fault. An external abort on the walk is an exception; so is, for EL1, a stage 2
 * fault on the walk of stage 1, which EL2 handles. A walk sets access flags as any other, but nothing becomes dirty.
 * Source: DDI 0487, AArch64.AT, PAR_EL1, D8.15.
 * @throws GuestFault a data abort with CM and WnR set
 */
export function translateAddress(core: Core, mmu: Mmu, op: AddressTranslation, address: bigint): void {
  const { el, stages, write, pan = false } = forms[op]
  // For a VHE host the stage 1 forms of EL1 look through EL2's own tables; those of EL0 do by the controls of EL0.
  const inHost = core.e2h() && core.tge() && stages === 1
  const controls = core.controlsFor(el === 1 && inHost ? 2 : el)
  const bits = write ? page.PRIVILEGED_WRITE : page.PRIVILEGED_READ
  const request = {
    wanted: el === 0 ? bits << 3 : bits,
    pan: pan && (core.ps & PS.PAN) !== 0,
    unaligned: false,
    dirties: false,
  }
  const result = mmu.translateFor(address, controls, request, stages)
  if (result.fault !== null && taken(core, stages, result.fault)) {
    throw mmu.maintenanceAbort(address, result.fault)
  }
  core.state[PAR] = parOf(result)
}

function taken(core: Core, stages: 1 | 2, { fsc, onWalk }: WalkFault): boolean {
  return (fsc & 0x3c) === FSC.EXTERNAL + 4 || (onWalk && stages === 1 && core.el === 1)
}

/** NS, UNKNOWN outside Secure state, is 1, as QEMU has it. */
function parOf({ fault, physical, attribute, shareability }: Translation): bigint {
  const res1 = 1n << 11n
  if (fault === null) {
    return (BigInt(attribute) << 56n) | BigInt(physical) | res1 | (1n << 9n) | (BigInt(shareability) << 7n)
  }
  const stage2 = fault.stage === 2 ? 1n << 9n : 0n
  const onWalk = fault.onWalk ? 1n << 8n : 0n
  return res1 | stage2 | onWalk | (BigInt(fault.fsc) << 1n) | 1n
}
