/** A VM saved in one run and restored in another: its next sixteen tags, and the tags of its memory, are its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { saveVm } from '../../electron/lab/save-vm.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { run } from './run-guest.ts'

const resources = join(import.meta.dirname, '../../resources')
const text = readFileSync(join(resources, 'experiments/contract-migrate.json'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-vm-'))
afterAll(() => rmSync(folder, { recursive: true }))

function planOf(set: string[]) {
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  expect(problems).toEqual([])
  return planRun(experiment!, resources).plan
}

/** What the guest printed of its draws, a line a round, and whether anybody was disturbed. */
const said = (console: string) => ({
  lines: [...console.matchAll(/^\[v0 drawer\] ([0-9a-f]{16})$/gm)].map(([, tags]) => tags!),
  bad: [...console.matchAll(/ bad (\d+)/g)].some(([, count]) => count !== '0'),
})

async function runOf(set: string[]) {
  const { image, ...plan } = planOf(set)
  const { console, end } = await run(image.bytes, plan)
  expect(end.reason).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  return said(console)
}

const save = (mode: string) =>
  saveVm(text, 'contract-migrate.json', ['host.saveAt=1', `hypervisor.mode=${mode}`], resources)

const fileOf = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name)
  writeFileSync(file, bytes)
  return file
}

it.each([
  ['nvhe', 'nvhe'],
  ['vhe', 'vhe'],
  ['nvhe', 'vhe'],
  ['vhe', 'nvhe'],
])('saved under %s it goes on under %s', { timeout: 60_000 }, async (from, to) => {
  const whole = await runOf([`hypervisor.mode=${to}`])
  expect(whole).toEqual({ lines: [expect.any(String), expect.any(String)], bad: false })
  const saved = await save(from)
  expect(said(saved.console)).toEqual({ lines: [whole.lines[0]], bad: false })
  const restore = `host.restore=${JSON.stringify(fileOf(`${from}-${to}.vm`, saved.bytes))}`
  expect(await runOf([`hypervisor.mode=${to}`, restore])).toEqual({ lines: [whole.lines[1]], bad: false })
})

it('with its seed or its tags lost on the way, it does not', { timeout: 60_000 }, async () => {
  const [, second] = (await runOf([])).lines
  const { bytes } = await save('nvhe')
  const seed = bytes.slice()
  seed.fill(0, 64 + 480, 64 + 488) // CTX_RGSR
  const other = await runOf([`host.restore=${JSON.stringify(fileOf('seed.vm', seed))}`])
  expect(other.lines[0]).not.toBe(second)
  const tags = bytes.slice()
  tags.fill(0, 2048, 8192)
  expect(await runOf([`host.restore=${JSON.stringify(fileOf('tags.vm', tags))}`])).toMatchObject({
    bad: true,
  })
})

it('goes on on QEMU as well', { timeout: 60_000 }, async ({ skip }) => {
  skip(noQemu, noQemuReason)
  const { bytes } = await save('vhe')
  const set = [`host.restore=${JSON.stringify(fileOf('qemu.vm', bytes))}`, 'machine.sync=eager']
  const there = await runOnQemu(planOf(set).image.bytes, 1)
  expect({ code: there.code, ...said(there.console) }).toEqual({ code: 0, ...(await runOf(set)) })
})

it('says what is no saved VM, and which run saves none', async () => {
  const restoring = (path: string) => () => planOf([`host.restore=${JSON.stringify(path)}`])
  expect(restoring(join(folder, 'none.vm'))).toThrow(/cannot be read: ENOENT/)
  expect(restoring(fileOf('short.vm', new Uint8Array(7)))).toThrow(/no saved VM/)
  expect(restoring(fileOf('zeros.vm', new Uint8Array(8192 + 65536)))).toThrow(/no saved VM/)
  await expect(saveVm(text, 'x.json', [], resources)).rejects.toThrow(/saves no VM/)
  await expect(saveVm(text, 'x.json', ['host.saveAt=9'], resources)).rejects.toThrow(/was not put a 9th time/)
  await expect(saveVm(text, 'x.json', ['host.saveAt=x'], resources)).rejects.toThrow(/x\.json:\d+/)
})
