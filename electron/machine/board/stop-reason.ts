import type { PeStatus, StopReason } from '../../../shared/model/trace.ts'
import { control, stopKind } from './shared-memory.ts'

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
      return { kind: 'lockup', pe, message: message || lockup(pes) }
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

function lockup(pes: readonly PeStatus[]): string {
  const on = pes.filter((status) => status.power !== 'off')
  if (on.length === 0) return 'every PE is off, so nothing can run again'
  const places = on.map((status) => `PE${status.pe} at 0x${status.pc.toString(16)}`).join(', ')
  return `every PE that is on waits in WFI and no interrupt can come: ${places}`
}
