import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { replayFinding } from '../lab/replay.ts'
import { findingReport } from '../lab/run-report.ts'
import { findingText } from './check-text.ts'
import { jsonLine } from './json.ts'
import { openExisting, runReference } from './session.ts'
import { exits, UsageError, type Verb } from './verb.ts'

export const replay: Verb = {
  name: 'replay',
  summary: 'finds a stored finding anew, from its experiment, and prints its witness',
  operands: [{ name: 'FILE#RUN', doc: 'a run of a session file that was checked' }],
  flags: {
    finding: { value: 'K', doc: 'which of its findings, counted from 1; default 1' },
    without: { value: 'STEP', doc: 'take the instruction of this step out: is the finding still there?' },
    json: { doc: 'print one JSON object on one line' },
  },
  notes: ['exit status: 0 when the finding is there, 1 when it is not.'],
  example: 'replay lab.switchyard#1 --finding 1',
  async run(args, terminal) {
    const { file, run } = runReference(args.operands[0]!)
    const number = natural('finding', args.value('finding') ?? '1')
    const step = args.value('without')
    const without = step === undefined ? null : natural('without', step)
    const lab = await openExisting(file)
    try {
      const { stored, again } = await replayFinding(
        lab,
        join(packageRoot(), 'resources'),
        run,
        number,
        without,
      )
      if (args.has('json')) {
        terminal.out(jsonLine({ found: again !== null, without, finding: findingReport(again ?? stored) }))
      } else if (again) {
        const last = without === stored.steps.length
        if (without !== null)
          terminal.out(`without step ${without} it is still found${last ? ', where it shows next' : ''}\n`)
        terminal.out(findingText(again, number))
      } else {
        const how = without === null ? 'now' : `without step ${without}`
        terminal.out(`finding ${number} (${stored.kind} ${stored.register}) is not found ${how}\n`)
      }
      return again === null ? exits.failed : exits.ran
    } finally {
      await lab.close()
    }
  },
}

function natural(flag: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new UsageError(`--${flag} ${text} is no number from 1`, `Write --${flag} 1.`)
}
