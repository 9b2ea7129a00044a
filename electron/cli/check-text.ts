import type { CheckReport, Finding, Step } from '../../shared/model/findings.ts'
import { ownerText } from '../lab/run-report.ts'

/** What the switch contract found, for a terminal. */
export function checkText({ verdict, findings, advice, pending }: CheckReport): string {
  const lines = [
    '',
    `switch contract: ${verdict.text}`,
    `  scope ${verdict.scope.join(' ')}; window ${verdict.window}; release ${verdict.release}`,
    `  ${verdict.pendingSeen} pending writes and faults, ${verdict.uses} uses while pending, ${verdict.choices} tried`,
    ...(verdict.control
      ? [`  control: without ${verdict.control.removed}: ${verdict.control.violated ? '' : 'not '}violated`]
      : []),
  ]
  findings.forEach((finding, i) => void lines.push('', findingText(finding, i + 1).trimEnd()))
  const closed = pending.flatMap(({ boundary, registers }) =>
    registers.map(
      ({ register, closedBy }) =>
        `  ${register} at the ${boundary}: ${closedBy ? `${closedBy.event} at ${closedBy.pc.toString(16)}` : 'nothing'}`,
    ),
  )
  if (closed.length > 0) lines.push('', 'pending, and what made it certain', ...new Set(closed))
  if (advice.length > 0)
    lines.push(
      '',
      'advice (no verdict)',
      ...advice.map(({ kind, place, text }) => `  ${kind} ${place}: ${text}`),
    )
  return `${lines.join('\n')}\n`
}

/** A finding with its witness, step by step. */
export function findingText({ kind, register, owner, other, ...rest }: Finding, number: number): string {
  const { steps, spare = [] } = rest
  const side = other === null ? '' : `, ${ownerText(other)}`
  const place = ({ position, el, pc, instruction }: Step): string =>
    `${position} EL${el} ${pc.toString(16)} ${instruction}`
  return [
    `finding ${number}: ${kind} ${register} (${ownerText(owner)}${side})`,
    ...steps.flatMap((step, i) => [`  ${i + 1}. ${place(step)}`, `     ${step.text}`]),
    ...(spare.length > 0 ? ['  took part, but is found without any one of them:'] : []),
    ...spare.map((step) => `     ${place(step)}`),
    '',
  ].join('\n')
}
