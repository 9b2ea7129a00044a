import { describe, expect, it } from 'vitest'
import { explored } from '../../../test/support/explored.ts'
import { EL, place, SCTLR, TestMachine, type TestMachineOptions } from '../../../test/support/machine.ts'
import { HCR, masks, tag, tagOf, withChecks, withTags } from '../../../test/support/tag-setups.ts'

/** Rows of the table for control registers: what is late, for whom, and what is never. Source: DDI 0487 M.a.a, D24.1.2.2. */

const exs = { features: { exs: true } } satisfies TestMachineOptions
const guest = place.data + 0x1000n
/** X15 is written to a control register; X2 and X3 hold results. */
const explore = (
  options: TestMachineOptions,
  setup: (machine: TestMachine) => TestMachine,
  text: string,
  ...registers: number[]
) =>
  explored(options, (machine) => {
    setup(machine).run(text)
    return registers.map((n) => machine.x(n))
  })

const changing =
  (register: string, change: (value: bigint) => bigint, setup = withChecks) =>
  (machine: TestMachine) => {
    setup(machine)
    return machine.setX({ 15: change(machine.get(register)) })
  }

describe('SCTLR_EL1', () => {
  it('ATA: each use by IRG sees the old or the new value', () => {
    const setup = changing('SCTLR_EL1', (value) => value & ~SCTLR.ATA)
    const { results } = explore({}, setup, 'msr sctlr_el1, x15\n irg x2, x1, xzr\n irg x3, x1, xzr\n', 2, 3)
    const tags = results.map((values) => values.map(tagOf))
    expect(tags).toHaveLength(3)
    expect(tags).toContainEqual([0n, 0n])
    const synchronised = explore({}, setup, 'msr sctlr_el1, x15\n isb\n irg x2, x1, xzr', 2)
    expect(synchronised.results.map((values) => values.map(tagOf))).toEqual([[0n]])
  })

  it('TCF: a mismatch is judged by either; asynchronous to synchronous is the flag or the exception', () => {
    const setup = changing('SCTLR_EL1', (value) => (value & ~SCTLR.TCF(3n)) | SCTLR.TCF(1n))
    const found = explored({}, (machine) => {
      const taken = setup(machine).run('msr sctlr_el1, x15\n str x0, [x20]\n dsb sy\n isb')
      return [taken?.vector ?? -1, machine.get('TFSR_EL1')]
    })
    expect(found.results).toEqual([
      [-1, 1n],
      [0x200, 0n],
    ])
  })

  it('TCF0 and ATA0: of accesses with EL0’s settings alone', () => {
    const setup = changing('SCTLR_EL1', (value) => value & ~SCTLR.TCF0(3n))
    const text = (access: string) =>
      `msr sctlr_el1, x15\n ${access}\n dsb sy\n isb\n mrs x2, tfsr_el1\n mrs x3, tfsre0_el1`
    expect(explore({}, setup, text('sttr x0, [x20]'), 2, 3).results).toEqual([
      [0n, 0n],
      [0n, 1n],
    ])
    expect(explore({}, setup, text('str x0, [x20]'), 2, 3)).toEqual({ results: [[1n, 0n]], executions: 1 })
  })

  it.each([
    ['a matching access', 'str x0, [x22]'],
    ['an access with PSTATE.TCO = 1', 'msr tco, #1\n str x0, [x20]'],
    ['GMI', 'gmi x5, x20, xzr'],
  ])('%s is not a use', (_, text) => {
    const setup = changing('SCTLR_EL1', (value) => value & ~(SCTLR.TCF(3n) | SCTLR.ATA))
    expect(explore({}, setup, `msr sctlr_el1, x15\n ${text}`, 0).executions).toBe(1)
  })

  it('a tag store may be dropped and a tag load give 0, never the other way round afterwards', () => {
    const setup = changing('SCTLR_EL1', (value) => value & ~SCTLR.ATA)
    const { results } = explore({}, setup, 'msr sctlr_el1, x15\n stg x20, [x20]\n ldg x2, [x20]', 2)
    expect(results.map((values) => values.map(tagOf))).toEqual([[0n], [3n]])
  })

  it('other bits take effect at once', () => {
    const setup = changing('SCTLR_EL1', (value) => value | SCTLR.A)
    const found = explored({}, (machine) => [
      setup(machine).run('msr sctlr_el1, x15\n ldr x2, [x22, #4]\n ldr w2, [x22, #2]')?.esr ?? 0n,
    ])
    expect(found.executions).toBe(1)
    expect(found.results[0]![0]).toBe(0x9600_0021n)
  })
})

