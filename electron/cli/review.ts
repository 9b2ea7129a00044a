import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import { reviewCard } from '../lab/review/card.ts'
import { review as reviewOf } from '../lab/review/review.ts'
import { reviewSubject } from '../lab/review/subject.ts'
import { findingReport } from '../lab/run-report.ts'
import type { Breathe } from '../workers/check/execute.ts'
import { interruptible } from './interruptible.ts'
import { jsonLine } from './json.ts'
import { exits, type Verb } from './verb.ts'

export const review: Verb = {
  name: 'review',
  summary:
    'reviews a policy over all scenarios of the switch contract, and prints a card to paste into a mail',
  operands: [
    {
      name: 'POLICY',
      doc: 'a bundled policy, a policy file (.inc), a patch or a mail that quotes one, a hypervisor (.S, .elf), or one experiment (.json)',
    },
  ],
  flags: {
    scenario: {
      value: 'NAME',
      repeats: true,
      doc: 'only this scenario, such as contract-fault; all by default',
    },
    json: { doc: 'print one JSON object on one line' },
    quiet: { doc: 'no progress' },
  },
  notes: [
    'the three questions: which event synchronises each write, is each saved slot used, may a save move to load and put.',
    'exit status: 0 when nothing was found that mainline does not have, else 1.',
  ],
  example: 'review v12',
  async run(args, terminal) {
    const resources = join(packageRoot(), 'resources')
    const named = args.values('scenario')
    const only = named.length > 0 ? named : null
    const quiet = args.has('quiet') || !terminal.live
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-imported-'))
    const keep = (name: string, policy: string): string => {
      const file = join(folder, name)
      writeFileSync(file, policy)
      return file
    }
    const work = async (breathe: Breathe): Promise<number> => {
      const subject = reviewSubject(resources, args.operands[0]!, keep)
      const found = await reviewOf(resources, subject, only, breathe, (text) => {
        if (!quiet) terminal.err(`\r\x1b[K${text}`)
      })
      if (!quiet) terminal.err('\r\x1b[K')
      const scenarios = found.scenarios.map((one) => ({
        ...one,
        findings: one.findings.map(({ finding, alsoInMainline }) => ({
          ...findingReport(finding),
          alsoInMainline,
        })),
      }))
      terminal.out(args.has('json') ? jsonLine({ ...found, scenarios }) : reviewCard(found, packageVersion()))
      const broken = found.scenarios.some(({ findings }) => findings.some((one) => !one.alsoInMainline))
      return broken ? exits.failed : exits.ran
    }
    try {
      return await interruptible(terminal, work)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}
