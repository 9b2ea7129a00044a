/**
 * What a stranger may hand us: messages, arguments, experiments, programs, patches and saved VMs that are wrong in every way we
 * could think of. Each is answered with a problem that names place, cause and remedy; nothing is thrown, nothing changes.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectLab } from '../../electron/base/lab-connection.ts'
import { importPolicy } from '../../electron/lab/import/import-policy.ts'
import { type Lab, openLab } from '../../electron/lab/lab.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { readSavedVm } from '../../electron/lab/saved-vm.ts'
import { assemble } from '../../shared/asm/assemble.ts'
import { readElf } from '../../shared/asm/elf-read.ts'
import { writeElf } from '../../shared/asm/elf-write.ts'
import { ProblemError } from '../../shared/base/result.ts'
import { type CallName, callNames } from '../../shared/contract/calls.ts'
import { type FromLab, PROTOCOL } from '../../shared/contract/wire.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'

const resources = join(import.meta.dirname, '../../resources')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-hostile-'))
let tried = 0
afterAll(() => rmSync(folder, { recursive: true }))

const isProblem = ({ place, cause, remedy }: { place: string; cause: string; remedy: string }): boolean =>
  place.length > 0 && cause.length > 0 && remedy.length > 0 && !/error of Switchyard's own/.test(cause)

/** Throws nothing but a problem, which is then whole. */
function refuses(act: () => unknown): void {
  tried++
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemError)
    expect(isProblem((error as ProblemError).problem)).toBe(true)
  }
}

const self: Record<string, unknown> = {}
self.self = self
const strangers: readonly unknown[] = [
  undefined,
  null,
  0,
  -1,
  Number.NaN,
  Number.MAX_VALUE,
  12n,
  '',
  'x'.repeat(2_000_000),
  '\u0000\ud800<script>alert(1)</script>',
  [],
  [[[[]]]],
  self,
  { __proto__: { run: 1 } },
  JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}'),
  () => 1,
  Symbol('s'),
  new Uint8Array(3),
  new Date(Number.NaN),
]

describe('a lab with a stranger at its door', () => {
  let lab: Lab
  const refusing = () => {
    throw new Error('nothing may be started')
  }
  beforeAll(async () => {
    lab = await openLab({
      session: join(folder, 'a.switchyard'),
      resources,
      spawnStore: (workerData) =>
        new Worker(new URL('../../electron/store/worker.ts', import.meta.url), { workerData }),
      spawnPe: refusing,
      spawnInspector: refusing,
      startMachine: refusing,
    })
  })
  afterAll(() => lab.close())

  const harmless: readonly CallName[] = [
    'session.info',
    'session.backup',
    'experiment.list',
    'policy.list',
    'museum.list',
    'run.list',
  ]
  it.each(callNames.filter((name) => !harmless.includes(name)))(
    '%s answers each as a problem',
    async (name) => {
      // Over a wire come no functions and no symbols.
      for (const odd of strangers.filter((one) => typeof one !== 'function' && typeof one !== 'symbol')) {
        for (const args of [
          odd,
          { run: odd },
          { run: 1, range: odd, columns: odd, text: odd, target: odd },
        ]) {
          tried++
          const result = await lab.call(name, args as never)
          // A text may be checked, and of a run that is not live there is nothing to say or to stop.
          if (result.ok) expect(result.value === null || name === 'experiment.check', name).toBe(true)
          else expect(isProblem(result.error), `${name}: ${result.error.cause}`).toBe(true)
        }
      }
      expect(await lab.call('run.list', {})).toEqual({ ok: true, value: [] })
    },
  )

  it('answers messages that are none, and goes on', async () => {
    const said: FromLab[] = []
    const connection = connectLab(lab, '1.0.0', (message) => said.push(message))
    const kinds = ['hello', 'call', 'event', 'reply', '__proto__', 7, 7n, null, self]
    for (const message of strangers) connection.receive(message)
    for (const kind of kinds)
      for (const odd of strangers)
        connection.receive({ kind, ticket: odd, name: odd, args: odd, protocol: odd })
    tried += strangers.length * (kinds.length + 1)
    connection.receive({ kind: 'hello', protocol: PROTOCOL })
    for (const odd of strangers) {
      connection.receive({ kind: 'call', ticket: odd, name: 'run.get', args: {} })
      connection.receive({ kind: 'call', ticket: 1, name: odd, args: {} })
      connection.receive({ kind: 'call', ticket: 1, name: 'run.get', args: odd })
      tried += 3
    }
    connection.receive({ kind: 'call', ticket: 77, name: 'run.list', args: {} })
    await expect.poll(() => said.at(-1)).toEqual({ kind: 'reply', ticket: 77, value: [] })
    for (const message of said) if (message.kind === 'error') expect(isProblem(message.problem)).toBe(true)
    connection.close()
  })
})

