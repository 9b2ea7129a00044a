import { startSession } from '../../electron/store/session.ts'
import { chunk, newRun } from './store-rows.ts'

/** A process that writes a run until it is killed: a line after each committed chunk says how many switches are stored. */
const [path, pause] = process.argv.slice(2)
const session = startSession({ path: path!, version: '0.1.0' })
const run = session.handlers['run.create'](newRun('killed'))
process.stdout.write(`run ${run}\n`)
let switches = 0
const rows = chunk(50)
setInterval(() => {
  session.handlers['run.append']({ run, chunk: rows })
  switches += 100
  process.stdout.write(`${switches}\n`)
}, Number(pause))
