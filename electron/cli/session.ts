import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder, defaultSession } from '../base/data-folder.ts'
import { packageRoot } from '../base/package-root.ts'
import { type Lab, openLab } from '../lab/lab.ts'
import { spawnInspector, spawnPe, spawnStore } from '../workers/bundled.ts'
import { startMachine } from '../workers/machine-client.ts'

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

/** The session that opens when no file is named; its folder is made here. */
export function ownSession(env: NodeJS.ProcessEnv): string {
  const folder = dataFolder(env)
  mkdirSync(folder, { recursive: true })
  return defaultSession(folder)
}
