import { join, resolve } from 'node:path'
import type { Comparison } from '../../shared/model/comparison.ts'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import { compareRuns, LEAST_EFFECT } from '../lab/compare/compare.ts'
import { type ComparedRun, gatherRun } from '../lab/compare/gather.ts'
import { comparisonHtml } from './compare-html.ts'
import { comparisonText } from './compare-text.ts'
import { writeOutput } from './files.ts'
import { jsonLine } from './json.ts'
import { openExisting } from './session.ts'
import { type Arguments, exits, type Terminal, UsageError, type Verb } from './verb.ts'

export const compare: Verb = {
  name: 'compare',
  summary: 'compares two runs, or repeats of two: inputs, exact metrics, host time',
  operands: [
    {
      name: 'A',
      doc: 'a run of a session file, FILE#RUN; repeats as FILE#1,4,7-9, in the order of measurement',
    },
    { name: 'B', doc: 'what is compared with it, of the same or another file' },
  ],
  flags: {
    swap: { doc: 'exchange A and B' },
    least: { value: 'PERCENT', doc: 'smallest effect of interest, in percent of the median of A; default 2' },
    json: { doc: 'print one JSON object on one line' },
    html: { value: 'FILE', doc: 'write a page that needs nothing else, with the data in it' },
  },
  notes: [
    'exact metrics are compared by plain difference; host time only where each side has repeats (`switchyard measure` makes them).',
    'exit status: 0, or 1 where deterministic repeats differ, which is a defect.',
  ],
  example: 'compare lab.switchyard#1 lab.switchyard#2',
  async run(args, terminal) {
    const [a, b] = [operand(args.operands[0]!), operand(args.operands[1]!)]
    const least = leastOf(args)
    const runs = await gather(args.has('swap') ? [b, a] : [a, b])
    const comparison = compareRuns(join(packageRoot(), 'resources'), runs[0]!, runs[1]!, least)
    showComparison(comparison, args, terminal)
    return comparison.defects.length > 0 ? exits.failed : exits.ran
  },
}

/** Prints a comparison as the flags say, or writes it to a file. */
export function showComparison(comparison: Comparison, args: Arguments, terminal: Terminal): void {
  const html = args.value('html')
  if (html !== undefined)
    writeOutput(html, Buffer.from(comparisonHtml(comparison, { version: packageVersion(), at: new Date() })))
  if (args.has('json')) terminal.out(jsonLine(comparison))
  else if (html === undefined) terminal.out(comparisonText(comparison))
}

export function leastOf(args: Arguments): number {
  const text = args.value('least')
  if (text === undefined) return LEAST_EFFECT
  const percent = /^\d{1,3}(?:\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN
  if (percent > 0 && percent <= 100) return percent / 100
  throw new UsageError(`--least ${text} is no percentage`, 'Write --least 2 for two in a hundred.')
}

interface Named {
  file: string
  runs: number[]
}

function operand(text: string): Named {
  const [, file = '', list = ''] = /^(.+)#([\d,-]+)$/.exec(text) ?? []
  const runs = list.split(',').flatMap((part) => {
    const [, from, to = from] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(part) ?? []
    const count = Number(to) - Number(from) + 1
    return count >= 1 && count <= 10_000 ? Array.from({ length: count }, (_, i) => Number(from) + i) : [0]
  })
  if (runs.includes(0))
    throw new UsageError(
      `${text} names no runs`,
      'Write FILE#RUN, such as lab.switchyard#1, or lab.switchyard#1,4,7-9.',
    )
  return { file, runs: [...new Set(runs)] }
}

/** Both sides; a file that both name is opened once, since two openings of one file are a writer and a reader. */
async function gather(sides: readonly Named[]): Promise<ComparedRun[][]> {
  const found = new Map<Named, ComparedRun[]>()
  for (const path of new Set(sides.map(({ file }) => resolve(file)))) {
    const lab = await openExisting(path)
    try {
      for (const side of sides) {
        if (resolve(side.file) !== path) continue
        const runs: ComparedRun[] = []
        for (const run of side.runs)
          runs.push(await gatherRun(lab, join(packageRoot(), 'resources'), side.file, run))
        found.set(side, runs)
      }
    } finally {
      await lab.close()
    }
  }
  return sides.map((side) => found.get(side)!)
}
