import fc from 'fast-check'
import { parse } from 'jsonc-parser'
import { describe, expect, it } from 'vitest'
import { ProblemError } from '../base/result.ts'
import { type ExperimentFile, experimentSchema } from './experiment.ts'
import {
  canonicalExperiment,
  canonicalJson,
  fillDefaults,
  memoryBytes,
  peFeatures,
} from './experiment-defaults.ts'
import { applyOverrides, knownPaths, type SchemaNode, schemaAt } from './experiment-paths.ts'
import { overriddenText, readExperiment } from './experiment-text.ts'

const known = { guests: ['alloc', 'user', 'plain'], policies: ['mainline'], profiles: ['unit'] }
const small = `{
  // two guests
  "name": "first",
  "machine": { "pes": 2, "memory": "64M" },
  "vcpus": [
    { "guest": "alloc", "checks": "sync" }, /* with MTE */
    { "guest": "plain", "mte": false },
  ],
}
`
const problems = (text: string, set: string[] = []) => readExperiment(text, set, known).problems
const one = (vcpu: string, machine = '{}') => `{ "name": "x", "machine": ${machine}, "vcpus": [${vcpu}] }`

describe('an experiment', () => {
  it('is filled in with its defaults', () => {
    const { experiment } = readExperiment(small, [], known)
    expect(experiment).toMatchObject({
      name: 'first',
      title: 'first',
      machine: {
        pes: 2,
        memory: 2 ** 26,
        mte: 3,
        mteAsync: true,
        sync: 'eager',
        syncSeed: 1,
        syncSamples: 16,
        syncScope: ['GCR_EL1', 'RGSR_EL1', 'SCTLR_EL1', 'SCTLR_EL2', 'HCR_EL2', 'TFSR', 'keys'],
        syncWindow: 'run',
        release: 'ddi0487-m',
      },
      hypervisor: { mode: 'nvhe', policy: 'mainline' },
      schedule: { kind: 'deterministic', quantum: 1000, seed: 1 },
      probes: { events: true },
      vcpus: [
        { guest: 'alloc', mte: true, checks: 'sync', exclude: 1 },
        { guest: 'plain', mte: false, checks: 'none' },
      ],
      stop: {},
    })
    expect(experiment?.probes.registers).toContain('TFSRE0_EL1')
  })

  it('may be seeded, with parameters of the synchronisation model', () => {
    const machine = (more: string) =>
      readExperiment(one('{ "guest": "alloc" }', `{ "sync": "seeded", ${more} }`), [], known)
    expect(machine('"syncSeed": 7, "syncScope": ["TFSR", "GCR_EL1"], "syncWindow": "switch"')).toMatchObject({
      problems: [],
      experiment: {
        machine: { sync: 'seeded', syncSeed: 7, syncScope: ['GCR_EL1', 'TFSR'], syncWindow: 'switch' },
      },
    })
    expect(machine('"syncScope": []').problems).toEqual([])
    expect(machine('"syncScope": ["TFSR", "TFSR"]').problems).toHaveLength(1)
    expect(machine('"syncScope": ["CPACR_EL1"]').problems).toHaveLength(1)
    expect(machine('"syncWindow": "entry"').problems).toHaveLength(1)
  })

  it('probes by default only registers that the machine has', () => {
    const { experiment } = readExperiment(
      one('{ "guest": "plain", "mte": false }', '{ "mte": 0 }'),
      [],
      known,
    )
    expect(experiment?.probes.registers).toEqual(['SCTLR_EL1', 'HCR_EL2'])
  })

  it('gives a PE what machine says, but for what perPe says of it', () => {
    const { experiment, problems } = readExperiment(
      one(
        '{ "guest": "plain", "mte": false }',
        '{ "pes": 2, "ras": false, "perPe": [{ "pe": 1, "mte": 2, "vhe": "off" }] }',
      ),
      [],
      known,
    )
    expect(problems).toEqual([])
    const { machine } = experiment!
    expect(peFeatures(machine, 0)).toEqual({
      mte: 3,
      mteAsync: true,
      ras: false,
      exs: false,
      pauth: false,
      vhe: 'on',
    })
    expect(peFeatures(machine, 1)).toEqual({
      mte: 2,
      mteAsync: true,
      ras: false,
      exs: false,
      pauth: false,
      vhe: 'off',
    })
  })

  it.each([
    ['a PE that is not there', '{ "pes": 2, "perPe": [{ "pe": 2 }] }', 'there is no PE 2'],
    ['a PE twice', '{ "pes": 2, "perPe": [{ "pe": 1 }, { "pe": 1 }] }', 'PE 1 is described twice'],
    ['nVHE where E2H is RES1', '{ "pes": 2, "perPe": [{ "pe": 1, "vhe": "res1" }] }', 'RES1 on PE 1'],
    [
      'a VM with MTE and a PE without',
      '{ "pes": 2, "perPe": [{ "pe": 1, "mte": 1 }] }',
      'a VM with MTE needs tag storage, but the least machine.mte of a PE is 1',
    ],
    [
      'asymmetric checks and a PE without',
      '{ "pes": 2, "perPe": [{ "pe": 0, "mte": 2 }] }',
      'checks "asym" need FEAT_MTE3, but the least machine.mte of a PE is 2',
    ],
  ])('refuses %s', (_, machine, cause) => {
    const found = problems(one('{ "guest": "alloc", "checks": "asym" }', machine))
    expect(found.map((problem) => problem.cause)).toEqual([expect.stringContaining(cause)])
  })

  it('describes every property', () => {
    const bare = knownPaths('0').filter((path) => {
      const node = schemaAt(path.split('.'))
      return !node?.description && schemaAt(path.split('.').slice(0, -1))?.items === undefined
    })
    expect(bare).toEqual([])
  })

  it('keeps unknown keys out of every object', () => {
    const open: string[] = []
    const walk = (node: SchemaNode & { additionalProperties?: boolean }, at: string) => {
      if (node.properties && node.additionalProperties !== false) open.push(at)
      for (const [key, member] of Object.entries(node.properties ?? {})) walk(member, `${at}.${key}`)
      if (node.items) walk(node.items, `${at}[]`)
    }
    walk(experimentSchema as SchemaNode, '')
    expect(open).toEqual([])
  })

  it('has one canonical text for one meaning', () => {
    const a = readExperiment(
      '{"name":"x","vcpus":[{"guest":"alloc","exclude":"0x00F0"}],"machine":{"memory":"64M"}}',
      [],
      known,
    )
    const b = readExperiment('{"vcpus":[{"exclude":240,"guest":"alloc"}],"name":"x"} // same', [], known)
    expect(canonicalExperiment(a.experiment!)).toBe(canonicalExperiment(b.experiment!))
  })

  it('reads memory sizes', () => {
    expect([memoryBytes('16M'), memoryBytes('1G'), memoryBytes('64K'), memoryBytes(123)]).toEqual([
      2 ** 24,
      2 ** 30,
      2 ** 16,
      123,
    ])
  })
})

