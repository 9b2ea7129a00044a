import { join } from 'node:path'
import { nearestName } from '../../shared/base/nearest.ts'
import { ProblemError } from '../../shared/base/result.ts'
import type { CheckReport } from '../../shared/model/findings.ts'
import type { MuseumCase } from '../../shared/model/museum.ts'
import { packageRoot } from '../base/package-root.ts'
import { museumCases } from '../lab/museum.ts'
import { checkVariant } from '../lab/museum-check.ts'
import { findingReport } from '../lab/run-report.ts'
import { findingText } from './check-text.ts'
import { jsonLine } from './json.ts'
import { exits, UsageError, type Verb } from './verb.ts'

export const museum: Verb = {
  name: 'museum',
  summary: 'known bugs of world switches: lists them, tells one, and tries it broken and fixed',
  operands: [
    { name: 'CASE', doc: 'a case of the museum, such as missing-isb; left out: the list', optional: true },
  ],
  flags: {
    run: { doc: 'try both variants of the case, and show what is found' },
    json: { doc: 'print one JSON object on one line' },
  },
  notes: ['exit status of --run: 0 when the broken one is violated and the fixed one is not, else 1.'],
  example: 'museum missing-isb --run',
  async run(args, terminal) {
    const resources = join(packageRoot(), 'resources')
    const cases = museumCases(resources)
    const [name] = args.operands
    if (name === undefined) {
      if (args.has('run'))
        throw new UsageError('museum --run needs a case', 'Write museum missing-isb --run.')
      const listed = cases.map(({ name: of, title, line, hazards }) => ({ name: of, title, line, hazards }))
      terminal.out(args.has('json') ? jsonLine({ cases: listed }) : listText(cases))
      return exits.ran
    }
    const found = cases.find((one) => one.name === name)
    if (found === undefined) throw unknownCase(name, cases)
    if (!args.has('run')) {
      terminal.out(args.has('json') ? jsonLine(found) : storyText(found))
      return exits.ran
    }
    const breathe = async (): Promise<void> => {}
    const broken = await checkVariant(resources, found.broken, breathe)
    const fixed = await checkVariant(resources, found.fixed, breathe)
    const report = ({ verdict, findings }: CheckReport) => ({
      verdict,
      findings: findings.map(findingReport),
    })
    terminal.out(
      args.has('json')
        ? jsonLine({ case: name, broken: report(broken), fixed: report(fixed) })
        : bothText(found, broken, fixed),
    )
    return broken.findings.length > 0 && fixed.findings.length === 0 ? exits.ran : exits.failed
  },
}

function unknownCase(name: string, cases: readonly MuseumCase[]): ProblemError {
  const names = cases.map((one) => one.name)
  const near = nearestName(name, names)
  return new ProblemError(
    name,
    'the museum has no such case',
    near ? `Did you mean ${near}?` : `It has ${names.join(', ')}.`,
  )
}

function listText(cases: readonly MuseumCase[]): string {
  const width = Math.max(...cases.map(({ name }) => name.length))
  return cases
    .map(({ name, line, hazards }) => `${name.padEnd(width)}  ${hazards.join(' ')}  ${line}\n`)
    .join('')
}

const variantText = (which: string, { name, set, what }: MuseumCase['broken']): string =>
  [
    `${which}: ${what}`,
    `  run resources/experiments/${name}.json ${set.map((one) => `--set ${one}`).join(' ')}`,
  ].join('\n')

const storyText = ({ story, broken, fixed }: MuseumCase): string =>
  `${story.trimEnd()}\n\n${variantText('broken', broken)}\n${variantText('fixed', fixed)}\n`

function bothText(
  { title, broken: b, fixed: f }: MuseumCase,
  broken: CheckReport,
  fixed: CheckReport,
): string {
  const findings = broken.findings.map((finding, i) => findingText(finding, i + 1))
  return [
    title,
    '',
    `broken (${b.what}): ${broken.verdict.text}`,
    ...findings,
    `fixed (${f.what}): ${fixed.verdict.text}`,
    '',
  ].join('\n')
}
