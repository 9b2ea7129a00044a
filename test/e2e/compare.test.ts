/** `compare` and `measure` from the command line: exact metrics are the session's, nothing is claimed that was not sampled. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot, runCommand } from '../support/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'switchyard-compare-'))
const env = { SWITCHYARD_DATA: join(folder, 'data') }
const session = join(folder, 'lab.switchyard')
const experiment = (name: string) => join(projectRoot, `resources/experiments/${name}.json`)
const command = (...args: string[]) => runCommand(args, { cwd: folder, env })
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(async () => {
  const run = (name: string, ...set: string[]) =>
    command('run', experiment(name), '--db', session, '--quiet', ...set.flatMap((one) => ['--set', one]))
  for (const policy of ['v12', 'v13'])
    expect((await run('contract', 'hypervisor.mode=vhe', `hypervisor.policy=${policy}`)).status).toBe(0)
  expect((await run('first-fault')).status).toBe(0)
  expect((await run('first-fault')).status).toBe(0)
  expect((await run('first-fault', 'schedule.kind=parallel')).status).toBe(0)
}, 120_000)

const json = async (...args: string[]) => JSON.parse((await command('compare', ...args, '--json')).out)

describe('a comparison', { timeout: 60_000 }, () => {
  it('says first what was set otherwise, then the policies instruction by instruction, then plain differences', async () => {
    const found = await json(`${session}#1`, `${session}#2`)
    expect(found.inputs).toEqual([{ path: 'hypervisor.policy', a: '"v12"', b: '"v13"' }])
    expect(found.policies).toEqual([
      {
        mode: 'vhe',
        equal: false,
        routines: [{ routine: 'guest_exit', removed: [], added: ['isb'] }],
        barriers: { added: [expect.stringContaining('isb')], removed: [] },
      },
    ])
    expect(found).toMatchObject({ warnings: [], defects: [], sampled: [] })
    const db = new Database(session, { readonly: true })
    const sum = db.prepare('SELECT sum(latency) FROM world_switch WHERE run = ?').pluck()
    const switches = db.prepare('SELECT count(*) FROM world_switch WHERE run = ?').pluck()
    const metric = (name: string) => found.exact.find((one: { name: string }) => one.name === name)
    expect(metric('switches')).toMatchObject({ a: switches.get(1), b: switches.get(2) })
    expect(Number(sum.get(2))).toBeGreaterThan(Number(sum.get(1)))
    expect(metric('findings')).toMatchObject({ a: 2, b: 0, difference: -2, share: -1 })
    db.close()
  })

  it('swapped has the other sign', async () => {
    const [there, back] = [
      await json(`${session}#1`, `${session}#2`),
      await json(`${session}#1`, `${session}#2`, '--swap'),
    ]
    expect(back.exact.map((one: { difference: number }) => one.difference)).toEqual(
      there.exact.map((one: { difference: number }) => (one.difference === 0 ? 0 : -one.difference)),
    )
  })

  it('warns where two are not comparable, and does not call parallel counts exact', async () => {
    const { warnings } = await json(`${session}#1`, `${session}#5`)
    expect(warnings.join(' ')).toMatch(/counts of a parallel run vary/)
    expect(warnings.join(' ')).toMatch(/not the same work/)
  })

  it('calls it a defect where deterministic repeats differ', async () => {
    const same = await command('compare', `${session}#3,4`, `${session}#3,4`)
    expect(same.status).toBe(0)
    const damaged = join(folder, 'damaged.switchyard')
    await command('session', 'backup', session, damaged)
    const db = new Database(damaged)
    db.prepare(
      "UPDATE run SET state_hash = replace(state_hash, substr(state_hash, 1, 8), '00000000') WHERE id = 4",
    ).run()
    db.close()
    const { status, out } = await command('compare', `${damaged}#3,4`, `${damaged}#1`)
    expect(out).toMatch(/DEFECT: Repeats of run 3 end in 2 different states/)
    expect(status).toBe(1)
  })

  it('is a page of its own, without script, with its data', async () => {
    const page = join(folder, 'c.html')
    expect((await command('compare', `${session}#3,4`, `${session}#3,4`, '--html', page)).status).toBe(0)
    const text = readFileSync(page, 'utf8')
    expect(text).toMatch(/<svg .*Distribution of host time/s)
    expect(text).not.toMatch(/<script|onload|https?:\/\/(?!www\.w3)/)
    expect(text).toContain('&quot;exact&quot;:')
  })

  it.each([
    [['nowhere.switchyard#1', 'nowhere.switchyard#2'], /there is no such file/],
    [[`${session}#99`, `${session}#1`], /99/],
    [[`${session}`, `${session}#1`], /names no runs/],
    [[`${session}#3-1`, `${session}#1`], /names no runs/],
    [[`${session}#1,2`, `${session}#3`], /no repeat of run 1/],
    [[`${session}#1`, `${session}#2`, '--least', 'much'], /no percentage/],
  ])('refuses %j', async (args, reason) => {
    const { status, err } = await command('compare', ...args)
    expect(status).not.toBe(0)
    expect(err).toMatch(reason)
  })
})

describe('a measurement', { timeout: 120_000 }, () => {
  it('interleaves ABBA, keeps the order, and says no more than two runs a side can', async () => {
    const db = join(folder, 'm.switchyard')
    const file = experiment('first-fault')
    const { status, out, err } = await command(
      'measure',
      file,
      file,
      '--set-b',
      'machine.ras=false',
      '--db',
      db,
      '--repeats',
      '2',
      '--json',
    )
    expect({ status, err: err.match(/: [AB]$/gm)?.join('') }).toEqual({
      status: 0,
      err: ': A: B: A: B: B: A',
    })
    const found = JSON.parse(out)
    expect([found.a.runs, found.b.runs]).toEqual([
      [3, 6],
      [4, 5],
    ])
    expect(found.defects).toEqual([])
    for (const metric of found.sampled) {
      expect(metric.verdict).toBe('inconclusive')
      expect(metric.a.n).toBe(2)
      expect(metric.cautions.join()).toMatch(/Fewer than 5/)
    }
    const rows = new Database(db, { readonly: true })
    const stored = rows.prepare('SELECT host_ns FROM run WHERE id = 3').pluck().get() as number
    expect(found.sampled[0].a.values[0]).toBeCloseTo(stored / 1e6, 6)
    rows.close()
  })
})
