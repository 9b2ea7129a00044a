import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { createFakeLab, type FakeLab } from '../../test/support/fake-lab.ts'
import { provideLab } from '../api/lab.ts'
import Figure from '../charts/Figure.vue'
import TimePlot from '../charts/TimePlot.vue'
import ExperimentView from '../features/experiment/ExperimentView.vue'
import LiveRun from '../features/run/LiveRun.vue'
import SwitchInspector from '../features/run/SwitchInspector.vue'
import { useLiveRun } from '../features/run/store.ts'
import SessionHome from '../features/sessions/SessionHome.vue'
import { useSession } from '../features/sessions/store.ts'
import CodeEditor from '../widgets/CodeEditor.vue'
import VirtualTable from '../widgets/VirtualTable.vue'
import CommandPalette from './CommandPalette.vue'
import { useCommands } from './commands.ts'
import DeleteRun from './DeleteRun.vue'
import { useFocus } from './focus.ts'
import TreePanel from './TreePanel.vue'

let lab: FakeLab
beforeEach(() => {
  localStorage.clear()
  setActivePinia(createPinia())
  lab = createFakeLab([
    { run: 3, title: 'v12 VHE', switches: 200, seed: 42, pes: 2, pending: 472, faults: true },
  ])
  provideLab(lab)
})
const settled = () => new Promise((done) => setTimeout(done, 0))

describe('a figure', () => {
  const base = {
    title: 'Half of all switches cost at most 4',
    provenance: 'Run #3.',
    name: 'f',
    busy: false,
    problem: null,
    ready: true,
    empty: null,
    height: 100,
    badge: '1 of 2',
    drawn: '1 of 2 drawn',
    drawing: () => [],
    table: { columns: [{ title: 'cycle', numeric: true }], length: 3, row: (i: number) => [i * 1000] },
  }
  const show = (over: object) =>
    mount(Figure, {
      props: { ...base, ...over },
      slots: { default: '<b class="drawing" />' },
      attachTo: document.body,
    })

  it('draws, and says from what and how much', () => {
    const figure = show({})
    expect(figure.find('.drawing').isVisible()).toBe(true)
    expect(figure.text()).toContain('Run #3.')
    expect(figure.text()).toContain('1 of 2 drawn')
  })
  it('has its numbers as a table', async () => {
    const figure = show({})
    await figure.find('button[aria-pressed]').trigger('click')
    expect(figure.find('[role=region]').text()).toContain('2\u202f000')
    expect(figure.find('.drawing').isVisible()).toBe(false)
  })
  it('waits with its title, without a drawing', () => {
    const figure = show({ ready: false, busy: true })
    expect(figure.find('[role=status]').text()).toContain('Reading')
    expect(figure.find('.drawing').exists()).toBe(false)
  })
  it('says what is missing instead of an empty axis', () => {
    const figure = show({ empty: 'No switch starts here.' })
    expect(figure.text()).toContain('No switch starts here.')
    expect(figure.find('.drawing').exists()).toBe(false)
  })
  it('says what went wrong and what to do, and tries again', async () => {
    const figure = show({
      problem: { place: 'a.switchyard', cause: 'it is locked', remedy: 'Close the other window.' },
    })
    expect(figure.find('[role=alert]').text()).toMatch(/^It is locked\s*\(a\.switchyard\)/)
    expect(figure.text()).toContain('Close the other window.')
    await figure.find('[role=alert] button').trigger('click')
    expect(figure.emitted('retry')).toHaveLength(1)
  })
})

describe('a long table', () => {
  const table = (current: number | null) =>
    mount(VirtualTable, {
      props: {
        columns: [{ title: 'n' }],
        length: 1_000_000,
        row: (i: number) => [i],
        height: 240,
        label: 'rows',
        current,
      },
    })
  it('makes only the rows in view', () => expect(table(null).findAll('.line').length).toBeLessThan(40))
  it.each([
    ['ArrowDown', 6],
    ['ArrowUp', 4],
    ['Home', 0],
    ['End', 999_999],
  ])('moves by %s', async (key, index) => {
    const rows = table(5)
    await rows.trigger('keydown', { key })
    expect(rows.emitted('current')).toEqual([[index]])
  })
})

