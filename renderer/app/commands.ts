import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { RunSummary } from '../../shared/model/run.ts'
import { count } from '../analysis/format.ts'
import { fit } from '../analysis/fuzzy.ts'
import { panRange, zoomRange } from '../analysis/range.ts'
import { isLive } from '../analysis/run-words.ts'
import { useMachine } from '../features/machine/store.ts'
import { useMuseum } from '../features/museum/store.ts'
import { useLiveRun } from '../features/run/store.ts'
import { useSession } from '../features/sessions/store.ts'
import { useFocus } from './focus.ts'
import { useLayout } from './layout.ts'
import { useNavigation } from './navigation.ts'
import { type RunView, runExperimentName, runRoute, runViews, viewTitles } from './route.ts'
import { themes, themeTitles, useTheme } from './theme.ts'

export interface Command {
  id: string
  title: string
  group: 'Run' | 'Charts' | 'Machine' | 'Go to' | 'Experiment' | 'Window'
  key?: string
  /** Why it cannot be done now; null when it can. */
  barred?: string | null
  act(): void
}

const RECENT_KEY = 'switchyard.recent-commands'
const RECENT = 6

/** Every action of the workspace, once: the palette, the shortcuts and the `?` sheet read this list. */
export const useCommands = defineStore('commands', () => {
  const session = useSession()
  const focus = useFocus()
  const layout = useLayout()
  const navigation = useNavigation()
  const live = useLiveRun()
  const theme = useTheme()
  const museum = useMuseum()
  const stepper = useMachine()

  const palette = ref(false)
  const sheet = ref(false)
  /** The run that the person is asked about before it is deleted. */
  const doomed = shallowRef<RunSummary | null>(null)
  const recent = ref<string[]>(readRecent())
  /** Set by the page that can run the experiment on screen. */
  const runExperiment = ref<(() => void) | null>(null)

  const noRun = computed(() => (focus.run ? null : 'Open a run first.'))
  const liveRun = computed(() => (focus.run && isLive(focus.run.state) ? focus.run : session.live))
  const noLive = computed(() => (liveRun.value ? null : 'No run is live.'))

  const undeletable = computed(() => {
    if (session.info.answer?.readOnly) return 'The session is read-only.'
    return focus.run && isLive(focus.run.state) ? 'The run is live: stop it first.' : null
  })

  const chart = (id: string, title: string, key: string, act: () => void): Command => ({
    id,
    title,
    key,
    group: 'Charts',
    barred: noRun.value,
    act,
  })

  const noMachine = computed(() => (stepper.state === null ? 'Open the Machine view first.' : null))
  const machine = (id: string, title: string, key: string, count: number): Command => ({
    id,
    title,
    key,
    group: 'Machine',
    barred: noMachine.value,
    act: () => stepper.state && void stepper.go({ kind: 'step', pe: stepper.state.at.pe, count }),
  })

  const all = computed<Command[]>(() => [
    ...runViews.map(
      (view, i): Command => ({
        id: `view-${view}`,
        title: `Show ${viewTitles[view]}`,
        group: 'Run',
        key: String(i + 1),
        barred: noRun.value,
        act: () => openView(view),
      }),
    ),
    chart('zoom-in', 'Zoom in', '+', () => zoom(0.5)),
    chart('zoom-out', 'Zoom out', '-', () => zoom(2)),
    chart('zoom-all', 'Show the whole run', '0', () => focus.setRange(null)),
    chart('pan-left', 'Move the range left', 'Shift+ArrowLeft', () => pan(-0.25)),
    chart('pan-right', 'Move the range right', 'Shift+ArrowRight', () => pan(0.25)),
    chart('previous-switch', 'Select the previous switch', '[', () => focus.step(-1)),
    chart('next-switch', 'Select the next switch', ']', () => focus.step(1)),
    chart('zoom-switch', 'Zoom to the selected switch', 'Z', zoomToSwitch),
    chart('clear-switch', 'Clear the selected switch', 'Escape', () => focus.select(null)),
    machine('machine-on', 'Machine: on by one instruction', '.', 1),
    machine('machine-back', 'Machine: back by one instruction', ',', -1),
    {
      id: 'pause',
      title: live.progress?.state === 'paused' ? 'Resume the live run' : 'Pause the live run',
      group: 'Run',
      key: 'P',
      barred: noLive.value,
      act: pauseOrResume,
    },
    {
      id: 'stop',
      title: 'Stop the live run',
      group: 'Run',
      barred: noLive.value,
      act: () => liveRun.value && void live.command('run.stop', liveRun.value.run),
    },
    {
      id: 'show-experiment',
      title: 'Show the experiment of this run, to run it again',
      group: 'Run',
      key: 'E',
      barred: noRun.value,
      act: () => focus.run && navigation.go({ page: 'experiment', name: runExperimentName(focus.run.run) }),
    },
    ...(focus.run?.stateHash == null ? [] : session.list)
      .filter((one) => one.run !== focus.run?.run && one.stateHash !== null)
      .map(
        (one): Command => ({
          id: `compare-${one.run}`,
          title: `Compare this run with #${one.run} ${one.experiment}, ${one.mode} ${one.policy}`,
          group: 'Run',
          act: () => focus.run && navigation.go({ page: 'compare', a: [one.run], b: [focus.run.run] }),
        }),
      ),
    {
      id: 'delete-run',
      title: focus.run ? `Delete run #${focus.run.run}` : 'Delete this run',
      group: 'Run',
      barred: noRun.value ?? undeletable.value,
      act: () => {
        doomed.value = focus.run
      },
    },
    {
      id: 'run-experiment',
      title: 'Run the experiment on screen',
      group: 'Experiment',
      key: 'Ctrl+Enter',
      barred: runExperiment.value ? null : 'Open an experiment first.',
      act: () => runExperiment.value?.(),
    },
    {
      id: 'glossary',
      title: 'Open the glossary of registers',
      group: 'Go to',
      key: 'G',
      act: () => navigation.go({ page: 'glossary', name: null }),
    },
    {
      id: 'settings',
      title: 'Open the settings',
      group: 'Go to',
      key: 'Ctrl+,',
      act: () => navigation.go({ page: 'settings' }),
    },
    {
      id: 'home',
      title: 'Go to the session',
      group: 'Go to',
      key: 'H',
      act: () => navigation.go({ page: 'home' }),
    },
    {
      id: 'museum',
      title: 'Go to the bug museum',
      group: 'Go to',
      key: 'M',
      act: () => navigation.go({ page: 'museum', name: null }),
    },
    ...(museum.cases.answer ?? []).map(
      (each): Command => ({
        id: `museum-${each.name}`,
        title: `Bug museum: ${each.title}`,
        group: 'Go to',
        act: () => navigation.go({ page: 'museum', name: each.name }),
      }),
    ),
    ...[...session.list].reverse().map(
      (run): Command => ({
        id: `run-${run.run}`,
        title: `Run #${run.run}: ${run.title}`,
        group: 'Go to',
        act: () => navigation.go(runRoute(run.run)),
      }),
    ),
    ...(session.experiments.answer ?? []).map(
      (entry): Command => ({
        id: `experiment-${entry.name}`,
        title: `Experiment: ${entry.title}`,
        group: 'Go to',
        act: () => navigation.go({ page: 'experiment', name: entry.name }),
      }),
    ),
    {
      id: 'palette',
      title: 'Search or run a command',
      group: 'Window',
      key: 'Ctrl+K',
      act: () => show('palette'),
    },
    { id: 'sheet', title: 'Show all shortcuts', group: 'Window', key: '?', act: () => show('sheet') },
    {
      id: 'tree',
      title: 'Show or hide the tree',
      group: 'Window',
      key: 'Ctrl+B',
      act: () => layout.toggle('tree'),
    },
    {
      id: 'inspector',
      title: 'Show or hide the inspector',
      group: 'Window',
      key: 'I',
      act: () => layout.toggle('inspector'),
    },
    ...themes.map(
      (name): Command => ({
        id: `theme-${name}`,
        title: `Theme: ${themeTitles[name]}`,
        group: 'Window',
        act: () => theme.choose(name),
      }),
    ),
  ])

  function show(which: 'palette' | 'sheet'): void {
    palette.value = which === 'palette'
    sheet.value = which === 'sheet'
  }

  function hide(): void {
    palette.value = false
    sheet.value = false
  }

  function zoom(factor: number): void {
    const at = focus.selected?.row.startCycle
    const inside = at !== undefined && at >= focus.view.from && at <= focus.view.to
    focus.setRange(
      zoomRange(focus.view, inside ? at : (focus.view.from + focus.view.to) / 2, factor, focus.cycles),
    )
  }

  const pan = (share: number): void => focus.setRange(panRange(focus.view, share, focus.cycles))

  /** The switch with as much before and after it again. */
  function zoomToSwitch(): void {
    const row = focus.selected?.row
    if (!row) return
    const width = row.endCycle - row.startCycle
    focus.setRange({
      from: Math.max(0, row.startCycle - width),
      to: Math.min(focus.cycles, row.endCycle + width),
    })
  }

  function openView(view: RunView): void {
    if (focus.runId === null) return
    navigation.go({
      page: 'run',
      run: focus.runId,
      view,
      switchId: focus.selected?.id ?? null,
      range: focus.range,
      place: null,
      spot: null,
    })
  }

  function pauseOrResume(): void {
    if (!liveRun.value) return
    const paused = (live.progress?.state ?? liveRun.value.state) === 'paused'
    void live.command(paused ? 'run.resume' : 'run.pause', liveRun.value.run)
  }

  /** Does it, and remembers it as recent. */
  function act(command: Command): void {
    if (command.barred) return
    hide()
    if (command.id !== 'palette') {
      recent.value = [command.id, ...recent.value.filter((id) => id !== command.id)].slice(0, RECENT)
      localStorage.setItem(RECENT_KEY, JSON.stringify(recent.value))
    }
    command.act()
  }

  /** @returns whether a command took the key */
  function press(key: string): boolean {
    const command = all.value.find((each) => each.key === key)
    if (!command || command.barred) return false
    if (key === 'Escape' && !focus.selected) return false
    command.act()
    return true
  }

  /** What fits a query, best first; without one, the recent commands and then all. A number is a switch or a cycle. */
  function search(query: string): Command[] {
    const listed = all.value.filter((command) => command.id !== 'palette')
    if (query.trim() === '') {
      const fresh = recent.value.flatMap((id) => listed.find((command) => command.id === id) ?? [])
      return [...fresh, ...listed.filter((command) => !fresh.includes(command))]
    }
    const scored = listed.flatMap((command) => {
      const score = fit(query, `${command.group}: ${command.title}`)
      return score === null ? [] : [{ command, score }]
    })
    return [...numbered(query), ...scored.sort((a, b) => b.score - a.score).map((entry) => entry.command)]
  }

  function numbered(query: string): Command[] {
    const digits = query.replace(/[\s\u2009#_]/g, '')
    if (!/^\d{1,15}$/.test(digits) || !focus.run) return []
    const number = Number(digits)
    return [
      {
        id: 'go-cycle',
        title: `Go to the switch nearest to cycle ${count(number)}`,
        group: 'Go to',
        act: () => void focus.selectAt(number, null),
      },
      {
        id: 'go-switch',
        title: `Go to the switch with id ${count(number)}`,
        group: 'Go to',
        act: () => focus.select(number),
      },
    ]
  }

  return { palette, sheet, doomed, recent, runExperiment, all, show, hide, act, press, search, openView }
})

function readRecent(): string[] {
  try {
    const parsed: unknown = JSON.parse(localStorage.getItem(RECENT_KEY) ?? '[]')
    return Array.isArray(parsed) ? parsed.filter((id): id is string => typeof id === 'string') : []
  } catch {
    return []
  }
}
