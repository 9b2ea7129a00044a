import type { Owner } from '../../../shared/model/trace.ts'
import { type Core, enteredPstate, PS, vectorOffset } from '../cpu/core.ts'
import { EC } from '../cpu/fault.ts'
import { slotOf } from '../cpu/layout.ts'
import type { Findings } from './findings.ts'
import { ownerName, type RawStep } from './steps.ts'
import { capital } from './switched.ts'

/** Where and how a vCPU left its world for EL2. */
export interface Exit {
  /** Preferred return address, PSTATE in SPSR format, syndrome. */
  readonly pc: bigint
  readonly pstate: bigint
  readonly esr: bigint
  readonly step: RawStep
}

const ELR = slotOf('ELR_EL1')
const SPSR = slotOf('SPSR_EL1')
const ESR = slotOf('ESR_EL1')
const VBAR = slotOf('VBAR_EL1')
const SCTLR = slotOf('SCTLR_EL1')
const SPAN = 1n << 23n
const DSSBS = 1n << 44n
const NZCV = 0xf000_0000n

/** Fields of PSTATE in SPSR format, by name. */
const pstateFields: readonly [string, bigint][] = [
  ['NZCV', NZCV],
  ['TCO', BigInt(PS.TCO)],
  ['DIT', BigInt(PS.DIT)],
  ['UAO', BigInt(PS.UAO)],
  ['PAN', BigInt(PS.PAN)],
  ['SS', BigInt(PS.SS)],
  ['IL', BigInt(PS.IL)],
  ['SSBS', BigInt(PS.SSBS)],
  ['BTYPE', 0xc00n],
  ['DAIF', BigInt(PS.DAIF)],
  ['M', 0x1fn],
]
const TCO = BigInt(PS.TCO)

/** Exception classes with one value for a lower EL and the next for the same one. */
const byLevel: readonly number[] = [EC.INSTRUCTION_ABORT, EC.DATA_ABORT]

/**
 * An entry to a guest somewhere else than where it was: at one of its vectors it is an exception that the hypervisor injected,
 * and has to look like one that the PE took from the interrupted state.
 * @param mte whether its VM has MTE: without, PSTATE.TCO is not compared, since a PE without FEAT_MTE has none
 * @returns whether it was one
 */
export function judgeInjection(
  core: Core,
  owner: Owner,
  exit: Exit,
  mte: boolean,
  findings: Findings,
  at: RawStep,
): boolean {
  const { state } = core
  const vbar = state[VBAR]! & ~0x7ffn
  const offset = Number(BigInt.asUintN(64, core.pc - vbar))
  if (offset >= 0x800 || offset % 0x80 !== 0) return false
  const from = Number((exit.pstate >> 2n) & 3n)
  const synchronous = offset % 0x200 === 0
  const esr = state[ESR]!
  const ec = Number((esr >> 26n) & 63n)
  const differ = (register: string, expected: string, found: string): void => {
    const text = `${capital(ownerName(owner))} enters its exception handler with ${register} ${found}; the PE itself would have made it ${expected}.`
    findings.add('injected-state-wrong', register, owner, null, [exit.step, { ...at, text }])
  }
  const compare = (register: string, expected: bigint, found: bigint): void => {
    if (expected !== found) differ(register, hexText(expected), hexText(found))
  }

  const right = vectorOffset(from, 1, Number(exit.pstate & 1n))
  if (offset - (offset % 0x200) !== right) {
    differ(
      'PC',
      `VBAR_EL1 + ${hexText(BigInt(right + (offset % 0x200)))}`,
      `at VBAR_EL1 + ${hexText(BigInt(offset))}`,
    )
  }
  const sctlr = state[SCTLR]!
  const low = Number(exit.pstate & 0xffff_ffffn) | 0
  const bits = enteredPstate(low, core.hasMte, (sctlr & SPAN) === 0n, (sctlr & DSSBS) !== 0n)
  const expected = (exit.pstate & NZCV) | BigInt(bits >>> 0) | 5n
  const found = core.packPstate()
  for (const [field, mask] of pstateFields) {
    if (field === 'TCO' && !mte) continue
    compare(`PSTATE.${field}`, expected & mask, found & mask)
  }
  compare('SPSR_EL1', exit.pstate, state[SPSR]!)
  // The address behind an HVC is where it was left; an exception that is the HVC's own fault belongs to the HVC itself.
  const behind = exit.esr >> 26n === BigInt(EC.HVC)
  const elr = state[ELR]!
  const itself = BigInt.asUintN(64, exit.pc - 4n)
  if (!(behind && elr === itself && synchronous))
    compare('ELR_EL1', behind && ec === 0 && synchronous ? itself : exit.pc, elr)
  if (synchronous) {
    if (((esr >> 25n) & 1n) === 0n) compare('ESR_EL1', esr | (1n << 25n), esr)
    else if (ec === EC.UNKNOWN) compare('ESR_EL1', 1n << 25n, esr)
    else {
      const lower = byLevel.find((each) => ec === each || ec === each + 1)
      if (lower !== undefined)
        compare('ESR_EL1', (esr & 0x3ff_ffffn) | (BigInt(from === 1 ? lower + 1 : lower) << 26n), esr)
    }
  }
  return true
}

/** A guest that goes on where it was has the PSTATE.TCO that it had. */
export function judgeResumption(core: Core, owner: Owner, exit: Exit, findings: Findings, at: RawStep): void {
  if (((core.packPstate() ^ exit.pstate) & TCO) === 0n) return
  const text = `${capital(ownerName(owner))} goes on with another PSTATE.TCO than it left.`
  findings.add('guest-state-lost', 'PSTATE.TCO', owner, null, [exit.step, { ...at, text }])
}

const hexText = (value: bigint): string => `0x${value.toString(16)}`