describe('a chart by keyboard', () => {
  const plot = () =>
    mount(TimePlot, {
      props: {
        width: 856,
        range: { from: 1000, to: 2000 },
        cycles: 100_000,
        selected: null,
        hover: null,
        label: 'chart',
      },
    })
  it.each([
    ['+', { from: 1250, to: 1750 }],
    ['-', { from: 500, to: 2500 }],
    ['ArrowRight', { from: 1250, to: 2250 }],
    ['ArrowLeft', { from: 750, to: 1750 }],
    ['0', null],
  ])('%s', async (key, range) => {
    const chart = plot()
    await chart.trigger('keydown', { key })
    expect(chart.emitted('range')).toEqual([[range]])
  })
  it('up and down choose a switch', async () => {
    const chart = plot()
    await chart.trigger('keydown', { key: 'ArrowDown' })
    await chart.trigger('keydown', { key: 'ArrowUp' })
    expect(chart.emitted('step')).toEqual([[1], [-1]])
  })
})

describe('the inspector', () => {
  it('shows the registers before and after, what changed, and what is pending', async () => {
    await useSession().load()
    const focus = useFocus()
    focus.open(3)
    focus.select(1020)
    await settled()
    const view = mount(SwitchInspector, { props: { focus, run: 'Run #3.' } })
    expect(view.text()).toContain('Switch 21')
    const gcr = view.find('[aria-label="GCR_EL1 before and after"]')
    expect(gcr.text()).toContain('RRND')
    expect(gcr.findAll('.changed').length).toBeGreaterThan(0)
    expect(gcr.findAll('.pending')).toHaveLength(2)
    expect(view.find('.hatch').text()).toContain('pending at host after')
  })
  it('teaches what it is for when nothing is selected', () =>
    expect(mount(SwitchInspector, { props: { focus: useFocus(), run: '' } }).text()).toContain(
      'No switch selected',
    ))
})

describe('the session', () => {
  it('lists its runs, the newest first', async () => {
    await useSession().load()
    const home = mount(SessionHome, { props: { barred: null, starting: false } })
    expect(home.find('.line').text()).toContain('v12 VHE')
    await home.find('.line button').trigger('click')
    expect(home.emitted('openRun')).toEqual([[3]])
  })
  it('offers the first witness when there is no run, unless nothing can be run', async () => {
    provideLab(createFakeLab([]))
    await useSession().load()
    const home = mount(SessionHome, { props: { barred: null, starting: false } })
    expect(home.find('h1').text()).toContain('What happens to MTE state')
    await home.find('button').trigger('click')
    expect(home.emitted('firstWitness')).toHaveLength(1)
    await home.setProps({ barred: 'Run #1 is running: wait for its end, or stop it first.' })
    await home.find('button').trigger('click')
    expect(home.emitted('firstWitness')).toHaveLength(1)
    expect(home.text()).toContain('wait for its end')
  })
})

describe('an experiment', () => {
  const show = async (live: boolean) => {
    await useSession().load()
    const session = useSession()
    const [entry] = session.experiments.answer ?? []
    if (!entry) throw new Error('no experiment')
    const view = mount(ExperimentView, {
      props: {
        entry,
        live: live ? session.get(3) : null,
        readOnly: false,
        policies: [],
        experiments: [],
        runs: [],
      },
    })
    await settled()
    return view
  }
  it('lists problems at their place as one types', async () => {
    const view = await show(false)
    vi.useFakeTimers()
    const editor = view.findComponent(CodeEditor)
    editor.vm.$emit('edit', editor.props('text').replace('"pes": 4', '"pes": 9'))
    await vi.advanceTimersByTimeAsync(300)
    vi.useRealTimers()
    await nextTick()
    expect(view.find('.problems').text()).toContain('4:17')
    expect(editor.props('problems')).toMatchObject([{ line: 4, column: 17 }])
    await view.find('.btn-main').trigger('click')
    expect(lab.calls.some((call) => call.name === 'run.start')).toBe(false)
  })
  it('starts a run', async () => {
    const view = await show(false)
    await view.find('.btn-main').trigger('click')
    await settled()
    expect(view.emitted('started')).toEqual([[4]])
  })
  it('says why it cannot start while another run is live', async () => {
    lab.live(3, 0.5)
    const view = await show(true)
    expect(view.text()).toContain('Run #3 is running')
    await view.find('.btn-main').trigger('click')
    expect(lab.calls.some((call) => call.name === 'run.start')).toBe(false)
  })
})

