import { packageVersion } from '../base/package-root.ts'
import { openStore, type SpawnStore } from '../store/client.ts'
import type { SalvagedTable } from '../store/protocol.ts'

/** Copies a session as it is now to a new file; `to` null: beside it, named by the time. @throws ProblemError */
export async function backUpSession(
  spawnStore: SpawnStore,
  file: string,
  to: string | null,
): Promise<{ path: string; bytes: number }> {
  const store = await openStore(spawnStore, { path: file, version: packageVersion(), create: false })
  try {
    return await store.call('session.backup', { to })
  } finally {
    await store.close()
  }
}

/** Checks the whole file. @returns what is wrong with it, at most twenty lines. @throws ProblemError */
export async function checkSession(spawnStore: SpawnStore, file: string): Promise<string[]> {
  const store = await openStore(spawnStore, { path: file, version: packageVersion(), create: false })
  try {
    return await store.call('session.check', {})
  } finally {
    await store.close()
  }
}

/** Reads what can be read of a damaged session into a new file. @throws ProblemError */
export async function salvageSession(
  spawnStore: SpawnStore,
  file: string,
  to: string,
): Promise<{ tables: SalvagedTable[]; runs: number }> {
  const store = await openStore(spawnStore, { path: to, version: packageVersion(), salvage: file })
  try {
    return { tables: store.info.salvaged ?? [], runs: await store.call('run.count', {}) }
  } finally {
    await store.close()
  }
}
