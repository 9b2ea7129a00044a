import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import type { RunSummary } from '../../shared/model/run.ts'
import type { EventSeries, SwitchDetail } from '../../shared/model/views.ts'
import { unwrap } from '../base/first-run.ts'
import { startMachine } from '../workers/machine-client.ts'
import { openLab } from './lab.ts'
import { runReport } from './run-report.ts'

const resources = join(import.meta.dirname, '../../resources')
const name = join(resources, 'experiments/first-fault.json')

async function runOnce(
  session: string,
  text = readFileSync(name, 'utf8'),
): Promise<{ summary: RunSummary; first: SwitchDetail; console: string; events: EventSeries }> {
  const lab = await openLab({
    session,
    resources,
    startMachine,
    spawnPe: (workerData) => new Worker(new URL('../workers/pe-worker.ts', import.meta.url), { workerData }),
    spawnStore: (workerData) => new Worker(new URL('../store/worker.ts', import.meta.url), { workerData }),
    spawnInspector: () => {
      throw new Error('nobody looks at these machines')
    },
  })
  try {
    const ended = new Promise<RunSummary>((resolve) => lab.on('run.ended', ({ summary }) => resolve(summary)))
    const run = unwrap(await lab.call('run.start', { text, name, set: ['probes.events=true'] }))
    const summary = await ended
    const nearest = unwrap(await lab.call('run.switch-at', { run, cycle: 0, pe: 0 }))
    const first = unwrap(await lab.call('run.switch', { run, id: nearest!.id }))
    const events = unwrap(await lab.call('run.events', { run, range: null, columns: 20_000, pe: null }))
    return { summary, first, events, console: unwrap(await lab.call('run.console', { run })).text }
  } finally {
    await lab.close()
  }
}

it('a bundled experiment runs on the machine itself, twice to the same state', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-real-'))
  try {
    const one = await runOnce(join(folder, 'a.switchyard'))
    const two = await runOnce(join(folder, 'b.switchyard'))
    expect(one.summary).toMatchObject({ state: 'finished', stop: { kind: 'exit', code: 0 } })
    expect(one.summary.latency?.n).toBe(one.summary.switches)
    expect(one.console).toContain(`switches ${one.summary.switches}\n`)
    expect({ ...runReport(two.summary), hostNs: 0 }).toEqual({ ...runReport(one.summary), hostNs: 0 })

    // Through the rings to the store: every guest entry is an exception return to EL1, every mark of the image an event.
    expect(one.events.reduction).toBe('all')
    expect(two.events).toEqual(one.events)
    const counts = Object.fromEntries(one.events.lanes.map(({ kind, total }) => [kind, total]))
    expect(counts['exception-return']).toBeGreaterThanOrEqual(one.summary.switches)
    expect(counts.mark).toBeGreaterThanOrEqual(4 * one.summary.switches)

    // What the switch is for: the guest enters with its own exclusion, and the host gets its own back.
    const { row, registers } = one.first
    expect(row.phases.reduce((a, b) => a + b, 0)).toBe(
      row.guestCycle - row.startCycle + row.endCycle - row.exitCycle,
    )
    const gcr = registers.find(({ register }) => register === 'GCR_EL1')
    expect(gcr?.hostBefore?.architectural).toBe(1n)
    expect(gcr?.guestEntry?.owner).toBe(0)
    expect(gcr?.guestExit).toEqual({ architectural: 0xf1n, effective: 0xf1n, owner: 0 })
    expect(gcr?.hostAfter).toEqual({ architectural: 1n, effective: 1n, owner: -1 })
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)
