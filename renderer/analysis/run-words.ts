import type { RunProgress, RunState, RunSummary } from '../../shared/model/run.ts'
import type { StopReason } from '../../shared/model/trace.ts'
import { count, counted } from './format.ts'

/** The line below every figure: what would have to be equal to get it again. */
export function provenance(run: RunSummary): string {
  const how = run.schedule === 'deterministic' ? `seed ${run.seed}` : 'parallel schedule (not repeatable)'
  return `Run #${run.run}, ${how}, policy ${run.policy}, ${run.mode}, ${run.costProfile}, Switchyard ${run.version}.`
}

export const isLive = (state: RunState): boolean => state === 'running' || state === 'paused'

export const stateWords: Readonly<Record<RunState, string>> = {
  running: 'running',
  paused: 'paused',
  finished: 'finished',
  stopped: 'stopped by hand',
  failed: 'failed',
  interrupted: 'interrupted: the lab ended first; what was stored can be read',
}

export function stopWords(stop: StopReason): string {
  switch (stop.kind) {
    case 'exit':
      return `the machine ended by ${stop.by} with code ${stop.code}`
    case 'limit':
      return `reached its limit of ${stop.which}`
    case 'stopped':
      return 'stopped by hand'
    case 'lockup':
      return `locked up on PE${stop.pe}: ${stop.message}`
    case 'model-error':
      return `PE${stop.pe} used something the model refuses: ${stop.message}`
    case 'failed':
      return `failed: ${stop.message}`
  }
}

/** The run in one line: what ran and how it ended. */
export function runSentence(run: RunSummary): string {
  const machine = `${counted(run.vcpus.length, 'vCPU')} on ${counted(run.pes, 'PE')}, ${run.mode}, policy ${run.policy}`
  const end = run.stop ? stopWords(run.stop) : stateWords[run.state]
  return `${machine}; ${end}`
}

/** Share of the switch limit reached, null when there is none. */
export const progressShare = (progress: Pick<RunProgress, 'switches' | 'switchLimit'>): number | null =>
  progress.switchLimit ? Math.min(1, progress.switches / progress.switchLimit) : null

export function faultWords(faults: RunSummary['tagFaults']): string {
  const total = faults.sync + faults.async
  if (total === 0) return 'no tag fault'
  if (faults.async === 0) return `${counted(total, 'tag fault')}, synchronous`
  return `${count(faults.sync)} + ${count(faults.async)} tag faults`
}
