import type { RunSummary } from '../../shared/model/run.ts'
import { unwrap } from '../base/first-run.ts'
import { runReport } from '../lab/run-report.ts'
import { checkText } from './check-text.ts'
import { readInput } from './files.ts'
import { followRuns, progressPrinter } from './follow-run.ts'
import { jsonLine } from './json.ts'
import { openSession } from './session.ts'
import { runText } from './text.ts'
import { exitOfSignal, exits, type Terminal, UsageError, type Verb } from './verb.ts'

export const run: Verb = {
  name: 'run',
  summary: 'runs an experiment and stores what happened in a session file',
  operands: [{ name: 'FILE', doc: 'an experiment: JSON with comments' }],
  flags: {
    db: { value: 'SESSION', doc: 'the session file to store the run in; made when it does not exist' },
    set: {
      value: 'PATH=VALUE',
      repeats: true,
      doc: 'override a value of the experiment, such as vcpus.0.checks=async',
    },
    json: { doc: 'print one JSON object on one line' },
    quiet: { doc: 'no progress' },
  },
  example: 'run resources/experiments/handover.json --db lab.switchyard',
  async run(args, terminal) {
    const file = args.operands[0]!
    const db = args.value('db')
    if (!db) throw new UsageError('run needs --db: where to store the run', 'Write --db lab.switchyard.')
    for (const set of args.values('set')) {
      if (!/^[^=]+=/.test(set)) throw new UsageError(`--set ${set} has no value`, 'Write --set PATH=VALUE.')
    }
    const text = readInput(file).toString('utf8')

    const lab = await openSession(db)
    const progress = progressPrinter(terminal)
    const follower = followRuns(lab, args.has('quiet') ? () => {} : progress.show)
    try {
      const started = await lab.call('run.start', { text, name: file, set: args.values('set') })
      const id = unwrap(started)
      const signal = await Promise.race([terminal.interrupted, follower.ended(id).then(() => null)])
      if (signal) unwrap(await lab.call('run.stop', { run: id }))
      const summary = await follower.ended(id)
      progress.end()
      const check = signal ? null : unwrap(await lab.call('run.findings', { run: id }))
      terminal.out(
        args.has('json')
          ? jsonLine(runReport(summary, check))
          : runText(summary, `${db}#${id}`) + (check ? checkText(check) : ''),
      )
      return signal ? exitOfSignal(signal) : exitOf(summary, terminal)
    } finally {
      progress.end()
      follower.close()
      await lab.close()
    }
  },
}

/** A run that a lost worker or an error of the model cut short did not run. */
function exitOf(summary: RunSummary, terminal: Terminal): number {
  const { stop } = summary
  if (stop?.kind === 'failed') throw new Error(`run ${summary.run}: ${stop.message}\n${stop.stack ?? ''}`)
  if (stop?.kind === 'model-error') {
    terminal.err(`switchyard: PE ${stop.pe} cannot go on: ${stop.message}\n`)
    return exits.bug
  }
  return stop?.kind === 'lockup' ? exits.lockup : exits.ran
}
