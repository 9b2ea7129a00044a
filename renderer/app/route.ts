import type { RunId } from '../../shared/model/run.ts'
import type { CycleRange } from '../../shared/model/views.ts'
import { type FindingsPlace, questions } from '../features/findings/place.ts'
import { formatSpot, type MachineSpot, parseSpot } from '../features/machine/spot.ts'

export const runViews = [
  'overview',
  'findings',
  'timeline',
  'latency',
  'registers',
  'faults',
  'machine',
  'console',
] as const
export type RunView = (typeof runViews)[number]

export const viewTitles: Readonly<Record<RunView, string>> = {
  overview: 'Run',
  findings: 'Findings',
  timeline: 'Timeline',
  latency: 'Latency',
  registers: 'Registers',
  faults: 'Faults',
  machine: 'Machine',
  console: 'Console',
}

/** The inspector is about a switch: these views have a detail of their own. */
export const hasInspector = (view: RunView): boolean => view !== 'findings' && view !== 'machine'

/** What the window shows, as a link can say it. */
export type Route =
  | { page: 'home' }
  | { page: 'experiment'; name: string }
  | { page: 'museum'; name: string | null }
  /** A system register, or the list of all. */
  | { page: 'glossary'; name: string | null }
  | { page: 'settings' }
  /** Two sides, each a run or repeats of one. */
  | { page: 'compare'; a: RunId[]; b: RunId[] }
  | {
      page: 'run'
      run: RunId
      view: RunView
      switchId: number | null
      range: CycleRange | null
      /** What the findings view shows; null lets it choose. */
      place: FindingsPlace | null
      /** Where the machine view is; null lets it choose. */
      spot: MachineSpot | null
    }

export const runRoute = (run: RunId, view: RunView = 'overview'): Route => ({
  page: 'run',
  run,
  view,
  switchId: null,
  range: null,
  place: null,
  spot: null,
})

const natural = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null

/** `3` or `3,5,8`; null where that is no list of runs. */
function runList(text: string | undefined): RunId[] | null {
  const runs = (text ?? '').split(',').map((one) => natural(one) ?? 0)
  return runs.includes(0) ? null : [...new Set(runs)]
}

/** A name in the address; null when it is damaged. */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part)
  } catch {
    return null
  }
}

/** `finding/2/step/4` counts both from 1; `question/1`; `card`. */
function parsePlace([kind, first, word, second]: string[]): FindingsPlace | null {
  const at = natural(first)
  if (kind === 'card') return { card: true }
  if (kind === 'question') {
    const question = questions.find(({ id }) => id === at)
    return question ? { question: question.id } : null
  }
  if (kind !== 'finding' || at === null || at < 1) return null
  const step = word === 'step' ? natural(second) : null
  return { finding: at, step: step === null || step < 1 ? null : step - 1 }
}

function formatPlace(place: FindingsPlace | null): string {
  if (place === null) return ''
  if ('card' in place) return '/card'
  if ('question' in place) return `/question/${place.question}`
  return `/finding/${place.finding}${place.step === null ? '' : `/step/${place.step + 1}`}`
}

/**
 * `#/run/3/faults/switch/120?cycles=100-200`, `#/run/3/findings/finding/1/step/4`, `#/run/3/machine/pe/0/moment/5000`, `#/compare/3/4`, `#/museum/missing-isb`; anything that is
 * not understood leads home.
 */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const parts = path.split('/').filter(Boolean)
  if (parts[0] === 'experiment' && parts[1]) {
    const name = decoded(parts[1])
    return name === null ? { page: 'home' } : { page: 'experiment', name }
  }
  if (parts[0] === 'compare') {
    const [a, b] = [runList(parts[1]), runList(parts[2])]
    return a && b ? { page: 'compare', a, b } : { page: 'home' }
  }
  if (parts[0] === 'settings') return { page: 'settings' }
  if (parts[0] === 'glossary') return { page: 'glossary', name: decoded(parts[1] ?? '') || null }
  if (parts[0] === 'museum') return { page: 'museum', name: decoded(parts[1] ?? '') || null }
  const run = natural(parts[1])
  if (parts[0] !== 'run' || run === null) return { page: 'home' }
  const named = runViews.find((view) => view === parts[2])
  const rest = parts.slice(named ? 3 : 2)
  const switchId = rest[0] === 'switch' ? natural(rest[1]) : null
  const cycles = /(?:^|&)cycles=(\d{1,15})-(\d{1,15})(?:&|$)/.exec(query)
  const [from, to] = [natural(cycles?.[1]), natural(cycles?.[2])]
  const range = from !== null && to !== null && from < to ? { from, to } : null
  const place = named === 'findings' ? parsePlace(rest) : null
  const spot = named === 'machine' && rest.length > 0 ? parseSpot(rest) : null
  return { page: 'run', run, view: named ?? 'overview', switchId, range, place, spot }
}

export function formatRoute(route: Route): string {
  if (route.page === 'compare') return `#/compare/${route.a.join(',')}/${route.b.join(',')}`
  if (route.page === 'home') return '#/'
  if (route.page === 'settings') return '#/settings'
  if (route.page === 'glossary')
    return route.name === null ? '#/glossary' : `#/glossary/${encodeURIComponent(route.name)}`
  if (route.page === 'experiment') return `#/experiment/${encodeURIComponent(route.name)}`
  if (route.page === 'museum')
    return route.name === null ? '#/museum' : `#/museum/${encodeURIComponent(route.name)}`
  const view = route.view === 'overview' ? '' : `/${route.view}`
  const switchAt = route.switchId === null ? '' : `/switch/${route.switchId}`
  const spot = route.view === 'machine' && route.spot ? formatSpot(route.spot) : null
  const at = route.view === 'findings' && route.place ? formatPlace(route.place) : (spot ?? switchAt)
  const cycles = route.range ? `?cycles=${route.range.from}-${route.range.to}` : ''
  return `#/run/${route.run}${view}${at}${cycles}`
}

/** The machine of a run at a place. */
export const machineRoute = (run: RunId, spot: MachineSpot): Route => ({
  page: 'run',
  run,
  view: 'machine',
  switchId: null,
  range: null,
  place: null,
  spot,
})

/** Name under which the experiment of a run is opened, as it was run; `runOfExperiment` reads it back. */
export const runExperimentName = (run: RunId): string => `run-${run}`

export function runOfExperiment(name: string): RunId | null {
  const digits = /^run-(\d{1,9})$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}