describe('SCTLR_EL2', () => {
  it('ATA: of EL2; ATA0 and TCF0 are ignored unless HCR_EL2.{E2H,TGE} = {1,1}', () => {
    const off = changing('SCTLR_EL2', (value) => value & ~SCTLR.ATA, withTags)
    const drawn = (text: string) => explore({}, off, text, 2).results.map((values) => values.map(tagOf))
    expect(drawn('msr sctlr_el2, x15\n addg x2, x1, #0, #1')).toEqual([[0n], [masks.OLD]])
    const host = (hcr: bigint) =>
      explored({}, (machine) => {
        withTags(machine)
          .set('HCR_EL2', HCR.RW | hcr)
          .set('SCTLR_EL2', SCTLR.ATA | SCTLR.ATA0)
          .pstate(EL[0])
        machine.run('addg x2, x1, #0, #1')
        return [tag(machine, 2)]
      }).results
    expect(host(HCR.E2H | HCR.TGE)).toEqual([[masks.OLD]])
    // Without TGE EL0 belongs to EL1&0, where HCR_EL2.ATA = 0 decides.
    expect(host(HCR.E2H)).toEqual([[0n]])
  })

  it('ITFSB, EIS and EOS take effect at the next entry or return', () => {
    const setup = changing('SCTLR_EL2', (value) => value | SCTLR.TCF(2n) | SCTLR.ITFSB, withTags)
    const { results } = explored({}, (machine) => {
      setup(machine)
      machine.core.sync.tagFault(2, 0)
      machine.run('msr sctlr_el2, x15\n hvc #0')
      return [machine.get('TFSR_EL2'), machine.core.sync.pendingFaults()]
    })
    expect(results).toEqual([[1n, 0]])
  })
})

describe('HCR_EL2', () => {
  /** At EL2: writes X15 to HCR_EL2, returns to EL1, where one instruction runs. */
  const returned = (options: TestMachineOptions, eos: bigint, text: string) =>
    explored(options, (machine) => {
      withTags(machine)
        .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS | eos)
        .set('SPSR_EL2', EL[1])
        .set('ELR_EL2', guest)
        .setX({ 15: HCR.RW })
      machine.load(text, guest)
      machine.run('msr hcr_el2, x15\n mrs x4, hcr_el2\n eret')
      machine.step()
      return [machine.x(4) & HCR.ATA, tag(machine, 2), machine.core.el]
    })

  it('ATA: an ERET synchronises it; an MRS returns the architectural value and synchronises nothing', () => {
    expect(returned(exs, SCTLR.EOS, 'addg x2, x1, #0, #1').results).toEqual([[0n, 0n, 1]])
    expect(returned(exs, 0n, 'addg x2, x1, #0, #1').results).toEqual([
      [0n, 0n, 1],
      [0n, masks.OLD, 1],
    ])
  })

  it('ATA: the traps of the tag registers use it', () => {
    expect(returned(exs, SCTLR.EOS, 'mrs x5, gcr_el1').results).toEqual([[0n, 0n, 2]])
    expect(returned(exs, 0n, 'mrs x5, gcr_el1').results).toEqual([
      [0n, 0n, 1],
      [0n, 0n, 2],
    ])
  })

  it('E2H: a redirected name reaches the one register or the other, one choice for an instruction', () => {
    const setup = (machine: TestMachine) => withTags(machine).setX({ 15: HCR.ATA | HCR.RW | HCR.E2H })
    const read = (text: string) => explore({}, setup, text, 2)
    const found = read('msr hcr_el2, x15\n mrs x2, vbar_el1')
    expect(found).toEqual({ results: [[place.vectors], [place.vectors + 0x800n]], executions: 2 })
    expect(read('msr hcr_el2, x15\n isb\n mrs x2, vbar_el1').results).toEqual([[place.vectors + 0x800n]])
  })

  it('E2H: names of their own exist as long as the old value is used', () => {
    const setup = (machine: TestMachine) => withTags(machine).setX({ 15: HCR.ATA | HCR.RW | HCR.E2H })
    const found = explored({}, (machine) => [
      setup(machine).run('msr hcr_el2, x15\n mrs x2, s3_5_c12_c0_0') === null ? 'exists' : 'UNDEFINED',
    ])
    expect(found.results).toEqual([['UNDEFINED'], ['exists']])
  })

  it('TGE: an exception return synchronises before it judges its target', () => {
    const legal = (eos: bigint) =>
      explored(exs, (machine) => {
        withTags(machine)
          .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS | eos)
          .set('SPSR_EL2', EL[1])
          .set('ELR_EL2', guest)
          .setX({ 15: HCR.RW | HCR.TGE })
        machine.run('msr hcr_el2, x15\n eret')
        return [machine.core.el]
      }).results
    expect(legal(SCTLR.EOS)).toEqual([[2]])
    expect(legal(0n)).toEqual([[1], [2]])
  })

  it('TGE: an exception from EL0 is routed by the old value or the new one, and the entry synchronises', () => {
    const taken = (eos: bigint) =>
      explored(exs, (machine) => {
        withTags(machine)
          .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS | eos)
          .set('SCTLR_EL1', SCTLR.EIS)
          .set('SPSR_EL2', EL[0])
          .set('ELR_EL2', guest)
          .setX({ 15: HCR.RW | HCR.TGE })
        machine.load('svc #0', guest)
        machine.run('msr hcr_el2, x15\n eret')
        machine.step()
        return [machine.core.el, machine.pe.pending().registers.length]
      }).results
    expect(taken(SCTLR.EOS)).toEqual([[2, 0]])
    expect(taken(0n)).toEqual([
      [1, 0],
      [2, 0],
    ])
  })

  it('other bits take effect at once', () => {
    // TSC traps SMC from EL1: written with EOS = 0, and in force.
    const found = explored(exs, (machine) => {
      withTags(machine)
        .set('SCTLR_EL2', SCTLR.ATA | SCTLR.EIS)
        .set('SPSR_EL2', EL[1])
        .set('ELR_EL2', guest)
        .setX({ 15: HCR.RW | HCR.ATA | (1n << 19n) })
      machine.load('smc #0', guest)
      machine.run('msr hcr_el2, x15\n eret')
      machine.step()
      return [machine.core.el, machine.get('ESR_EL2') >> 26n]
    })
    expect(found).toEqual({ results: [[2, 0x17n]], executions: 1 })
  })
})

