import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFakeLab, type FakeLab } from '../../test/support/fake-lab.ts'
import { provideLab } from '../api/lab.ts'
import { badOverrides, overrideLines, useExperiments } from '../features/experiment/store.ts'
import { useFaultList } from '../features/faults/store.ts'
import { useSession } from '../features/sessions/store.ts'
import { listenToLab } from './announcements.ts'
import { useCommands } from './commands.ts'
import { useFocus } from './focus.ts'
import { keyOf, keyText } from './keys.ts'
import { defaultLayout, parseLayout, useLayout } from './layout.ts'
import { formatRoute, parseRoute, type Route, runExperimentName, runOfExperiment } from './route.ts'

let lab: FakeLab
beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  lab = createFakeLab([
    { run: 3, title: 'v12 VHE', switches: 400, seed: 42, pes: 2, pending: 472, faults: true },
  ])
  provideLab(lab)
})
afterEach(() => void vi.useRealTimers())
const settled = () => new Promise((done) => setTimeout(done, 0))

describe('routes', () => {
  it.each<[string, Route]>([
    ['#/', { page: 'home' }],
    ['#/experiment/two%20guests', { page: 'experiment', name: 'two guests' }],
    [
      '#/run/3',
      { page: 'run', run: 3, view: 'overview', switchId: null, range: null, place: null, spot: null },
    ],
    [
      '#/run/3/switch/120',
      { page: 'run', run: 3, view: 'overview', switchId: 120, range: null, place: null, spot: null },
    ],
    [
      '#/run/3/faults/switch/120?cycles=100-200',
      {
        page: 'run',
        run: 3,
        view: 'faults',
        switchId: 120,
        range: { from: 100, to: 200 },
        place: null,
        spot: null,
      },
    ],
    ['#/museum', { page: 'museum', name: null }],
    ['#/museum/missing%20isb', { page: 'museum', name: 'missing isb' }],
    [
      '#/run/3/findings/finding/2/step/4',
      {
        page: 'run',
        run: 3,
        view: 'findings',
        switchId: null,
        range: null,
        place: { finding: 2, step: 3 },
        spot: null,
      },
    ],
    [
      '#/run/3/findings/finding/2',
      {
        page: 'run',
        run: 3,
        view: 'findings',
        switchId: null,
        range: null,
        place: { finding: 2, step: null },
        spot: null,
      },
    ],
    [
      '#/run/3/findings/question/3',
      {
        page: 'run',
        run: 3,
        view: 'findings',
        switchId: null,
        range: null,
        place: { question: 3 },
        spot: null,
      },
    ],
    [
      '#/run/3/machine/pe/1/position/120/finding/2',
      {
        page: 'run',
        run: 3,
        view: 'machine',
        switchId: null,
        range: null,
        place: null,
        spot: { finding: 2, pe: 1, where: { kind: 'position', at: 120 } },
      },
    ],
  ])('%s', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route)
    expect(formatRoute(route)).toBe(hash)
  })
  it.each(['#/run/x', '#/nowhere', '#/experiment/%', '', '#/run/-1'])('%s leads home', (hash) =>
    expect(parseRoute(hash)).toEqual({ page: 'home' }),
  )
  it('knows the card of a run', () => {
    const route = parseRoute('#/run/3/findings/card')
    expect(route).toMatchObject({ page: 'run', view: 'findings', place: { card: true } })
    expect(formatRoute(route)).toBe('#/run/3/findings/card')
  })

  it.each(['finding/0', 'finding/x', 'question/4', 'nowhere/1'])(
    'shows findings without the place %s',
    (place) =>
      expect(parseRoute(`#/run/3/findings/${place}`)).toMatchObject({
        view: 'findings',
        place: null,
        spot: null,
      }),
  )
  it('leaves out a range that is none', () =>
    expect(parseRoute('#/run/3?cycles=200-100')).toMatchObject({ range: null }))
})

describe('deleting a run', () => {
  it('is asked first, and takes the run from the list', async () => {
    const session = useSession()
    await session.load()
    const focus = useFocus()
    focus.open(3)
    const commands = useCommands()
    const command = commands.all.find((each) => each.id === 'delete-run')
    expect(command).toMatchObject({ title: 'Delete run #3', barred: null })
    command?.act()
    expect(commands.doomed?.run).toBe(3)
    expect(await session.remove(3)).toBe(null)
    expect(session.list).toEqual([])
    expect((await session.remove(3))?.cause).toEqual(expect.any(String))
  })
  it('is not offered without a run', () =>
    expect(useCommands().all.find((each) => each.id === 'delete-run')?.barred).toBe('Open a run first.'))
})

