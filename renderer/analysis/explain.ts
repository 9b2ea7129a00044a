import type { CheckMode, FaultRow } from '../../shared/model/trace.ts'
import { addressText, ownerName, tagText } from './format.ts'

/** `async` faults set one bit of the TFSR of the EL that made the access, chosen by bit 55 of the address. */
export function faultStatusBit(fault: Pick<FaultRow, 'el' | 'address'>): string {
  const register = fault.el === 0 ? 'TFSRE0_EL1' : fault.el === 1 ? 'TFSR_EL1' : 'TFSR_EL2'
  return `${register}.TF${(fault.address >> 55n) & 1n}`
}

const modeReason: Readonly<Record<CheckMode, string>> = {
  none: 'checks are off',
  sync: 'checks are synchronous',
  async: 'checks are asynchronous',
  asym: 'checks are asymmetric (loads synchronous, stores asynchronous)',
}

/** Who, where, which tags, and what became of it, in one or two sentences. */
export function explainFault(fault: FaultRow): string {
  const access = `${fault.write ? 'stored' : 'loaded'} ${fault.bytes} ${fault.bytes === 1 ? 'byte' : 'bytes'}`
  const who = ownerName(fault.owner)
  // A vCPU's name keeps its small letter at the start of a sentence.
  const subject = fault.owner >= 0 ? who : who.charAt(0).toUpperCase() + who.slice(1)
  const what = `${subject} at EL${fault.el} ${access} at ${addressText(fault.address)} with pointer tag ${tagText(fault.pointerTag)}; the memory's tag is ${tagText(fault.memoryTag)}.`
  const after =
    fault.kind === 'sync'
      ? 'a data abort was taken and the access did not happen'
      : `the access completed and ${faultStatusBit(fault)} will collect it`
  return `${what} ${modeReason[fault.mode].charAt(0).toUpperCase()}${modeReason[fault.mode].slice(1)}: ${after}.`
}
