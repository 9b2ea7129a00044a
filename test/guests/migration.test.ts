/** A VM saved in one run and restored in another: its next sixteen tags, and the tags of its memory, are its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { codeOf } from '../../electron/lab/mutate/sites.ts'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { saveVm } from '../../electron/lab/save-vm.ts'
import { withoutInstruction } from '../../electron/workers/check/patch.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'
import { noQemu, noQemuReason, runOnQemu } from './qemu.ts'
import { run } from './run-guest.ts'

const long = process.env.SWITCHYARD_LONG === '1'
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

const save = (mode: string, loaded = false) =>
  saveVm(
    text,
    'contract-migrate.json',
    ['host.saveAt=1', `hypervisor.mode=${mode}`, `host.moveLoaded=${loaded}`],
    resources,
  )

/** Where resources/hosts/migrate.S has the registers, each as number and value. */
const REGISTERS = 1024
/** ARM64_SYS_REG(op0 3, op1 0, CRn 1, CRm 0, op2 5). */
const RGSR_EL1 = 0x6030_0000_0013_c085n

/** What was saved with a register's value changed. */
function withRegister(saved: Uint8Array, number: bigint, value: bigint): Uint8Array {
  const bytes = saved.slice()
  const view = new DataView(bytes.buffer)
  let at = REGISTERS
  while (view.getBigUint64(at, true) !== number) {
    expect(view.getBigUint64(at, true), 'the list ends without it').not.toBe(0n)
    at += 16
  }
  view.setBigUint64(at + 8, value, true)
  return bytes
}

const fileOf = (name: string, bytes: Uint8Array): string => {
  const file = join(folder, name)
  writeFileSync(file, bytes)
  return file
}

it.each(
  [
    { from: 'nvhe', to: 'nvhe', loaded: false },
    { from: 'vhe', to: 'vhe', loaded: true },
    { from: 'nvhe', to: 'vhe', loaded: true },
    { from: 'vhe', to: 'nvhe', loaded: false },
    { from: 'vhe', to: 'nvhe', loaded: true },
  ].filter((_, i) => long || i % 2 === 0),
)(
  'saved under $from it goes on under $to, its vCPU loaded: $loaded',
  { timeout: 60_000 },
  async ({ from, to, loaded }) => {
    const mode = `hypervisor.mode=${to}`
    const whole = await runOf([mode])
    expect(whole).toEqual({ lines: [expect.any(String), expect.any(String)], bad: false })
    const saved = await save(from, loaded)
    expect(said(saved.console)).toEqual({ lines: [whole.lines[0]], bad: false })
    const restore = `host.restore=${JSON.stringify(fileOf(`${from}-${to}-${loaded}.vm`, saved.bytes))}`
    expect(await runOf([mode, restore, `host.moveLoaded=${loaded}`])).toEqual({
      lines: [whole.lines[1]],
      bad: false,
    })
  },
)

it('saves the same registers whether the vCPU is loaded or not', async () => {
  const [put, loaded] = [await save('vhe', false), await save('vhe', true)]
  expect(Buffer.from(loaded.bytes.subarray(REGISTERS, 4096))).toEqual(
    Buffer.from(put.bytes.subarray(REGISTERS, 4096)),
  )
})

it('with its seed or its tags lost on the way, it does not', { timeout: 60_000 }, async () => {
  const [, second] = (await runOf([])).lines
  const { bytes } = await save('nvhe')
  const seed = withRegister(bytes, RGSR_EL1, 0n)
  const other = await runOf([`host.restore=${JSON.stringify(fileOf('seed.vm', seed))}`])
  expect(other.lines[0]).not.toBe(second)
  const tags = bytes.slice()
  tags.fill(0, 4096, 8192)
  expect(await runOf([`host.restore=${JSON.stringify(fileOf('tags.vm', tags))}`])).toMatchObject({
    bad: true,
  })
})

it('restored while loaded it needs its registers in the PE', { timeout: 60_000 }, async () => {
  const { bytes } = await save('vhe', true)
  const restore = `host.restore=${JSON.stringify(fileOf('loaded.vm', bytes))}`
  const plan = planOf(['hypervisor.mode=vhe', 'host.moveLoaded=true', restore])
  const call = codeOf(plan)
    .words('one_reg_set_row')
    .find(({ text }) => text === 'blr x6')
  const { image, ...rest } = withoutInstruction(plan, call!.pc)!
  const { console } = await run(image.bytes, { ...rest, stop: { instructions: 400_000 } })
  expect(said(console).lines).toEqual([])
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
