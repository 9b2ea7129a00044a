import { setImmediate as turn } from 'node:timers/promises'
import { ProblemError } from '../../../shared/base/result.ts'
import type { CheckReport } from '../../../shared/model/findings.ts'
import { reviewCard } from './card.ts'
import { review } from './review.ts'

/**
 * The review card of a stored run: its experiment tried anew, a little at a time, so that the lab goes on answering.
 * @param place the run, as messages name it
 * @throws ProblemError for a run that was not checked by exploration: nobody knows how long that would take
 */
export async function cardOf(
  resources: string,
  place: string,
  name: string,
  text: string,
  report: CheckReport | null,
  version: string,
): Promise<string> {
  if (report?.verdict.mode !== 'explore') {
    throw new ProblemError(
      place,
      'a card says what every choice came to, and this run was not explored',
      'Run the experiment with machine.sync explore.',
    )
  }
  const subject = { kind: 'experiment', name, path: place, text } as const
  const found = await review(
    resources,
    subject,
    null,
    async () => void (await turn()),
    () => {},
  )
  return reviewCard(found, version)
}
