import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ProblemError } from '../../shared/base/result.ts'
import type { RunId } from '../../shared/model/run.ts'
import { dataFolder, defaultSession } from '../base/data-folder.ts'
import { packageRoot } from '../base/package-root.ts'
import { type Lab, openLab } from '../lab/lab.ts'
import { spawnInspector, spawnPe, spawnStore } from '../workers/bundled.ts'
import { startMachine } from '../workers/machine-client.ts'
import { UsageError } from './verb.ts'

/** Opens a session file with the lab on top; creates the file when it does not exist. @throws ProblemError */
export function openSession(file: string): Promise<Lab> {
  return openLab({
    session: file,
    spawnPe,
    spawnStore,
    spawnInspector,
    startMachine,
    resources: join(packageRoot(), 'resources'),
  })
}

/** Opens a session file to read from. @throws ProblemError also where there is none: a mistyped name makes no file */
export async function openExisting(file: string): Promise<Lab> {
  if (existsSync(file)) return openSession(file)
  throw new ProblemError(file, 'there is no such file', 'Name a session file; `switchyard run` makes one.')
}

/** What `FILE#RUN` names. @throws UsageError */
export function runReference(text: string): { file: string; run: RunId } {
  const [, file, run] = /^(.+)#([1-9]\d{0,8})$/.exec(text) ?? []
  if (file !== undefined) return { file, run: Number(run) }
  throw new UsageError(`${text} names no run`, 'Write FILE#RUN, such as lab.switchyard#1.')
}

/** The session that opens when no file is named; its folder is made here. */
export function ownSession(env: NodeJS.ProcessEnv): string {
  const folder = dataFolder(env)
  mkdirSync(folder, { recursive: true })
  return defaultSession(folder)
}
