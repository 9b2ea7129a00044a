import { exploreFile } from '../lab/explore.ts'
import { jsonLine } from './json.ts'
import { exploreLine, verifyFailure, verifyLine } from './text.ts'
import { exits, type Verb } from './verb.ts'

/** Enough to see what is wrong; the figures count all. */
const SHOWN_FAILURES = 20

export const explore: Verb = {
  name: 'explore',
  summary: 'enumerates all executions of recorded programs and compares the sets of outcomes',
  operands: [{ name: 'FILE', doc: 'programs with their sets of outcomes as JSON lines, plain or gzipped' }],
  flags: { json: { doc: 'print one JSON object on one line' } },
  example: 'explore test/vectors/sync/sync-switch.jsonl.gz',
  async run(args, terminal) {
    const report = await exploreFile(args.operands[0]!, (done, total) => {
      if (terminal.live) terminal.err(`\r\x1b[K${done} of ${total} programs`)
    })
    if (terminal.live) terminal.err('\r\x1b[K')
    for (const failure of report.failures.slice(0, SHOWN_FAILURES)) terminal.err(verifyFailure(failure))
    const hidden = report.failures.length - SHOWN_FAILURES
    if (hidden > 0) terminal.err(`and ${hidden} more failures\n`)
    const { failures, ...figures } = report
    if (args.has('json')) {
      terminal.out(jsonLine(figures))
    } else {
      terminal.err(exploreLine(report))
      terminal.out(verifyLine(report))
    }
    return failures.length === 0 ? exits.ran : exits.failed
  },
}
