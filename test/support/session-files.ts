import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Session, startSession } from '../../electron/store/session.ts'
import { ProblemError } from '../../shared/base/result.ts'
import { chunk, newRun } from './store-rows.ts'

/** Session files in a folder of a test's own. */
export function sessionFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-files-'))
  let files = 0
  const fresh = () => join(folder, `${++files}.switchyard`)
  return {
    folder,
    /** A name that is not taken. */
    fresh,
    /** A session with one finished run. */
    filled(path = fresh()): string {
      const session = start(path)
      const run = session.handlers['run.create'](newRun())
      session.handlers['run.append']({ run, chunk: chunk(100) })
      session.handlers['run.finish']({
        run,
        end: {
          state: 'finished',
          stop: { kind: 'exit', code: 0, by: 'PSCI SYSTEM_OFF' },
          stateHash: null,
          hostNs: 1,
          pes: [],
        },
      })
      session.handlers.close({})
      return path
    },
    /** What lies in the folder and bears a session's name. */
    filesOf: (path: string) => readdirSync(folder).filter((name) => name.startsWith(basename(path))),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

export const start = (path: string): Session => startSession({ path, version: '0.1.0' })

/** The problem that an action ends in. */
export function problemOf(action: () => unknown): { place: string; cause: string; remedy: string } {
  try {
    action()
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  throw new Error('nothing went wrong')
}
