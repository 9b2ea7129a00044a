import { hex } from '../../shared/base/hex.ts'
import type { RunSummary } from '../../shared/model/run.ts'
import { phases } from '../../shared/model/trace.ts'
import type { SwitchDetail } from '../../shared/model/views.ts'
import { provenance } from './run-words.ts'
import { moments } from './switch-moments.ts'

const COLUMN = 13

const columns = (cells: readonly string[]): string =>
  `  ${cells
    .map((cell) => cell.padEnd(COLUMN))
    .join('')
    .trimEnd()}`

/** A switch as plain text of at most 72 columns, for a mail or a review. */
export function switchText(detail: SwitchDetail, run: RunSummary): string {
  const { row } = detail
  const latency = row.guestCycle - row.startCycle + (row.endCycle - row.exitCycle)
  const lines = [
    `Switch ${detail.ordinal} of ${run.switches}: vCPU ${row.vcpu} on PE${row.pe}, exit ${row.exit}`,
    `  ESR_EL2 ${hex(row.esr, 8)}  ELR_EL2 ${hex(row.elr, 16)}`,
    `  ${latency} model cycles, ${row.instructions} instructions, from cycle ${row.startCycle}`,
    `  ${phases
      .slice(0, 3)
      .map((name, i) => `${name} ${row.phases[i] ?? 0}`)
      .join(', ')}`,
    `  ${phases
      .slice(3)
      .map((name, i) => `${name} ${row.phases[i + 3] ?? 0}`)
      .join(', ')}`,
    '',
    columns(['register', ...moments.map((moment) => moment.title)]),
  ]
  for (const entry of detail.registers) {
    const wide = moments.some(({ key }) => (entry[key]?.architectural ?? 0n) >> 32n !== 0n)
    const values = moments.map(({ key }) => {
      const moment = entry[key]
      return moment
        ? hex(moment.architectural, wide ? 16 : 8) + (moment.architectural === moment.effective ? '' : '*')
        : '-'
    })
    if (!wide) lines.push(columns([entry.register, ...values]))
    // Four wide values do not fit a line: each moment has its own.
    else
      moments.forEach(({ title }, i) => {
        lines.push(columns([i === 0 ? entry.register : '', title, values[i] ?? '-']))
      })
  }
  if (
    detail.registers.some((entry) =>
      moments.some(({ key }) => entry[key] && entry[key].architectural !== entry[key].effective),
    )
  )
    lines.push('  * written, not yet what instructions use')
  lines.push('', ...wrap(provenance(run), 72))
  return `${lines.join('\n')}\n`
}

function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
