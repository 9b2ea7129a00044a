import { resolve } from 'node:path'
import { nearestName } from '../../shared/base/nearest.ts'
import { backUpSession, checkSession, salvageSession } from '../lab/session-care.ts'
import { spawnStore } from '../workers/bundled.ts'
import { jsonLine } from './json.ts'
import { table } from './text.ts'
import { type Arguments, exits, type Terminal, UsageError, type Verb } from './verb.ts'

type Action = (file: string, to: string | undefined, args: Arguments, terminal: Terminal) => Promise<number>

const actions: Record<string, Action> = {
  async backup(file, to, args, terminal) {
    const { path, bytes } = await backUpSession(spawnStore, file, to ?? null)
    terminal.out(
      args.has('json') ? jsonLine({ file: resolve(file), backup: path, bytes }) : `${path}: ${bytes} bytes\n`,
    )
    return exits.ran
  },
  async check(file, to, args, terminal) {
    if (to !== undefined) throw new UsageError('session check takes one file', 'Leave out what follows FILE.')
    const damage = await checkSession(spawnStore, file)
    const text = damage.length === 0 ? 'sound\n' : damage.map((line) => `${line}\n`).join('')
    terminal.out(args.has('json') ? jsonLine({ file: resolve(file), damage }) : text)
    return damage.length === 0 ? exits.ran : exits.failed
  },
  async salvage(file, to, args, terminal) {
    const target = to ?? `${file.replace(/\.switchyard$/, '')}-salvaged.switchyard`
    const { tables, runs } = await salvageSession(spawnStore, file, target)
    if (args.has('json'))
      terminal.out(jsonLine({ file: resolve(file), salvaged: resolve(target), runs, tables }))
    else {
      const rows = tables.map((each) => [
        each.table,
        String(each.rows),
        each.damaged ? 'damaged: there may have been more' : '',
      ])
      terminal.out(`${table([['table', 'rows', ''], ...rows])}\nruns ${runs}, in ${target}\n`)
    }
    return exits.ran
  },
}

export const sessionVerb: Verb = {
  name: 'session',
  summary: 'takes care of a session file: backs it up, checks it, reads what is left of a damaged one',
  operands: [
    { name: 'ACTION', doc: 'backup, check or salvage' },
    { name: 'FILE', doc: 'the session' },
    { name: 'TO', doc: 'a new file for the backup or for what was read', optional: true },
  ],
  flags: { json: { doc: 'print one JSON object on one line' } },
  notes: [
    'backup copies the session as it is now, also while a run writes to it.',
    'salvage leaves FILE as it is; run counts and charts are made anew from the rows that were read.',
    'exit status of check: 1 when the file is damaged.',
  ],
  example: 'session backup lab.switchyard',
  async run(args, terminal) {
    const [name, file, to] = args.operands as [string, string, string | undefined]
    const action = actions[name]
    if (action === undefined) {
      const near = nearestName(name, Object.keys(actions))
      throw new UsageError(
        `session cannot '${name}'`,
        near ? `Did you mean ${near}?` : 'It can backup, check and salvage.',
      )
    }
    return action(file, to, args, terminal)
  },
}
