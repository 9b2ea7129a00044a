import { phases } from '../../../shared/model/trace.ts'

/** Kinds of marks as a listing names them; the table is in resources/hyp/README.md. */
const names: Record<number, string> = {
  1: 'ENTRY',
  2: 'GUEST_ERET',
  3: 'RETURN',
  6: 'VCPU_LOAD',
  7: 'VCPU_PUT',
  8: 'HOST_TASK',
  9: 'REENTRY',
}
const groups = ['RGSR_EL1 and GCR_EL1', 'EL1 state', 'EL2 controls'] as const

/** A mark as a listing shows it before its instruction. */
export function markText({ kind, argument }: { kind: number; argument: number }): string {
  if (kind === 4) return `phase ${phases[argument] ?? argument}`
  if (kind === 5) {
    const whose = (argument & 0x100) === 0 ? 'the host' : 'the loaded vCPU'
    return `from here on ${groups.filter((_, bit) => (argument >> bit) & 1).join(', ')} of ${whose}`
  }
  if (kind === 10) return argument === 1 ? 'for the switch' : 'for the host itself'
  if (kind === 11) return argument === 1 ? 'tags for the vCPU concerned' : 'tags for itself'
  return names[kind] ?? `mark ${kind}`
}