describe('files of a stranger', () => {
  const first = readFileSync(join(resources, 'experiments/first-fault.json'), 'utf8')

  it('an experiment that is none has problems with a place', () => {
    const texts = [
      '',
      '\u0000',
      '[',
      '{',
      'null',
      '[]',
      '"x"',
      '{"name":1}',
      '{"__proto__":{"pes":99}}',
      '['.repeat(20_000),
      `{"a":`.repeat(5_000),
      `{"name":"${'x'.repeat(500_000)}"}`,
      `{"machine":{"pes":1e308,"memory":"999999T"}}`,
      `{"vcpus":[${'{},'.repeat(2_000)}{}]}`,
      first.replace('{', '{ "name": "../../etc/passwd",'),
      first.replace('"vcpus"', '"vcpuz"'),
      first.slice(0, first.length / 2),
      `${first}${first}`,
      '{"hypervisor":{"policy":"../../../etc/passwd"}}',
      '{"hypervisor":{"policy":"<img src=x onerror=alert(1)>"}}',
      '{"stop":{"switches":-1,"instructions":1.5}}',
      '\ufeff{}',
      '/*'.repeat(1000),
    ]
    for (const text of texts) {
      tried++
      const { experiment, problems } = readExperiment(text, [], knownNames(resources))
      if (experiment !== null) continue
      expect(problems.length).toBeGreaterThan(0)
      for (const one of problems) expect(one.cause.length * one.remedy.length * one.line).toBeGreaterThan(0)
    }
    for (const set of [
      '',
      '=',
      'a',
      'a=',
      '__proto__.x=1',
      'machine.pes=[',
      `vcpus.99999.mte=1`,
      'x'.repeat(99_999),
    ])
      refuses(() => readExperiment(first, [set], knownNames(resources)))
  })

  it('an ELF file that is none, or is broken at any byte, is refused', () => {
    const file = join(import.meta.dirname, '../e2e/programs/echo.S')
    const elf = writeElf(assemble({ file, text: readFileSync(file, 'utf8') }, { include: () => null }))
    for (const length of [0, 1, 4, 15, 16, 63, 64, 100]) refuses(() => readElf(elf.slice(0, length), 'x.elf'))
    for (let at = 0; at < Math.min(elf.length, 4096); at += 61) {
      const broken = elf.slice()
      broken[at] = broken[at]! ^ 0xff
      refuses(() => readElf(broken, 'x.elf'))
      broken.fill(0xff, at, at + 8)
      refuses(() => readElf(broken, 'x.elf'))
    }
  })

  it('a patch that is none is refused, or accepted line by line', () => {
    const diff = '--- a/arch/arm64/include/asm/kvm_mte.h\n+++ b/arch/arm64/include/asm/kvm_mte.h\n'
    const patches = [
      '',
      '\u0000\u0001',
      'From: <script>alert(1)</script>\n\nhello',
      `${diff}@@ -1,99999999 +1,99999999 @@\n+x\n`,
      `${diff}@@ -1,1 +1,1 @@\n+\t${'a'.repeat(100_000)}\n`,
      `${diff}@@ broken @@\n`,
      `${'>'.repeat(5000)} ${diff}`,
      `${diff}${'@@ -1 +1 @@\n-a\n+b\n'.repeat(500)}`,
    ]
    for (const patch of patches) refuses(() => importPolicy(resources, patch, 'x.patch', 'mainline'))
    refuses(() => importPolicy(resources, diff, 'x.patch', '../../etc/passwd'))
  })

  it('a saved VM that is none is refused', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(8192 + 65_536), new Uint8Array(10).fill(255)]) {
      const file = join(folder, 'x.vm')
      writeFileSync(file, bytes)
      refuses(() => readSavedVm(file))
    }
    refuses(() => readSavedVm(join(folder, 'none.vm')))
    refuses(() => readSavedVm(folder))
  })

  it('were more than two hundred inputs', () => expect(tried).toBeGreaterThan(200))
})