describe('the experiment of a run', () => {
  it.each([
    ['run-3', 3],
    ['run-', null],
    ['handover', null],
    ['run-3x', null],
  ])('%s belongs to run %s', (name, run) => expect(runOfExperiment(name)).toBe(run))
  it('has a name that is read back', () => expect(runOfExperiment(runExperimentName(17))).toBe(17))
})

describe('the layout', () => {
  it('is remembered by session', () => {
    const layout = useLayout()
    layout.restore('a.switchyard')
    layout.toggle('inspector')
    layout.change({ treeWidth: 260 })
    layout.restore('b.switchyard')
    expect(layout.layout).toEqual(defaultLayout)
    layout.restore('a.switchyard')
    expect(layout.layout).toMatchObject({ inspector: false, treeWidth: 260 })
  })
  it.each(['', 'null', '[]', '{"tree":1,"treeWidth":9,"views":["latency","gone"]}', '{'])(
    'survives %j',
    (text) => {
      const layout = parseLayout(text)
      expect(layout.tree).toBe(true)
      expect(layout.treeWidth).toBe(208)
      expect(layout.views.every((view) => defaultLayout.views.includes(view))).toBe(true)
    },
  )
  it('folds tree and inspector in a narrow window without forgetting the wide one', () => {
    const layout = useLayout()
    layout.setNarrow(true)
    expect([layout.treeShown, layout.inspectorShown]).toEqual([false, false])
    layout.toggle('inspector')
    expect([layout.treeShown, layout.inspectorShown, layout.layout.inspector]).toEqual([false, true, true])
  })
})

describe('the focus', () => {
  it('shows a switch and brings it into view, on its PE', async () => {
    const focus = useFocus()
    await useSession().load()
    focus.open(3)
    focus.setRange({ from: 0, to: 5000 })
    focus.select(1301)
    await settled()
    const row = focus.selected?.row
    expect(focus.selected?.id).toBe(1301)
    expect(focus.pe).toBe(row?.pe)
    expect(focus.view.from).toBeLessThanOrEqual(row?.startCycle ?? 0)
    expect(focus.view.to).toBeGreaterThanOrEqual(row?.endCycle ?? 0)
  })
  it('walks from switch to switch', async () => {
    const focus = useFocus()
    await useSession().load()
    focus.open(3)
    focus.step(1)
    await settled()
    expect(focus.selected?.ordinal).toBe(1)
    focus.step(1)
    await settled()
    expect(focus.selected?.ordinal).toBe(2)
    focus.step(-1)
    await settled()
    expect(focus.selected?.ordinal).toBe(1)
  })
  it('keeps nothing of the run before', async () => {
    const focus = useFocus()
    await useSession().load()
    focus.open(3)
    focus.setRange({ from: 0, to: 5000 })
    focus.select(1001)
    await settled()
    focus.open(4)
    expect([focus.range, focus.selected, focus.run]).toEqual([null, null, null])
  })
  it('says why a switch cannot be shown', async () => {
    const focus = useFocus()
    await useSession().load()
    focus.open(3)
    focus.select(99)
    await settled()
    expect(focus.problem?.cause).toContain('no such switch')
  })
})

describe('commands', () => {
  const open = async () => {
    await useSession().load()
    useFocus().open(3)
    return useCommands()
  }
  it('have unique ids and keys', async () => {
    const { all } = await open()
    const keys = all.flatMap((command) => command.key ?? [])
    expect(new Set(all.map((command) => command.id)).size).toBe(all.length)
    expect(new Set(keys).size).toBe(keys.length)
  })
  it('put recent ones first, and remember them', async () => {
    const commands = await open()
    const dark = commands.all.find((command) => command.id === 'theme-dark')
    if (!dark) throw new Error('no such command')
    commands.act(dark)
    expect(commands.search('')[0]?.id).toBe('theme-dark')
    setActivePinia(createPinia())
    expect(useCommands().search('')[0]?.id).toBe('theme-dark')
  })
  it('say why one is barred, and do not act', async () => {
    const commands = await open()
    const pause = commands.all.find((command) => command.id === 'pause')
    expect(pause?.barred).toBe('No run is live.')
    expect(commands.press('P')).toBe(false)
    expect(lab.calls.some((call) => call.name === 'run.pause')).toBe(false)
  })
  it('offer a typed number as a cycle and as a switch', async () => {
    const commands = await open()
    expect(
      commands
        .search('18 409')
        .slice(0, 2)
        .map((command) => command.id),
    ).toEqual(['go-cycle', 'go-switch'])
  })
  it('zoom by key, and back to all', async () => {
    const commands = await open()
    expect(commands.press('+')).toBe(true)
    expect(useFocus().range).not.toBeNull()
    commands.press('0')
    expect(useFocus().range).toBeNull()
  })
})

