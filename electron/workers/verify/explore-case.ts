import { ExploreLimit, Explorer } from '../../machine/sync/explore.ts'
import type { Release } from '../../machine/sync/synchronisation.ts'
import { CaseMachine } from './case-machine.ts'
import { outcomeOf, outcomeText, type SyncRecord } from './sync-record.ts'

/** Executions of one program before it counts as too large. */
export const EXECUTION_LIMIT = 100_000

/** What an exhaustive run of a program found, and how it compares with the record. */
export interface Exploration {
  /** Every outcome found, as text. */
  outcomes: ReadonlySet<string>
  executions: number
  /** Readable differences from the recorded set; none when the sets are equal. */
  differences: string[]
}

/** Enumerates programs: machines are kept, one for each release and feature set. */
export class ProgramExplorer {
  private readonly machines = new Map<string, { machine: CaseMachine; chooser: { current: Explorer } }>()

  /** A program with more executions than the limit differs: its set is not known to be complete. */
  explore(record: SyncRecord, limit = EXECUTION_LIMIT): Exploration {
    const { machine, chooser } = this.machineFor(record.release, record.exs)
    const explorer = new Explorer()
    chooser.current = explorer
    const outcomes = new Set<string>()
    let executions = 0
    try {
      for (const result of explorer.executions(() => machine.run(record.case), limit)) {
        executions++
        outcomes.add(outcomeText(outcomeOf(record.case, result)))
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
    const chooser = { current: new Explorer() }
    const machine = new CaseMachine('explore', release, {
      exs,
      chooser: {
        delay: () => chooser.current.delay(),
        choose: (choice) => chooser.current.choose(choice),
        overflow: () => chooser.current.overflow(),
      },
    })
    const made = { machine, chooser }
    this.machines.set(key, made)
    return made
  }
}

function differences(record: SyncRecord, found: ReadonlySet<string>): string[] {
  const legal = new Set(record.outcomes.map(outcomeText))
  return [
    ...[...found].filter((outcome) => !legal.has(outcome)).map((outcome) => `not legal: ${outcome}`),
    ...[...legal].filter((outcome) => !found.has(outcome)).map((outcome) => `not found: ${outcome}`),
  ]
}
