import { join } from 'node:path'
import { unwrap } from '../base/first-run.ts'
import { packageRoot } from '../base/package-root.ts'
import { compareRuns } from '../lab/compare/compare.ts'
import { type ComparedRun, gatherRun } from '../lab/compare/gather.ts'
import { leastOf, showComparison } from './compare.ts'
import { readInput } from './files.ts'
import { followRuns, progressPrinter } from './follow-run.ts'
import { openSession } from './session.ts'
import { exitOfSignal, exits, UsageError, type Verb } from './verb.ts'

/** More repeats than this in one go are a typing mistake. */
const MOST = 10_000

export const measure: Verb = {
  name: 'measure',
  summary: 'runs two experiments in turns, ABBA, and compares their host time',
  operands: [
    { name: 'EXPERIMENT-A', doc: 'an experiment' },
    { name: 'EXPERIMENT-B', doc: 'another, or the same with other values (--set-b)' },
  ],
  flags: {
    db: { value: 'SESSION', doc: 'the session file to store the runs in; made when it does not exist' },
    repeats: { value: 'N', doc: 'runs a side; default 10' },
    set: { value: 'PATH=VALUE', repeats: true, doc: 'override a value of both experiments' },
    'set-b': { value: 'PATH=VALUE', repeats: true, doc: 'override a value of B alone' },
    least: { value: 'PERCENT', doc: 'smallest effect of interest, in percent of the median of A; default 2' },
    json: { doc: 'print one JSON object on one line' },
    html: { value: 'FILE', doc: 'write a page that needs nothing else, with the data in it' },
    quiet: { doc: 'no progress' },
  },
  notes: [
    'the order is A B B A A B B A ..., so that a drift of the machine falls on both; the numbers of the runs keep it.',
    'one run of each before the first is not measured: code is compiled while it runs. The smallest effect is set beforehand.',
  ],
  example:
    'measure resources/experiments/handover.json resources/experiments/handover.json --set-b hypervisor.mode=vhe --db m.switchyard',
  async run(args, terminal) {
    const db = args.value('db')
    if (!db)
      throw new UsageError('measure needs --db: where to store the runs', 'Write --db measured.switchyard.')
    const repeats = repeatsOf(args.value('repeats') ?? '10')
    const least = leastOf(args)
    const sides = args.operands.map((file, i) => ({
      name: file,
      text: readInput(file).toString('utf8'),
      set: [...args.values('set'), ...(i === 1 ? args.values('set-b') : [])],
    }))
    const lab = await openSession(db)
    const progress = progressPrinter(terminal)
    const follower = followRuns(lab, () => {})
    const done: number[][] = [[], []]
    try {
      const order = [
        0,
        1,
        ...Array.from({ length: 2 * repeats }, (_, i) => (i % 4 === 0 || i % 4 === 3 ? 0 : 1)),
      ]
      for (const [i, side] of order.entries()) {
        if (!args.has('quiet'))
          terminal.err(`${i < 2 ? 'warming up' : `run ${i - 1} of ${2 * repeats}`}: ${'AB'[side]}\n`)
        const run = unwrap(await lab.call('run.start', sides[side]!))
        const signal = await Promise.race([terminal.interrupted, follower.ended(run).then(() => null)])
        if (signal) {
          unwrap(await lab.call('run.stop', { run }))
          await follower.ended(run)
          return exitOfSignal(signal)
        }
        if (i >= 2) done[side]!.push(run)
      }
      progress.end()
      const resources = join(packageRoot(), 'resources')
      const gathered: ComparedRun[][] = []
      for (const runs of done) {
        const side: ComparedRun[] = []
        for (const run of runs) side.push(await gatherRun(lab, resources, db, run))
        gathered.push(side)
      }
      const comparison = compareRuns(resources, gathered[0]!, gathered[1]!, least)
      showComparison(comparison, args, terminal)
      return comparison.defects.length > 0 ? exits.failed : exits.ran
    } finally {
      progress.end()
      follower.close()
      await lab.close()
    }
  },
}

function repeatsOf(text: string): number {
  const repeats = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (repeats >= 2 && repeats <= MOST) return repeats
  throw new UsageError(`--repeats ${text} is no number from 2 to ${MOST}`, 'Write --repeats 20.')
}
