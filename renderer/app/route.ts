import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange } from '../../shared/model/views.ts'

export const runViews = ['overview', 'latency', 'registers', 'faults', 'console'] as const
export type RunView = (typeof runViews)[number]

export const viewTitles: Readonly<Record<RunView, string>> = {
  overview: 'Run',
  latency: 'Latency',
  registers: 'Registers',
  faults: 'Faults',
  console: 'Console',
}

/** What the window shows, as a link can say it. */
export type Route =
  | { page: 'home' }
  | { page: 'experiment'; name: string }
  | { page: 'run'; run: RunId; view: RunView; switchId: number | null; range: CycleRange | null }

export const runRoute = (run: RunId, view: RunView = 'overview'): Route => ({
  page: 'run',
  run,
  view,
  switchId: null,
  range: null,
})

const natural = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null

/** `#/run/3/faults/switch/120?cycles=100-200`; anything that is not understood leads home. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const parts = path.split('/').filter(Boolean)
  if (parts[0] === 'experiment' && parts[1]) {
    try {
      return { page: 'experiment', name: decodeURIComponent(parts[1]) }
    } catch {
      return { page: 'home' }
    }
  }
  const run = natural(parts[1])
  if (parts[0] !== 'run' || run === null) return { page: 'home' }
  const named = runViews.find((view) => view === parts[2])
  const rest = parts.slice(named ? 3 : 2)
  const switchId = rest[0] === 'switch' ? natural(rest[1]) : null
  const cycles = /(?:^|&)cycles=(\d{1,15})-(\d{1,15})(?:&|$)/.exec(query)
  const [from, to] = [natural(cycles?.[1]), natural(cycles?.[2])]
  const range = from !== null && to !== null && from < to ? { from, to } : null
  return { page: 'run', run, view: named ?? 'overview', switchId, range }
}

export function formatRoute(route: Route): string {
  if (route.page === 'home') return '#/'
  if (route.page === 'experiment') return `#/experiment/${encodeURIComponent(route.name)}`
  const view = route.view === 'overview' ? '' : `/${route.view}`
  const at = route.switchId === null ? '' : `/switch/${route.switchId}`
  const cycles = route.range ? `?cycles=${route.range.from}-${route.range.to}` : ''
  return `#/run/${route.run}${view}${at}${cycles}`
}

/** Name under which the experiment of a run is opened, as it was run; `runOfExperiment` reads it back. */
export const runExperimentName = (run: RunId): string => `run-${run}`

export function runOfExperiment(name: string): RunId | null {
  const digits = /^run-(\d{1,9})$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}
