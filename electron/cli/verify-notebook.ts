import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NotebookCell, parseNotebook } from '../../shared/model/notebook.ts'
import { unwrap } from '../base/first-run.ts'
import { packageVersion } from '../base/package-root.ts'
import { type Broken, brokenCells } from '../lab/notebook/seal.ts'
import { readInput } from './files.ts'
import { followRuns } from './follow-run.ts'
import { jsonLine } from './json.ts'
import { openSession } from './session.ts'
import { exitOfSignal, exits, type Terminal, type Verb } from './verb.ts'

/** What running a cell's experiment again gave. */
interface Replayed {
  cell: number
  line: number
  /** `unverifiable`: a parallel run need not end in the same state twice. */
  outcome: 'same' | 'differs' | 'unverifiable'
  text: string
}

export const verifyNotebook: Verb = {
  name: 'verify-notebook',
  summary: 'says which cell of a sealed notebook was changed, and runs its experiments again where asked to',
  operands: [{ name: 'FILE', doc: 'a notebook' }],
  flags: {
    replay: { doc: 'run each deterministic experiment again and compare the state it ends in' },
    json: { doc: 'print one JSON object on one line' },
  },
  notes: [
    'exit status: 0 when the notebook is as it was sealed and each replayed run ends in its state, else 1.',
    'a notebook that was changed is not replayed.',
    'the seal shows accidents and careless edits; whoever seals a changed notebook anew makes a new seal.',
  ],
  example: 'verify-notebook findings.md --replay',
  async run(args, terminal) {
    const file = args.operands[0]!
    const bytes = readInput(file)
    const broken = brokenCells(bytes)
    const sound = broken !== null && broken.length === 0
    const cells = sound ? parseNotebook(bytes.toString('utf8'), file) : []
    const replay = args.has('replay') && sound ? await replayRuns(cells, file, terminal) : []
    if (typeof replay === 'string') return exitOfSignal(replay)
    if (args.has('json')) terminal.out(jsonLine({ file, sealed: broken !== null, broken, replay }))
    else terminal.out(sealText(file, broken, cells) + replay.map((one) => replayText(file, one)).join(''))
    return sound && !replay.some(({ outcome }) => outcome === 'differs') ? exits.ran : exits.failed
  },
}

function sealText(file: string, broken: Broken[] | null, cells: readonly NotebookCell[]): string {
  if (broken === null)
    return `${file}: it has no seal, or the seal's first line was changed\n  Seal it: switchyard notebook seal ${file}\n`
  if (broken.length === 0) return `${file}: ${cells.length - 1} cells, each as it was sealed\n`
  return broken
    .map(
      ({ cell, kind, line, why }) =>
        `${file}:${line}: ${cell === null ? 'the seal' : `cell ${cell} (${kind})`} was changed: ${why}\n`,
    )
    .join('')
}

const replayText = (file: string, { cell, line, outcome, text }: Replayed): string =>
  `${file}:${line}: cell ${cell}: ${outcome}: ${text}\n`

async function replayRuns(
  cells: readonly NotebookCell[],
  file: string,
  terminal: Terminal,
): Promise<Replayed[] | NodeJS.Signals> {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-notebook-'))
  const lab = await openSession(join(folder, 'replay.switchyard'))
  const follower = followRuns(lab, () => {})
  const replayed: Replayed[] = []
  try {
    for (const [index, { kind, line, fields, body }] of cells.entries()) {
      if (kind !== 'run') continue
      const at = { cell: index + 1, line }
      if (fields.get('schedule') !== 'deterministic') {
        const text = 'its schedule is parallel, which need not end in the same state twice'
        replayed.push({ ...at, outcome: 'unverifiable', text })
        continue
      }
      if (terminal.live) terminal.err(`\r\x1b[Kcell ${at.cell}: running again`)
      const run = unwrap(await lab.call('run.start', { text: body, name: `${file}:${line}`, set: [] }))
      const signal = await Promise.race([terminal.interrupted, follower.ended(run).then(() => null)])
      if (signal) {
        unwrap(await lab.call('run.stop', { run }))
        await follower.ended(run)
        return signal
      }
      const { stateHash } = await follower.ended(run)
      const wanted = fields.get('state-hash')!
      const versions = `recorded by ${fields.get('version')}, replayed by ${packageVersion()}`
      replayed.push(
        stateHash === wanted
          ? { ...at, outcome: 'same', text: `ends in state ${wanted}` }
          : {
              ...at,
              outcome: 'differs',
              text: `ends in ${stateHash ?? 'no state'}, not ${wanted}; ${versions}`,
            },
      )
    }
    return replayed
  } finally {
    if (terminal.live) terminal.err('\r\x1b[K')
    follower.close()
    await lab.close()
    rmSync(folder, { recursive: true })
  }
}
