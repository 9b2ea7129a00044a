import type { PeStatus, StopReason } from '../../../shared/model/trace.ts'
import { control, peControl, peWord, stopKind, waiting } from './shared-memory.ts'

/** Why a machine that has ended did, from its control words. @param message what the PE that ended it had to say */
export function stopReason(cells: Int32Array, message: string, pes: readonly PeStatus[]): StopReason {
  const code = cells[control.STOP_CODE]!
  const pe = cells[control.STOP_PE]!
  switch (cells[control.STOP_KIND]) {
    case stopKind.EXIT:
      return { kind: 'exit', code, by: 'semihosting' }
    case stopKind.PSCI_OFF:
      return { kind: 'exit', code: 0, by: 'PSCI SYSTEM_OFF' }
    case stopKind.PSCI_RESET:
      return { kind: 'exit', code: 0, by: 'PSCI SYSTEM_RESET' }
    case stopKind.LOCKUP:
      return { kind: 'lockup', pe, message: message || lockup(cells, pes) }
    case stopKind.MODEL_ERROR:
      return { kind: 'model-error', pe, message }
    case stopKind.SWITCHES:
      return { kind: 'limit', which: 'switches' }
    case stopKind.INSTRUCTIONS:
      return { kind: 'limit', which: 'instructions' }
    case stopKind.SECONDS:
      return { kind: 'limit', which: 'seconds' }
    case stopKind.STOPPED:
      return { kind: 'stopped' }
    default:
      return { kind: 'failed', message: 'the machine ended without a reason: a bug of Switchyard' }
  }
}

/** Where each PE is, and that nothing wakes one. A PE's PC is behind its WFI or WFE. */
function lockup(cells: Int32Array, pes: readonly PeStatus[]): string {
  if (pes.every((status) => status.power === 'off')) return 'every PE is off, so nothing can run again'
  const places = pes.map(({ pe, power, el, pc }) => {
    if (power === 'off') return `PE${pe} is off`
    const hint = cells[peWord(pe, peControl.WAITING)] === waiting.WFE ? 'WFE' : 'WFI'
    return `PE${pe} waits in ${hint} at EL${el} 0x${(pc - 4n).toString(16)}`
  })
  return `nothing can wake a PE, as no timer is armed and no interrupt is pending: ${places.join(', ')}`
}