describe('what is never late', () => {
  it('ELR and SPSR by their own name: ERET uses what was written last', () => {
    const found = explored({}, (machine) => {
      withTags(machine).setX({ 3: guest, 4: EL[1] })
      machine.load('nop', guest)
      machine.run('msr elr_el2, x3\n msr spsr_el2, x4\n eret')
      return [machine.core.el, machine.core.pc]
    })
    expect(found).toEqual({ results: [[1, guest]], executions: 1 })
  })

  it('with EIS = 0 the syndrome of an entry is there, and PSTATE and PC with EOS = 0', () => {
    const found = explored(exs, (machine) => {
      withTags(machine).set('SCTLR_EL2', SCTLR.ATA).pstate(EL[1])
      machine.load('mrs x2, esr_el2\n mrs x3, elr_el2', place.vectors + 0xc00n)
      machine.run('hvc #7')
      machine.step().step()
      return [machine.x(2), machine.x(3)]
    })
    expect(found).toEqual({ results: [[0x5a00_0007n, place.code + 4n]], executions: 1 })
  })

  it('a tag store of the same PE before a check', () => {
    const { results, executions } = explore(
      {},
      withChecks,
      'stg x20, [x20]\n str x0, [x20]\n dsb sy\n isb\n mrs x2, tfsr_el1',
      2,
    )
    expect([results, executions]).toEqual([[[0n]], 1])
  })
})

