import { expect } from 'vitest'

/** A node of a device tree that was read back. */
export interface TreeNode {
  properties: Map<string, Uint8Array>
  children: Map<string, TreeNode>
}

/** Reads a blob back by Devicetree Specification 0.4, chapter 5, and checks its form on the way. */
export function readTree(blob: Uint8Array): TreeNode {
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
  const node = (): [string, TreeNode] => {
    const name = text(at)
    at += name.length + 1
    align()
    const read: TreeNode = { properties: new Map(), children: new Map() }
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

export const find = (root: TreeNode, path: string): TreeNode => {
  const found = path.split('/').reduce<TreeNode | undefined>((node, name) => node?.children.get(name), root)
  if (!found) throw new Error(`${path} is missing`)
  return found
}
export const strings = (node: TreeNode, name: string): string[] =>
  new TextDecoder().decode(node.properties.get(name)).replace(/\0$/, '').split('\0')
export const cells = (node: TreeNode, name: string): number[] => {
  const bytes = node.properties.get(name)!
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4))
}
