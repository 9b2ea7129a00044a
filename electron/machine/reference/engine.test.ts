import { beforeEach, describe, expect, it } from 'vitest'
import { assemble } from '../../../shared/asm/assemble.ts'
import { EL, place, SCTLR, TestMachine } from '../../../test/support/machine.ts'

let machine: TestMachine
beforeEach(() => {
  machine = new TestMachine().set('SCTLR_EL1', SCTLR.SPAN)
})

const word = (text: string): bigint => {
  const { bytes } = assemble({ file: 'w.s', text }, { include: () => null }).sections[0]!
  return BigInt(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true))
}

describe('self-modifying code', () => {
  const patch = 'mov w0, #1\n cbnz x2, done\n str w3, [x4]\n dsb ish\n isb\n mov x2, #1\n b start'

  it('a store to a decoded page is seen when the instruction is fetched again', () => {
    machine.setX({ 3: word('mov w0, #2'), 4: place.code })
    expect(machine.run(`start: ${patch}\n done: nop`)).toBeNull()
    expect(machine.x(0)).toBe(2n)
  })

  it('by atomics, exclusives and DC ZVA too', () => {
    const addition = word('mov w0, #2') - word('mov w0, #1')
    machine.setX({ 3: addition, 4: place.code })
    machine.run(`start: ${patch.replace('str w3, [x4]', 'stadd w3, [x4]')}\n done: nop`)
    expect(machine.x(0)).toBe(2n)
    machine.setX({ 2: 0n, 3: word('mov w0, #2') })
    machine.run(`start: ${patch.replace('str w3, [x4]', 'ldxr w5, [x4]\n stxr w5, w3, [x4]')}\n done: nop`)
    expect(machine.x(0)).toBe(2n)
    machine.load('mov w0, #1', place.code + 0x1000n)
    machine.setX({ 4: place.code + 0x1000n })
    machine.runFrom(place.code + 0x1000n, place.code + 0x1000n, 4)
    machine.run('dc zva, x4')
    expect(machine.runFrom(place.code + 0x1000n, place.code + 0x1000n, 4)).toMatchObject({
      esr: 0x0200_0000n,
    })
  })

  it('data beside code does not disturb it', () => {
    machine.setX({ 4: place.code + 0x800n, 5: 100n })
    machine.run('loop: str x5, [x4]\n sub x5, x5, #1\n cbnz x5, loop')
    expect(machine.x(5)).toBe(0n)
  })
})

describe('counting', () => {
  it('counts what retired: a faulting instruction does not, SVC does', () => {
    const count = (text: string) => {
      const before = machine.pstate(EL[1]).core.instructions
      machine.run(text)
      return machine.core.instructions - before
    }
    expect(count('nop\n nop\n nop')).toBe(3)
    expect(count('nop\n svc #0')).toBe(2)
    expect(count('nop\n .inst 0')).toBe(1)
    machine.setX({ 0: 2n })
    expect(count('br x0')).toBe(1)
  })

  it('charges a cycle for each instruction and one for the entry', () => {
    const before = machine.pstate(EL[1]).core.cycles
    machine.run('nop\n svc #0')
    expect(machine.core.cycles - before).toBe(3)
  })
})

describe('fetching', () => {
  it('runs across a page', () => {
    machine.load('mov x0, #1\n mov x1, #2', place.code + 0xffcn)
    expect(machine.runFrom(place.code + 0xffcn, place.code + 0xffcn, 8)).toBeNull()
    expect([machine.x(0), machine.x(1)]).toEqual([1n, 2n])
  })

  it('outside memory is a synchronous external abort', () => {
    machine.setX({ 0: 0x2000_0000n })
    machine.pstate(EL[1]).run('br x0')
    machine.step()
    expect([machine.get('ESR_EL1'), machine.get('FAR_EL1')]).toEqual([0x8600_0010n, 0x2000_0000n])
  })

  it('an instruction of a feature that is not there is UNDEFINED', () => {
    const plain = new TestMachine({ features: { mte: 0, mteAsync: false } })
    expect(plain.run('irg x0, x1')).toMatchObject({ esr: 0x0200_0000n })
    expect(machine.pstate(EL[2]).run('irg x0, x1')).toBeNull()
  })

  it('drops the top byte of a branch target where TBI holds for code', () => {
    machine.set('TCR_EL2', 1n << 20n).setX({ 0: (place.code + 8n) | (0xabn << 56n) })
    expect(machine.pstate(EL[2]).run('br x0\n nop\n adr x1, .')).toBeNull()
    expect(machine.x(1)).toBe(place.code + 8n)
  })
})

describe('conditions and flags', () => {
  it.each([
    [3n, 5n, 'lo', 'lt', 'mi', 'ne'],
    [5n, 5n, 'eq', 'hs', 'le', 'ge'],
    [0x8000_0000_0000_0000n, 1n, 'vs', 'hi', 'lt', 'pl'],
    [(1n << 64n) - 1n, (1n << 64n) - 2n, 'hi', 'gt', 'vc', 'pl'],
  ])('cmp %s, %s', (a, b, ...conditions) => {
    machine.setX({ 1: a, 2: b })
    machine.pstate(EL[2]).run(`cmp x1, x2\n ${conditions.map((c, i) => `cset x${i + 3}, ${c}`).join('\n ')}`)
    expect(conditions.map((_, i) => machine.x(i + 3))).toEqual([1n, 1n, 1n, 1n])
  })

  it('addition with carry at both widths', () => {
    machine.setX({ 1: (1n << 64n) - 1n, 2: 0n, 5: 0xffff_ffffn })
    machine
      .pstate(EL[2])
      .run('adds x0, x1, #1\n adcs x3, x1, x2\n mrs x4, nzcv\n adds w6, w5, #1\n mrs x7, nzcv')
    expect([machine.x(0), machine.x(3), machine.x(4) >> 28n, machine.x(6), machine.x(7) >> 28n]).toEqual([
      0n,
      0n,
      6n,
      0n,
      6n,
    ])
  })
})
