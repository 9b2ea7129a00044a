import { describe, expect, it } from 'vitest'
import type { FaultRow } from '../../shared/model/trace.ts'
import { createFakeLab } from '../../test/support/fake-lab.ts'
import { explainFault, faultStatusBit } from './explain.ts'
import { fieldsOf } from './fields.ts'
import { fit } from './fuzzy.ts'
import { provenance, stopWords } from './run-words.ts'
import { registerBlocks } from './switch-moments.ts'
import { switchText } from './switch-text.ts'
import { toCsv } from './table.ts'

const fault: FaultRow = {
  pe: 0,
  cycle: 10,
  ns: 5,
  owner: 1,
  el: 1,
  kind: 'async',
  mode: 'async',
  pc: 0n,
  address: 0x0900_ffff_8200_1a40n,
  granule: 0,
  pointerTag: 9,
  memoryTag: 15,
  write: true,
  bytes: 8,
}
const plain = (text: string): string => text.replaceAll('\u2009', ' ')

describe('a fault in words', () => {
  it('says who, where, which tags, and which bit collects it', () =>
    expect(plain(explainFault(fault))).toBe(
      "v1 at EL1 stored 8 bytes at 0000 ffff 8200 1a40 with pointer tag [9]; the memory's tag is [f]. Checks are asynchronous: the access completed and TFSR_EL1.TF0 will collect it.",
    ))
  it.each([
    [0, 0n, 'TFSRE0_EL1.TF0'],
    [1, 1n << 55n, 'TFSR_EL1.TF1'],
    [2, 0n, 'TFSR_EL2.TF0'],
  ])('EL%s collects by bit 55', (el, address, bit) => expect(faultStatusBit({ el, address })).toBe(bit))
})

describe('fields', () => {
  it('of RGSR_EL1', () =>
    expect(fieldsOf('RGSR_EL1', 0x2c0409n).map((field) => field.text)).toEqual(['2c04', '[9]']))
  it('of GCR_EL1', () =>
    expect(fieldsOf('GCR_EL1', 0x1c001n).map((field) => field.text)).toEqual(['1', 'f e 0']))
  it('of TFSR_EL1', () =>
    expect(fieldsOf('TFSR_EL1', 2n).map((field) => [field.name, field.text])).toEqual([
      ['TF1', '1'],
      ['TF0', '0'],
    ]))
  it('of a register without any', () => expect(fieldsOf('SPSR_hyp', 4n)).toEqual([]))
})

describe('a switch', () => {
  const lab = createFakeLab([
    { run: 1, title: 'v12 VHE', switches: 40, seed: 42, pes: 1, pending: 500, faults: true },
  ])
  const load = async () => {
    const [detail, run] = await Promise.all([
      lab.call('run.switch', { run: 1, id: 1010 }),
      lab.call('run.get', { run: 1 }),
    ])
    if (!detail.ok || !run.ok) throw new Error('the fake lab did not answer')
    return { detail: detail.value, run: run.value }
  }
  it('marks what changed from moment to moment, and what is pending', async () => {
    const { detail } = await load()
    const gcr = registerBlocks(detail).find((block) => block.register === 'GCR_EL1')
    expect(gcr?.cells.map((cell) => cell.changed)).toEqual([false, true, false, true])
    expect(gcr?.cells.map((cell) => cell.pending)).toEqual([false, false, false, true])
    expect(gcr?.note).toContain('pending at host after')
  })
  it('fits a mail of 72 columns', async () => {
    const { detail, run } = await load()
    const lines = switchText(detail, run).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(72)
    expect(lines.join('\n')).toContain('* written, not yet what instructions use')
  })
  it('writes a register of more than 32 bits one moment a line', async () => {
    const { detail, run } = await load()
    const text = switchText(detail, run)
    expect(text).toContain('\n  HCR_EL2      host before  0x0100000080000000\n')
    expect(text).toContain('\n               guest entry  0x01000000807c663f\n')
  })
  it('comes with what repeats it', async () =>
    expect(provenance((await load()).run)).toBe(
      'Run #1, seed 42, policy v12, VHE, n2-like v1, Switchyard 0.1.0.',
    ))
})

describe('the rest', () => {
  it('names why a machine stopped', () =>
    expect(stopWords({ kind: 'exit', code: 0, by: 'PSCI SYSTEM_OFF' })).toBe(
      'the machine ended by PSCI SYSTEM_OFF with code 0',
    ))
  it('quotes CSV cells that need it', () =>
    expect(
      toCsv({ columns: [{ title: 'a' }, { title: 'b' }], length: 1, row: () => [1, 'x, "y"'] }, 'Run #1'),
    ).toBe('# Run #1\r\na,b\r\n1,"x, ""y"""\r\n'))
  it('prefers a word’s start', () =>
    expect(fit('zoom', 'Charts: Zoom in') ?? 0).toBeGreaterThan(fit('oom', 'Charts: Zoom in') ?? 0))
  it('needs every word', () => expect(fit('zoom tree', 'Zoom in')).toBeNull())
})
