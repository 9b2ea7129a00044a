import { verifyFile } from '../lab/verify.ts'
import { jsonLine } from './json.ts'
import { verifyDecided, verifyFailure, verifyLine } from './text.ts'
import { exits, type Verb } from './verb.ts'

/** Enough to see what is wrong; the figures count all. */
const SHOWN_FAILURES = 20

export const verify: Verb = {
  name: 'verify',
  summary: 'replays recorded cases and compares every result',
  operands: [{ name: 'FILE', doc: 'cases as JSON lines, plain or gzipped' }],
  flags: { json: { doc: 'print one JSON object on one line' } },
  example: 'verify test/vectors/oracle/cases-plain.jsonl.gz',
  async run(args, terminal) {
    const report = await verifyFile(args.operands[0]!, (done, total) => {
      if (terminal.live) terminal.err(`\r\x1b[K${done} of ${total} cases`)
    })
    if (terminal.live) terminal.err('\r\x1b[K')
    for (const failure of report.failures.slice(0, SHOWN_FAILURES)) terminal.err(verifyFailure(failure))
    const hidden = report.failures.length - SHOWN_FAILURES
    if (hidden > 0) terminal.err(`and ${hidden} more failures\n`)
    const { passed, failed, skipped } = report
    if (args.has('json')) terminal.out(jsonLine({ passed, failed, skipped }))
    else {
      terminal.err(verifyDecided(report.decided))
      terminal.out(verifyLine(report))
    }
    return failed === 0 ? exits.ran : exits.failed
  },
}
