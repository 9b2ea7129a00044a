/** A property: a text, texts, cells of 32 bits, bytes, or a name without a value. */
export type Property = string | readonly string[] | readonly number[] | Uint8Array | true

export interface Node {
  properties: Readonly<Record<string, Property>>
  children: Readonly<Record<string, Node>>
}

const BEGIN_NODE = 1
const END_NODE = 2
const PROPERTY = 3
const END = 9
const HEADER_BYTES = 40
/** The list of reserved memory: its terminating entry alone. */
const RESERVATION_BYTES = 16

/**
 * A flattened device tree, version 17 (Devicetree Specification 0.4, chapter 5).
 * @param room bytes of the whole blob: what is left is free for firmware that adds to the tree
 */
export function flatten(root: Node, room: number): Uint8Array {
  const structure: number[] = []
  const strings: number[] = []
  const offsets = new Map<string, number>()
  const bytes = (data: Iterable<number>): void => {
    for (const byte of data) structure.push(byte)
    while (structure.length % 4) structure.push(0)
  }
  const word = (value: number): void => bytes(bigEndian(value))
  const stringAt = (name: string): number => {
    const known = offsets.get(name)
    if (known !== undefined) return known
    const at = strings.length
    offsets.set(name, at)
    strings.push(...text(name))
    return at
  }
  const emit = (name: string, { properties, children }: Node): void => {
    word(BEGIN_NODE)
    bytes(text(name))
    for (const [key, value] of Object.entries(properties)) {
      const data = encode(value)
      word(PROPERTY)
      word(data.length)
      word(stringAt(key))
      bytes(data)
    }
    for (const [child, sub] of Object.entries(children)) emit(child, sub)
    word(END_NODE)
  }
  emit('', root)
  word(END)
  const structureAt = HEADER_BYTES + RESERVATION_BYTES
  const stringsAt = structureAt + structure.length
  const used = stringsAt + strings.length
  if (used > room) throw new Error(`the device tree takes ${used} bytes, more than ${room}`)
  const blob = new Uint8Array(room)
  const header = [
    0xd00dfeed,
    room,
    structureAt,
    stringsAt,
    HEADER_BYTES,
    17,
    16,
    0,
    strings.length,
    structure.length,
  ]
  blob.set(header.flatMap(bigEndian))
  blob.set(structure, structureAt)
  blob.set(strings, stringsAt)
  return blob
}

const bigEndian = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]
const text = (value: string): number[] => [...new TextEncoder().encode(value), 0]

function encode(value: Property): Iterable<number> & { length: number } {
  if (value === true) return []
  if (typeof value === 'string') return text(value)
  if (value instanceof Uint8Array) return value
  return (value as (string | number)[]).flatMap((item) =>
    typeof item === 'string' ? text(item) : bigEndian(item),
  )
}
