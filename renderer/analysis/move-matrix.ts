import type { RunSummary } from '../../shared/model/run.ts'
import type { PolicyEntry } from '../../shared/model/session.ts'

export const switchModes = ['nvhe', 'vhe'] as const
export type SwitchMode = (typeof switchModes)[number]

/** One policy in the table that answers whether a save and restore may move: the last checked run in each mode. */
export interface MoveRow {
  policy: string
  /** What it does otherwise; null for a policy that does not come with the lab. */
  line: string | null
  runs: Record<SwitchMode, RunSummary | null>
}

/**
 * The policies that move state from every switch to vcpu_load and vcpu_put (loadput-...), with the one that everything
 * is compared with and the one on screen, and what the session's runs of the same experiment say of them.
 */
export function moveRows(
  run: RunSummary,
  runs: readonly RunSummary[],
  policies: readonly PolicyEntry[],
): MoveRow[] {
  const moving = policies.map(({ name }) => name).filter((name) => name.startsWith('loadput'))
  return [...new Set(['mainline', run.policy, ...moving])].map((policy) => {
    const last = (mode: SwitchMode): RunSummary | null =>
      runs.findLast(
        (each) =>
          each.experiment === run.experiment &&
          each.policy === policy &&
          each.mode.toLowerCase() === mode &&
          each.check !== null,
      ) ?? null
    return {
      policy,
      line: policies.find(({ name }) => name === policy)?.line ?? null,
      runs: { nvhe: last('nvhe'), vhe: last('vhe') },
    }
  })
}
