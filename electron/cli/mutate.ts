import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { type MutantResult, mutationAtlas, tallyOf } from '../lab/mutate/atlas.ts'
import { type Operator, operators } from '../lab/mutate/operators.ts'
import { modesOfPolicy } from '../lab/policy/compare.ts'
import { resolvePolicy } from '../lab/policy/resolve.ts'
import { interruptible } from './interruptible.ts'
import { jsonLine } from './json.ts'
import { modeFlag } from './policy.ts'
import { table } from './text.ts'
import { exits, UsageError, type Verb } from './verb.ts'

/** Of the mutants that are not equivalent, how many must be caught for the verb to end with 0. */
const WANTED = 0.95

export const mutate: Verb = {
  name: 'mutate',
  summary:
    'changes the switch of a policy in one place at a time, and says which scenario catches each change',
  operands: [],
  flags: {
    policy: { value: 'POLICY', doc: 'a bundled policy, or a policy file (.inc); default mainline' },
    mode: { value: 'MODE', doc: 'nvhe or vhe; both by default' },
    operator: { value: 'NAME', repeats: true, doc: `only this operator: ${operators.join(', ')}` },
    scenario: {
      value: 'NAME',
      repeats: true,
      doc: 'only this scenario; by default all but contract-hyp-draws, whose hypervisor draws tags itself',
    },
    every: { value: 'N', doc: 'every n-th mutant only; default 1' },
    json: { doc: 'print one JSON object on one line' },
    quiet: { doc: 'no progress' },
  },
  notes: [
    'equivalent: same bytes; overwritten before any use; commuting; no reader; ordered by a named event. Nothing else counts.',
    'exit status: 0 when at least 95 % of the mutants that are not equivalent were caught, else 1.',
  ],
  example: 'mutate --policy mainline --mode vhe --operator drop-barrier',
  async run(args, terminal) {
    const resources = join(packageRoot(), 'resources')
    const source = resolvePolicy(resources, args.value('policy') ?? 'mainline')
    const mode = modeFlag(args)
    const named = args.values('operator')
    const unknown = named.find((one) => !operators.some((known) => known === one))
    if (unknown !== undefined)
      throw new UsageError(`there is no operator ${unknown}`, `They are ${operators.join(', ')}.`)
    const every = args.value('every') ?? '1'
    if (!/^[1-9]\d{0,3}$/.test(every))
      throw new UsageError(`--every ${every} is no number from 1`, 'Write --every 10.')
    const scenarios = args.values('scenario')
    const options = {
      modes: mode === null ? modesOfPolicy(resources, source) : [mode],
      operators: named.length === 0 ? operators : (named as Operator[]),
      every: Number(every),
      scenarios: scenarios.length === 0 ? null : scenarios,
    }
    const live = terminal.live && !args.has('quiet')
    const include = source.text === null ? `hyp/policies/${source.name}.inc` : 'hyp/policies/mainline.inc'
    return interruptible(terminal, async (breathe) => {
      const told = (_result: MutantResult, done: number, of: number): void => {
        if (live) terminal.err(`\r\x1b[K${done} of ${of} mutants`)
      }
      const atlas = await mutationAtlas(resources, { ...source, include }, options, breathe, told)
      if (live) terminal.err('\r\x1b[K')
      const tally = tallyOf(atlas.results)
      terminal.out(args.has('json') ? jsonLine({ ...atlas, tally }) : atlasText(atlas.results))
      return tally.score === null || tally.score >= WANTED ? exits.ran : exits.failed
    })
  },
}

function atlasText(results: readonly MutantResult[]): string {
  const modes = [...new Set(results.map(({ mode }) => mode))]
  const rows = modes.flatMap((mode) => {
    const own = results.filter((one) => one.mode === mode)
    const used = operators.filter((operator) => own.some((one) => one.operator === operator))
    return [
      ...used.map((operator) => ({
        name: operator as string,
        of: own.filter((one) => one.operator === operator),
      })),
      { name: 'all', of: own },
    ].map(({ name, of }) => {
      const { mutants, caught, equivalent, survived, score } = tallyOf(of)
      const percent = score === null ? '-' : `${(score * 100).toFixed(1)} %`
      return [`${mode} ${name}`, ...[mutants, caught, equivalent, survived].map(String), percent]
    })
  })
  const reasons = new Map<string, number>()
  for (const { fate } of results)
    if (fate.kind === 'equivalent') reasons.set(fate.reason, (reasons.get(fate.reason) ?? 0) + 1)
  const survivors = results.filter(({ fate }) => fate.kind === 'survived')
  return [
    table([
      [
        'mode and operator',
        'mutants',
        'caught',
        'equivalent',
        'survived',
        'caught of those that are not equivalent',
      ],
      ...rows,
    ]).trimEnd(),
    '',
    ...[...reasons].map(([reason, count]) => `equivalent, ${reason}: ${count}`),
    ...survivors.map(
      ({ mode, operator, place, text }) => `survived: ${mode} ${operator} in ${place}: ${text}`,
    ),
    '',
  ].join('\n')
}