describe('problems', () => {
  it('stand at line and column, and name the nearest property', () => {
    expect(problems(small.replace('"checks"', '"cheks"'))).toEqual([
      {
        line: 6,
        column: 25,
        path: 'vcpus.0.cheks',
        cause: 'there is no property "cheks" in "vcpus.0"',
        remedy: 'Did you mean "checks"?',
      },
    ])
  })
  it('say what a syntax error is', () => {
    expect(problems('{\n  "name": }')).toEqual([
      {
        line: 2,
        column: 11,
        path: '',
        cause: 'a value is expected',
        remedy: 'An experiment is JSON; comments and trailing commas are allowed.',
      },
    ])
    expect(problems('')).toHaveLength(1)
    expect(problems('{"name":"a","name":"b","vcpus":[]}')).toMatchObject([
      { column: 13, cause: '"name" is given twice' },
    ])
  })
  it('quote the description where a value is not possible', () => {
    expect(problems(one('{ "guest": "alloc", "checks": "asymm" }'))).toMatchObject([
      { path: 'vcpus.0.checks', cause: '"asymm" is not possible in "vcpus.0.checks"' },
    ])
    expect(problems(one('{ "guest": "alloc", "checks": "asymm" }'))[0]?.remedy).toContain(
      'none, sync, async or asym',
    )
    expect(problems('{ "name": "x" }')).toMatchObject([{ path: 'vcpus', cause: '"vcpus" is missing' }])
    expect(problems('[]')).toHaveLength(1)
    expect(problems(one('{}', '{ "pes": 17 }')).map((p) => p.path)).toEqual(['machine.pes', 'vcpus.0.guest'])
    expect(problems(one('{ "guest": "alloc" }', '{ "memory": "64X" }'))).toHaveLength(1)
  })

  const refused: [string, string, string][] = [
    ['a guest that does not exist', one('{ "guest": "aloc" }'), 'there is no guest "aloc" in this version'],
    [
      'a VM with MTE on a machine without tags',
      one('{ "guest": "alloc" }', '{ "mte": 1 }'),
      'a VM with MTE needs tag storage, but machine.mte is 1',
    ],
    [
      'asymmetric checks without FEAT_MTE3',
      one('{ "guest": "alloc", "checks": "asym" }', '{ "mte": 2 }'),
      'checks "asym" need FEAT_MTE3, but machine.mte is 2',
    ],
    [
      'asynchronous checks without FEAT_MTE_ASYNC',
      one('{ "guest": "alloc", "checks": "async" }', '{ "mte": 2, "mteAsync": false }'),
      'checks "async" need FEAT_MTE_ASYNC, but machine.mteAsync is false',
    ],
    [
      'checks of a VM without MTE',
      one('{ "guest": "plain", "mte": false, "checks": "sync" }'),
      'checks "sync" of a VM without MTE',
    ],
    [
      'a mode that the machine lacks',
      '{ "name": "x", "machine": { "vhe": "off" }, "hypervisor": { "mode": "vhe" }, "vcpus": [{ "guest": "alloc" }] }',
      'mode "vhe" needs FEAT_VHE, which PE 0 lacks',
    ],
    [
      'every execution of a parallel schedule',
      '{ "name": "x", "machine": { "sync": "explore" }, "schedule": { "kind": "parallel" }, "vcpus": [{ "guest": "alloc" }] }',
      'every legal execution of a parallel schedule cannot be tried',
    ],
    [
      'a policy that does not exist',
      '{ "name": "x", "hypervisor": { "policy": "mainlin" }, "vcpus": [{ "guest": "alloc" }] }',
      'there is no policy "mainlin" in this version',
    ],
    [
      'draws of a hypervisor that the host is',
      '{ "name": "x", "hypervisor": { "mode": "vhe", "draws": 1 }, "vcpus": [{ "guest": "alloc" }] }',
      'under VHE the code behind an exit is the host’s',
    ],
    [
      'a cost profile that does not exist',
      '{ "name": "x", "cost": { "profile": "units" }, "vcpus": [{ "guest": "alloc" }] }',
      'there is no cost profile "units" in this version',
    ],
    [
      'a register that does not exist',
      '{ "name": "x", "probes": { "registers": ["GCR_EL2"] }, "vcpus": [{ "guest": "alloc" }] }',
      'there is no system register "GCR_EL2"',
    ],
    [
      'another name of a register',
      '{ "name": "x", "probes": { "registers": ["TFSR_EL12"] }, "vcpus": [{ "guest": "alloc" }] }',
      'TFSR_EL12 is another name of TFSR_EL1',
    ],
    [
      'a register that the machine lacks',
      '{ "name": "x", "machine": { "mte": 1 }, "probes": { "registers": ["GCR_EL1"] }, "vcpus": [{ "guest": "plain", "mte": false }] }',
      'the machine lacks FEAT_MTE2, and so GCR_EL1',
    ],
    [
      'a register without storage',
      '{ "name": "x", "probes": { "registers": ["CurrentEL"] }, "vcpus": [{ "guest": "alloc" }] }',
      'CurrentEL holds no value of its own that could change',
    ],
    [
      'too little memory',
      one('{ "guest": "alloc" }', '{ "memory": "1M" }'),
      '1048576 bytes of memory are not possible',
    ],
  ]
  it.each(refused)('refuse %s', (_, text, cause) => {
    expect(problems(text).map((p) => p.cause)).toEqual([cause])
    expect(problems(text)[0]?.remedy).not.toBe('')
  })
})

