import type { LabApi } from '../../../shared/contract/calls.ts'
import type { Finding } from '../../../shared/model/findings.ts'
import { cellText } from '../../../shared/model/notebook.ts'
import type { RunId } from '../../../shared/model/run.ts'
import { unwrap } from '../../base/first-run.ts'
import { gatherRun } from '../compare/gather.ts'
import { ownerText } from '../run-report.ts'

/**
 * The cells of a stored run: the run with its whole experiment, so that it can be run again where the session is not, and
 * each finding with its sentence.
 * @throws ProblemError where the run has not ended by itself
 */
export async function runCells(lab: LabApi, resources: string, file: string, run: RunId): Promise<string> {
  const { summary } = await gatherRun(lab, resources, file, run)
  const { text } = unwrap(await lab.call('run.experiment', { run }))
  const check = summary.check === null ? null : unwrap(await lab.call('run.findings', { run }))
  const stateHash = summary.stateHash!
  const cell = cellText(
    'run',
    {
      title: summary.title,
      run: `${run}`,
      'experiment-hash': summary.experimentHash,
      'state-hash': stateHash,
      schedule: summary.schedule,
      seed: `${summary.seed}`,
      policy: `${summary.mode} ${summary.policy}`,
      version: summary.version,
      started: new Date(summary.startedMs).toISOString(),
      switches: `${summary.switches}`,
      instructions: `${summary.instructions}`,
      'model-cycles': `${summary.cycles}`,
      verdict: summary.check?.text ?? 'not checked',
    },
    text,
  )
  const findings = (check?.findings ?? []).map((finding, i) =>
    cellText(
      'finding',
      {
        run: `${run}`,
        'state-hash': stateHash,
        number: `${i + 1}`,
        kind: finding.kind,
        register: finding.register,
        owner: ownerText(finding.owner),
      },
      findingBody(finding),
    ),
  )
  return [`## ${summary.title}: ${summary.mode} ${summary.policy}\n`, cell, ...findings].join('\n')
}

/** What it says, the likeliest cause first, and the witness with its places in the run. */
function findingBody({ explanation, steps }: Finding): string {
  const places = steps.map(
    ({ pe, position, instruction, text }, i) => `${i + 1}. PE ${pe} at ${position}: ${instruction}: ${text}`,
  )
  return [...explanation.map(({ text }) => text), '', 'Witness:', ...places].join('\n')
}
