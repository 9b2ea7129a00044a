import { type Decision, ExploreLimit, Explorer } from '../../machine/sync/explore.ts'
import type { Release } from '../../machine/sync/synchronisation.ts'
import { CaseMachine } from './case-machine.ts'
import { outcomeOf, outcomeText, type SyncRecord } from './sync-record.ts'

/** Executions of one program before it counts as too large. */
export const EXECUTION_LIMIT = 100_000

/** What an exhaustive run of a program found, and how it compares with the record. */
export interface Exploration {
  /** Every outcome found, as text, with the decisions of the first execution that ended in it. */
  outcomes: ReadonlyMap<string, readonly Decision[]>
  executions: number
  /** Readable differences from the recorded set; none when the sets are equal. */
  differences: string[]
}

/** Enumerates programs: machines are kept, one for each release and feature set. */
export class ProgramExplorer {
  private readonly machines = new Map<string, { machine: CaseMachine; explorer: Explorer }>()

  /** A program with more executions than the limit differs: its set is not known to be complete. */
  explore(record: SyncRecord, limit = EXECUTION_LIMIT): Exploration {
    const { machine, explorer } = this.machineFor(record.release, record.exs)
    const outcomes = new Map<string, readonly Decision[]>()
    let executions = 0
    try {
      for (const result of explorer.executions(() => machine.run(record.case), limit)) {
        executions++
        const text = outcomeText(outcomeOf(record.case, result))
        if (!outcomes.has(text)) outcomes.set(text, structuredClone(explorer.decisions))
      }
    } catch (error) {
      if (!(error instanceof ExploreLimit)) throw error
      return { outcomes, executions, differences: [`not explored to the end: ${error.message}`] }
    }
    return { outcomes, executions, differences: differences(record, outcomes) }
  }

  private machineFor(release: Release, exs: boolean) {
    const key = `${release} ${exs}`
    const kept = this.machines.get(key)
    if (kept) return kept
    const explorer = new Explorer()
    const made = { machine: new CaseMachine('explore', release, { exs, chooser: explorer }), explorer }
    this.machines.set(key, made)
    return made
  }
}

function differences(record: SyncRecord, found: Exploration['outcomes']): string[] {
  const legal = new Set(record.outcomes.map(outcomeText))
  return [
    ...[...found]
      .filter(([outcome]) => !legal.has(outcome))
      .flatMap(([outcome, decisions]) => [`not legal: ${outcome}`, `  by ${decisionsText(decisions)}`]),
    ...[...legal].filter((outcome) => !found.has(outcome)).map((outcome) => `not found: ${outcome}`),
  ]
}

/** `GCR_EL1 write-used 2 of 3, ...`: which alternative each decision took, the latest arrival first. */
const decisionsText = (decisions: readonly Decision[]): string =>
  decisions
    .map(({ kind, register, taken, alternatives }) => `${register} ${kind} ${taken + 1} of ${alternatives}`)
    .join(', ') || 'no decision'