describe('--set', () => {
  const tree = parse(small)
  it('takes JSON where it parses, else text', () => {
    expect(
      applyOverrides(tree, ['vcpus.0.checks=async', 'machine.pes=4', 'host.exclude=0x00ff', 'title=a b']),
    ).toMatchObject({
      title: 'a b',
      machine: { pes: 4 },
      host: { exclude: '0x00ff' },
      vcpus: [{ checks: 'async' }, {}],
    })
  })
  it('appends one entry at a time', () => {
    expect(applyOverrides(tree, ['vcpus.2.guest=user'])).toMatchObject({ vcpus: [{}, {}, { guest: 'user' }] })
    expect(() => applyOverrides(tree, ['vcpus.7.guest=user'])).toThrow('"vcpus" has 2 entries')
  })
  const remedy = (override: string) => {
    try {
      applyOverrides(tree, [override])
    } catch (error) {
      return error instanceof ProblemError ? error.problem.remedy : String(error)
    }
    return null
  }
  it('names the nearest path', () => {
    expect(remedy('vcpus.1.cheks=async')).toBe('Did you mean "vcpus.1.checks"?')
    expect(remedy('machin.mte=2')).toBe('Did you mean "machine.mte"?')
    expect(remedy('sync=latest')).toBe('Did you mean "machine.sync"?')
    expect(remedy('__proto__.x=1')).toContain('An experiment has: name')
    expect(remedy('machine')).toContain('--set vcpus.0.checks=async')
  })
  it('reports what the new value breaks', () => {
    expect(problems(small, ['machine.mte=1']).map((p) => [p.line, p.path])).toEqual([[6, 'vcpus.0.mte']])
  })

  const override = fc.constantFrom(
    'vcpus.0.checks=async',
    'vcpus.1.exclude="0xff"',
    'machine.pes=3',
    'schedule.seed=7',
    'stop.switches=10',
    'host={"seed":4}',
    'vcpus.2.guest=user',
    'vcpus.2.seed=9',
    'probes.registers=["GCR_EL1"]',
    'title=hello',
    'machine.memory=32M',
  )
  it('means the same in the text as in the tree, and keeps the comments', () => {
    fc.assert(
      fc.property(fc.array(override, { maxLength: 6 }), (set) => {
        const text = overriddenText(small, set)
        expect(parse(text, [], { allowTrailingComma: true })).toEqual(applyOverrides(tree, set))
        expect(text).toContain('// two guests')
      }),
    )
  })
})

describe('canonical JSON', () => {
  it('parses back and does not depend on key order', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse())
        expect(canonicalJson(reversed)).toBe(canonicalJson(object))
      }),
    )
  })
  it('does not change the file it fills in', () => {
    const file = { name: 'x', vcpus: [{ guest: 'alloc' }] } satisfies ExperimentFile
    fillDefaults(file)
    expect(file).toEqual({ name: 'x', vcpus: [{ guest: 'alloc' }] })
  })
})