describe('keys', () => {
  const event = (key: string, over = {}) =>
    keyOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...over })
  it('are written as shortcuts are', () =>
    expect([
      event('k', { ctrlKey: true }),
      event('k', { metaKey: true }),
      event('?', { shiftKey: true }),
      event('i'),
      event('ArrowLeft', { shiftKey: true }),
    ]).toEqual(['Ctrl+K', 'Ctrl+K', '?', 'I', 'Shift+ArrowLeft']))
  it('are shown with arrows', () =>
    expect([keyText('Shift+ArrowLeft'), keyText('+'), keyText('Ctrl+K')]).toEqual(['Shift ←', '+', 'Ctrl K']))
})

describe('a live run', () => {
  it('is followed in the list at once, and in the charts at most twice a second', async () => {
    await useSession().load()
    vi.useFakeTimers()
    const focus = useFocus()
    focus.open(3)
    const stop = listenToLab()
    for (let i = 1; i <= 20; i++) {
      lab.emit('run.progress', lab.live(3, i / 20))
      vi.advanceTimersByTime(50)
    }
    expect(useSession().get(3)?.switches).toBe(400)
    expect(focus.revision).toBeGreaterThanOrEqual(2)
    expect(focus.revision).toBeLessThanOrEqual(3)
    stop()
  })
  it('can be paused, resumed and stopped', async () => {
    const session = useSession()
    lab.live(3, 0.4)
    await session.load()
    const stop = listenToLab()
    const commands = useCommands()
    commands.press('P')
    await settled()
    expect(session.live?.state).toBe('paused')
    commands.press('P')
    await settled()
    expect(session.live?.state).toBe('running')
    const end = commands.all.find((command) => command.id === 'stop')
    if (end) commands.act(end)
    await settled()
    expect(session.get(3)?.state).toBe('stopped')
    expect(session.live).toBeNull()
    stop()
  })
})

describe('the list of faults', () => {
  it('fetches the pages that are looked at, each once', async () => {
    const list = useFaultList()
    await list.load({ run: 3, range: null })
    list.want(0, 60)
    list.want(10, 70)
    await settled()
    expect(lab.calls.filter((call) => call.name === 'run.fault-list').length).toBe(1)
    expect(list.row(0)?.id).toBe(5000)
    expect(list.row(100_000)).toBeNull()
  })
  it('begins again for another range', async () => {
    const list = useFaultList()
    await list.load({ run: 3, range: null })
    const all = list.total ?? 0
    await list.load({ run: 3, range: { from: 0, to: 20_000 } })
    expect(list.total).toBeLessThan(all)
  })
})

describe('an experiment', () => {
  it('runs as edited, with its overrides', async () => {
    const store = useExperiments()
    store.open('handover', 'text')
    store.edit('handover', { text: 'other', overrides: 'schedule.seed=43\n\n  stop.switches=10 ' })
    expect(await store.start('handover')).toBe(4)
    expect(lab.calls.at(-1)).toEqual({
      name: 'run.start',
      args: { text: 'other', name: 'handover', set: ['schedule.seed=43', 'stop.switches=10'] },
    })
  })
  it('keeps a draft when it is opened again', () => {
    const store = useExperiments()
    store.open('handover', 'text')
    store.edit('handover', { text: 'mine' })
    store.open('handover', 'text')
    expect(store.drafts.get('handover')?.text).toBe('mine')
  })
  it('keeps the reason of a refusal', async () => {
    const store = useExperiments()
    lab.failing.set('run.start', { place: 'run', cause: 'another run is live', remedy: 'Stop it.' })
    store.open('handover', 'text')
    expect(await store.start('handover')).toBeNull()
    expect(store.problem?.cause).toBe('another run is live')
  })
  it('knows an override from a slip', () =>
    expect([badOverrides('a.b=1\nc\n\nvcpus.0.mte = false'), overrideLines(' a=1 \n')]).toEqual([
      [2],
      ['a=1'],
    ]))
})
