import { describe, expect, it } from 'vitest'
import { assemble } from '../../../shared/asm/assemble.ts'
import { decode } from '../../../shared/isa/decoder.ts'
import { rows } from '../../../shared/isa/rows.ts'
import { TestMachine } from '../../../test/support/machine.ts'
import { type Flow, flowOf, isPlain } from './flow.ts'

function wordOf(text: string): number {
  const { sections } = assemble({ file: 'flow.s', text }, { include: () => null, base: 0x4000_0000n })
  const { bytes } = sections.find((section) => section.address === 0x4000_0000n)!
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true)
}

function flow(text: string): Flow {
  const word = wordOf(text)
  const { row, fields } = decode(word)!
  return flowOf(word, row, fields)
}

const register = (n: number) => ({ kind: 'register', n })
const bits = (...numbers: number[]): number => numbers.reduce((mask, n) => mask | (1 << n), 0)

describe('what an instruction moves', () => {
  it.each<[string, Flow['moves']]>([
    ['mov x3, x7', [{ to: 3, from: { kind: 'register', n: 7 } }]],
    ['mrs x4, gcr_el1', [{ to: 4, from: { kind: 'system register', encoding: [3, 0, 1, 0, 6] } }]],
    ['ldr x5, [x6, #8]', [{ to: 5, from: { kind: 'loaded', n: 0 } }]],
    [
      'ldp x1, x2, [sp], #16',
      [
        { to: 1, from: { kind: 'loaded', n: 0 } },
        { to: 2, from: { kind: 'loaded', n: 1 } },
      ],
    ],
    ['ldr w5, [x6]', []],
    ['mov w3, w7', []],
    ['orr x3, x7, #1', []],
    ['orr x3, x4, x7', []],
    ['orr x3, xzr, x7, lsl #1', []],
    ['csel x1, x2, x3, eq', []],
    ['ldrsw x5, [x6]', []],
    ['ldxr x5, [x6]', [{ to: 5, from: { kind: 'loaded', n: 0 } }]],
  ])('%s', (text, moves) => {
    expect(flow(text).moves).toEqual(moves)
  })

  it('tells what is stored where', () => {
    const { stores, writes, uses, moved } = flow('stp x2, x3, [x9, #-16]!')
    expect(stores.map(({ sources, bytes }) => ({ sources, bytes }))).toEqual([
      { sources: [register(2), register(3)], bytes: 8 },
    ])
    expect([writes, uses, moved]).toEqual([bits(9), bits(9), bits(2, 3)])
    expect(flow('str w2, [x9]').stores[0]!.sources).toEqual([null])
    expect(flow('stg x1, [x2]').tagStores).toHaveLength(1)
    expect(flow('stzgm x1, [x2]').stores[0]!.elements).toBe(8)
  })

  it('computes addresses as the machine does', () => {
    const machine = new TestMachine()
    machine.setX({ 1: 0x4004_0000n, 2: 0x10n })
    const operations = (machine.pe.engine as unknown as { operations: never }).operations
    const address = (text: string) => {
      const { touches, tagStores, tagLoads } = flow(text)
      return [...touches, ...tagStores, ...tagLoads].map((touch) => touch.address(operations))
    }
    expect(address('ldr x0, [x1, x2, lsl #3]')).toEqual([0x4004_0080n])
    expect(address('str x0, [x1, #-8]!')).toEqual([0x4003_fff8n])
    expect(address('ldr x0, [x1], #8')).toEqual([0x4004_0000n])
    expect(address('st2g x0, [x1, #32]')).toEqual([0x4004_0020n])
    expect(address('ldgm x0, [x1]')).toEqual([0x4004_0000n])
    expect(address('dc gzva, x1')).toEqual([0x4004_0000n, 0x4004_0000n])
  })

  it('tells looks from moves', () => {
    expect(flow('cmp x0, x12').uses).toBe(bits(0, 12))
    expect(flow('cbz x3, .').uses).toBe(bits(3))
    expect(flow('and x0, x0, #3').uses).toBe(bits(0))
    expect(flow('str x2, [x0]').uses).toBe(bits(0))
    expect(flow('msr gcr_el1, x2').uses).toBe(0)
    expect(flow('msr tfsr_el1, xzr').msr!.source).toEqual({ kind: 'constant' })
    expect(flow('ldr x0, .').literal).toBe(true)
    expect(flow('msr tco, #1').tco).toBe(1)
    expect(flow('msr daifset, #15').tco).toBeNull()
    expect(flow('irg x0, x1').tagSource && flow('addg x0, x1, #0, #1').tagSource).toBe(true)
    expect(isPlain(flow('add x0, x1, x2'))).toBe(true)
    expect(isPlain(flow('isb'))).toBe(false)
  })
})

it('every row can be read', () => {
  const read = rows.filter((row) => {
    const letters = [...row.bits].filter((c) => /[a-z]/.test(c))
    const fields = Object.fromEntries(letters.map((letter) => [letter, 0]))
    if (row.where && !row.where(fields)) return false
    const word = Number.parseInt(row.bits.replace(/[^01a-z.]/g, '').replace(/[^1]/g, '0'), 2)
    return flowOf(word, row, fields).row !== undefined
  })
  expect(read.length).toBeGreaterThan(rows.length / 2)
})