describe('the keys of pointer authentication', () => {
  const withKeys = { features: { pauth: true } } satisfies TestMachineOptions
  const keyed = (machine: TestMachine) =>
    withTags(machine)
      .set('HCR_EL2', HCR.RW | (3n << 40n)) // API, APK
      .set('TCR_EL1', 25n | (25n << 16n) | (2n << 30n))
      .set('SCTLR_EL1', 1n << 31n) // EnIA
      .pstate(EL[1])
      .setX({ 2: 0x4000n, 3: 0x4000n, 15: 0x1234n })
  const sign = (text: string, ...registers: number[]) => explore(withKeys, keyed, text, ...registers).results

  it('each use sees the old or the new half, and none older than the last one did', () => {
    expect(sign('msr apiakeylo_el1, x15\n pacia x2, x1', 2)).toHaveLength(2)
    expect(sign('msr apiakeylo_el1, x15\n msr apiakeyhi_el1, x15\n pacia x2, x1', 2)).toHaveLength(4)
    expect(sign('msr apiakeylo_el1, x15\n pacia x2, x1\n pacia x3, x1', 2, 3)).toHaveLength(3)
  })

  it.each([
    ['behind an ISB', 'msr apiakeylo_el1, x15\n isb\n pacia x2, x1'],
    ['of another key', 'msr apibkeylo_el1, x15\n pacia x2, x1'],
    ['that SCTLR_EL1 does not enable', 'msr apibkeylo_el1, x15\n pacib x2, x1'],
    ['by XPAC, which needs no key', 'msr apiakeylo_el1, x15\n xpaci x2'],
  ])('no choice is made for a use %s', (_, text) => {
    expect(sign(text, 2)).toHaveLength(1)
  })

  it('MRS returns the new value at once', () => {
    expect(sign('msr apiakeylo_el1, x15\n mrs x2, apiakeylo_el1', 2)).toEqual([[0x1234n]])
  })
})

describe('different names of one register, with HCR_EL2.E2H = 1', () => {
  const host = (machine: TestMachine) =>
    withTags(machine)
      .set('HCR_EL2', HCR.ATA | HCR.RW | HCR.E2H)
      .setX({ 3: 1n, 4: 0x4000n, 5: EL[2] })
  const read = (text: string, options: TestMachineOptions = { syncParameters: { scope: ['aliases'] } }) =>
    explore(options, host, text, 2).results.map(([value]) => value)

  it.each([
    ['TFSR_EL1 and TFSR_EL2', 'msr tfsr_el1, x3', 'tfsr_el1', 'tfsr_el2', 0n, 1n],
    ['ELR_EL1 and ELR_EL2', 'msr elr_el1, x4', 'elr_el1', 'elr_el2', 0n, 0x4000n],
    ['SPSR_EL2 and SPSR_EL1', 'msr spsr_el2, x5', 'spsr_el2', 'spsr_el1', 0n, EL[2]],
  ])('%s: only the same name is in program order', (_, write, same, other, before, after) => {
    expect(read(`${write}\n mrs x2, ${same}`)).toEqual([after])
    expect(read(`${write}\n mrs x2, ${other}`)).toEqual([before, after])
    expect(read(`${write}\n isb\n mrs x2, ${other}`)).toEqual([after])
    expect(read(`${write}\n mrs x6, ${other}\n dsb sy\n mrs x2, ${other}`)).toEqual([before, after])
  })

  it('are in program order in the default scope, and by default a seen value stays', () => {
    expect(read('msr tfsr_el1, x3\n mrs x2, tfsr_el2', {})).toEqual([1n])
    const pairs = explore(
      { syncParameters: { scope: ['aliases'] } },
      host,
      'msr tfsr_el1, x3\n mrs x2, tfsr_el2\n mrs x6, tfsr_el2',
      2,
      6,
    ).results
    expect(pairs).toEqual([
      [0n, 0n],
      [0n, 1n],
      [1n, 1n],
    ])
  })

  it('what an exception entry writes is seen by every name, with EIS = 0 as well', () => {
    const found = explored({ ...exs, syncParameters: { scope: ['aliases'] } }, (machine) => {
      host(machine)
        .set('SCTLR_EL2', SCTLR.ATA)
        .set('VBAR_EL2', place.vectors + 0x800n)
      machine.load('mrs x2, elr_el1\n mrs x6, elr_el2', place.vectors + 0xa00n)
      machine.run('msr elr_el1, x4\n hvc #0')
      machine.step().step()
      return [machine.x(2), machine.x(6)]
    })
    expect(found.results).toEqual([[place.code + 8n, place.code + 8n]])
  })

  it('_EL12: a read by the guest’s name needs the return to it, which synchronises', () => {
    expect(read('msr s3_5_c5_c6_0, x3\n mrs x2, s3_5_c5_c6_0')).toEqual([1n])
    const machine = host(new TestMachine({ sync: 'latest', syncParameters: { scope: ['aliases'] } }))
    machine.set('SPSR_EL2', EL[1]).set('ELR_EL2', guest)
    machine.load('mrs x2, tfsr_el1', guest)
    machine.run('msr s3_5_c5_c6_0, x3\n eret')
    machine.step()
    expect(machine.x(2)).toBe(1n)
  })
})