describe('a live run', () => {
  it('shows how far it is, its sampled rates, and each PE', async () => {
    lab.live(3, 0.5)
    await useSession().load()
    const run = useSession().get(3)
    if (!run) throw new Error('no run')
    const view = mount(LiveRun, { props: { run } })
    await settled()
    expect(view.text()).toContain('100 of 200 switches')
    expect(view.text()).toContain('(sampled)')
    expect(view.findAll('.pes li')).toHaveLength(2)
    expect(view.find('[role=progressbar]').attributes('aria-valuenow')).toBe('50')
    await view.findAll('button').at(-1)?.trigger('click')
    expect(lab.calls.at(-1)).toEqual({ name: 'run.stop', args: { run: 3 } })
  })
  it('says what was asked for until the lab has answered, and gives no rates while paused', async () => {
    lab.live(3, 0.5)
    await useSession().load()
    const run = useSession().get(3)
    if (!run) throw new Error('no run')
    const view = mount(LiveRun, { props: { run } })
    // The lines of the PEs are there before the first report.
    expect(view.findAll('.pes li')).toHaveLength(2)
    await settled()
    lab.stuck.add('run.pause')
    await view.findAll('button')[0]?.trigger('click')
    expect(view.findAll('button').map((button) => button.text())).toEqual(['Pausing …', 'Stop'])
    const live = useLiveRun()
    if (!live.progress) throw new Error('no progress')
    live.report({ ...live.progress, state: 'paused' })
    await nextTick()
    expect(view.text()).toContain('Paused')
    expect(view.text()).not.toContain('(sampled)')
  })
})

describe('deleting the run on screen', () => {
  it('says what is lost, and takes its tabs along', async () => {
    const session = useSession()
    await session.load()
    const [run] = session.list
    if (!run) throw new Error('no run')
    useFocus().open(run.run)
    const dialog = mount(DeleteRun, { props: { run }, attachTo: document.body })
    expect(dialog.text()).toMatch(/200 switches, .* tag faults and all register histories of “v12 VHE”/)
    await dialog.find('button.grave').trigger('click')
    await settled()
    expect(session.list).toEqual([])
    expect(useFocus().runId).toBeNull()
  })
})

describe('the tree', () => {
  it('tells runs apart by number and experiment, and has the whole title at hand', async () => {
    await useSession().load()
    const item = mount(TreePanel).find('.item')
    expect(item.text()).toContain('#3 handover')
    expect(item.text()).toContain('v12 VHE')
    expect(item.attributes('title')).toMatch(/^Run #3: v12 VHE\n/)
  })
})

describe('the palette', () => {
  it('finds, moves and acts by keyboard', async () => {
    await useSession().load()
    useFocus().open(3)
    const commands = useCommands()
    commands.show('palette')
    const palette = mount(CommandPalette, { attachTo: document.body })
    const input = palette.find('input')
    await input.setValue('whole run')
    expect(palette.findAll('[role=option]')[0]?.text()).toContain('Show the whole run')
    useFocus().setRange({ from: 0, to: 5000 })
    await input.trigger('keydown', { key: 'Enter' })
    expect(useFocus().range).toBeNull()
    expect(commands.palette).toBe(false)
    palette.unmount()
  })
})
