import { hostname } from 'node:os'

/** A run whose owner has not renewed its heartbeat for so long is given up, whatever a process of that number does. */
export const STALE_MS = 30_000
export const HEARTBEAT_MS = 2_000

/** This process, as a run names the one that computes it. */
export const thisProcess = (): string => `${hostname()}/${process.pid}`

/**
 * Whether the process that computes a run may still be there. A heartbeat alone would take half a minute to miss a killed
 * process; its number alone may belong to another one by now, or to another machine.
 */
export function isAlive(owner: string, heartbeatMs: number, nowMs = Date.now()): boolean {
  if (nowMs - heartbeatMs > STALE_MS) return false
  const slash = owner.lastIndexOf('/')
  if (owner.slice(0, slash) !== hostname()) return true
  try {
    process.kill(Number(owner.slice(slash + 1)), 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
