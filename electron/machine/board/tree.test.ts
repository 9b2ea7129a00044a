import { describe, expect, it } from 'vitest'
import { cells, find, readTree, strings } from '../../../test/support/device-tree.ts'
import { type BoardOptions, type Chosen, COMMAND_LINE_MAX, deviceTree, TREE_BYTES } from './tree.ts'

const features = { mte: 3, mteAsync: true, ras: true, exs: false } as const
const tree = (board: Partial<BoardOptions> = {}, chosen?: Chosen) =>
  readTree(deviceTree({ pes: 1, ramBytes: 256 << 20, features, seed: 0, ...board }, chosen))

describe('deviceTree', () => {
  it('holds one node a PE, by its affinity, and each once in the map of cores', () => {
    for (const pes of [1, 2, 16]) {
      const cpus = find(tree({ pes }), 'cpus')
      expect(cells(cpus, '#address-cells')).toEqual([1])
      const nodes = [...cpus.children].filter(([name]) => name !== 'cpu-map')
      expect(nodes.map(([name]) => name)).toEqual(Array.from({ length: pes }, (_, pe) => `cpu@${pe}`))
      for (const [i, [, cpu]] of nodes.entries()) {
        expect(strings(cpu, 'device_type')).toEqual(['cpu'])
        expect(cpu.properties.has('enable-method')).toBe(pes > 1)
        if (pes > 1) expect(strings(cpu, 'enable-method')).toEqual(['psci'])
        expect(cells(cpu, 'reg')).toEqual([i])
      }
      const cores = find(cpus, 'cpu-map/socket0/cluster0').children
      expect([...cores.values()].map((core) => cells(core, 'cpu'))).toEqual(
        nodes.map(([, cpu]) => cells(cpu, 'phandle')),
      )
    }
  })

  it('says where memory is, in two cells each', () => {
    const root = tree({ ramBytes: 3 * 2 ** 30 })
    expect([cells(root, '#address-cells'), cells(root, '#size-cells')]).toEqual([[2], [2]])
    const memory = find(root, 'memory@40000000')
    expect(strings(memory, 'device_type')).toEqual(['memory'])
    expect(cells(memory, 'reg')).toEqual([0, 0x4000_0000, 0, 0xc000_0000])
  })

  it('gives every phandle that is referred to to one node', () => {
    const root = tree({ pes: 16 })
    const handles: number[] = []
    const visit = (node: typeof root): void => {
      if (node.properties.has('phandle')) handles.push(...cells(node, 'phandle'))
      for (const child of node.children.values()) visit(child)
    }
    visit(root)
    expect(new Set(handles).size).toBe(handles.length)
    const [clock] = cells(find(root, 'apb-pclk'), 'phandle')
    expect(cells(find(root, 'pl011@9000000'), 'clocks')).toEqual([clock, clock])
    expect(cells(find(root, 'pl031@9010000'), 'clocks')).toEqual([clock])
    expect(cells(root, 'interrupt-parent')).toEqual(cells(find(root, 'intc@8000000'), 'phandle'))
  })

  it('follows the entry level: PSCI by SMC at EL2, by HVC without it, where EL2 has no interrupts', () => {
    const [with2, without] = [tree(), tree({ features: { ...features, el2: false } })]
    expect([with2, without].map((root) => strings(find(root, 'psci'), 'method'))).toEqual([['smc'], ['hvc']])
    expect([with2, without].map((root) => cells(find(root, 'timer'), 'interrupts').length)).toEqual([15, 12])
    expect([with2, without].map((root) => find(root, 'intc@8000000').properties.has('interrupts'))).toEqual([
      true,
      false,
    ])
  })

  it('tells the kernel its command line, its initrd, and numbers drawn from the seed', () => {
    const plain = find(tree(), 'chosen')
    expect([...plain.properties.keys()]).toEqual(['stdout-path', 'kaslr-seed', 'rng-seed'])
    const full = find(tree({}, { commandLine: 'a=b "c"', initrd: [0x4800_0000, 0x1_0000_0001] }), 'chosen')
    expect(strings(full, 'bootargs')).toEqual(['a=b "c"'])
    expect(cells(full, 'linux,initrd-start')).toEqual([0, 0x4800_0000])
    expect(cells(full, 'linux,initrd-end')).toEqual([1, 1])
    expect(full.properties.get('rng-seed')).toEqual(plain.properties.get('rng-seed'))
    const other = find(tree({ seed: 2 }), 'chosen')
    for (const name of ['rng-seed', 'kaslr-seed'])
      expect(other.properties.get(name)).not.toEqual(plain.properties.get(name))
  })

  it('has room for the longest command line on the largest board', () => {
    const root = tree({ pes: 16 }, { commandLine: 'x'.repeat(COMMAND_LINE_MAX), initrd: [0, 1] })
    expect(strings(find(root, 'chosen'), 'bootargs')[0]).toHaveLength(COMMAND_LINE_MAX)
    expect(deviceTree({ pes: 1, ramBytes: 2 << 20, features, seed: 0 })).toHaveLength(TREE_BYTES)
  })
})
