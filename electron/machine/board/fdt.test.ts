import { describe, expect, it } from 'vitest'
import { deviceTree } from './fdt.ts'

interface Node {
  properties: Map<string, Uint8Array>
  children: Map<string, Node>
}

/** Reads a blob back by Devicetree Specification 0.4, chapter 5, and checks its form on the way. */
function parse(blob: Uint8Array): Node {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const header = Array.from({ length: 10 }, (_, i) => view.getUint32(i * 4))
  const [
    magic,
    total,
    structureAt,
    stringsAt,
    reservationsAt,
    version,
    compatible,
    bootCpu,
    stringsBytes,
    bytes,
  ] = header as [number, number, number, number, number, number, number, number, number, number]
  expect([magic, version, compatible, bootCpu]).toEqual([0xd00dfeed, 17, 16, 0])
  expect(total).toBe(blob.length)
  expect([structureAt % 4, reservationsAt % 8]).toEqual([0, 0])
  expect(structureAt + bytes).toBeLessThanOrEqual(stringsAt)
  expect(stringsAt + stringsBytes).toBeLessThanOrEqual(total)
  // No memory is reserved: one terminating entry of zeros.
  expect([view.getBigUint64(reservationsAt), view.getBigUint64(reservationsAt + 8)]).toEqual([0n, 0n])
  let at = structureAt
  const word = (): number => {
    at += 4
    return view.getUint32(at - 4)
  }
  const text = (from: number): string => {
    const end = blob.indexOf(0, from)
    return new TextDecoder().decode(blob.subarray(from, end))
  }
  const align = (): void => {
    at = Math.ceil(at / 4) * 4
  }
  const node = (): [string, Node] => {
    const name = text(at)
    at += name.length + 1
    align()
    const read: Node = { properties: new Map(), children: new Map() }
    for (;;) {
      const token = word()
      if (token === 2) return [name, read]
      if (token === 1) {
        const [child, sub] = node()
        expect(read.children.has(child)).toBe(false)
        read.children.set(child, sub)
        continue
      }
      expect(token).toBe(3)
      const length = word()
      const key = text(stringsAt + word())
      // Properties stand before sub-nodes.
      expect(read.children.size).toBe(0)
      read.properties.set(key, blob.subarray(at, at + length))
      at += length
      align()
    }
  }
  expect(word()).toBe(1)
  const [name, root] = node()
  expect(name).toBe('')
  expect(word()).toBe(9)
  expect(at).toBe(structureAt + bytes)
  return root
}

const find = (root: Node, path: string): Node => {
  const found = path.split('/').reduce<Node | undefined>((node, name) => node?.children.get(name), root)
  if (!found) throw new Error(`${path} is missing`)
  return found
}
const strings = (node: Node, name: string): string[] =>
  new TextDecoder().decode(node.properties.get(name)).replace(/\0$/, '').split('\0')
const cells = (node: Node, name: string): number[] => {
  const bytes = node.properties.get(name)!
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4))
}

describe('deviceTree', () => {
  it('holds one node a PE, by its affinity', () => {
    for (const pes of [1, 2, 16]) {
      const cpus = find(parse(deviceTree(pes, 64 << 20)), 'cpus')
      expect(cells(cpus, '#address-cells')).toEqual([1])
      expect([...cpus.children.keys()]).toEqual(
        Array.from({ length: pes }, (_, pe) => `cpu@${pe.toString(16)}`),
      )
      for (const [name, cpu] of cpus.children) {
        expect(strings(cpu, 'device_type')).toEqual(['cpu'])
        expect(strings(cpu, 'enable-method')).toEqual(['psci'])
        expect(cells(cpu, 'reg')).toEqual([Number.parseInt(name.slice(4), 16)])
      }
    }
  })

  it('says where memory is, in two cells each', () => {
    const root = parse(deviceTree(1, 3 * 2 ** 30))
    expect([cells(root, '#address-cells'), cells(root, '#size-cells')]).toEqual([[2], [2]])
    const memory = find(root, 'memory@40000000')
    expect(strings(memory, 'device_type')).toEqual(['memory'])
    expect(cells(memory, 'reg')).toEqual([0, 0x4000_0000, 0, 0xc000_0000])
  })

  it('names the UART, its clock, and the firmware interface', () => {
    const root = parse(deviceTree(2, 256 << 20))
    const uart = find(root, 'pl011@9000000')
    expect(strings(uart, 'compatible')).toEqual(['arm,pl011', 'arm,primecell'])
    expect(cells(uart, 'reg')).toEqual([0, 0x0900_0000, 0, 0x1000])
    expect(cells(uart, 'interrupts')).toEqual([0, 1, 4])
    const [handle] = cells(find(root, 'apb-pclk'), 'phandle')
    expect(cells(uart, 'clocks')).toEqual([handle, handle])
    expect(strings(find(root, 'chosen'), 'stdout-path')).toEqual(['/pl011@9000000'])
    const psci = find(root, 'psci')
    expect(strings(psci, 'compatible')).toContain('arm,psci-1.0')
    expect(strings(psci, 'method')).toEqual(['smc'])
    expect(cells(psci, 'cpu_on')).toEqual([0xc400_0003])
    expect(strings(find(root, 'timer'), 'compatible')).toContain('arm,armv8-timer')
    expect(cells(find(root, 'timer'), 'interrupts')).toHaveLength(12)
  })
})
