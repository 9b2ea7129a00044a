import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where sessions lie when nobody names a file: SWITCHYARD_DATA, else XDG's data folder
 * (XDG Base Directory Specification: relative values are ignored). Not created here.
 */
export function dataFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.SWITCHYARD_DATA) return env.SWITCHYARD_DATA
  const xdg = env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(homedir(), '.local/share')
  return join(xdg, 'switchyard')
}

/** The session that opens when no file is given. */
export const defaultSession = (folder: string): string => join(folder, 'first-light.switchyard')
