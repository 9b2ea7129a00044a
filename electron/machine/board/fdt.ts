import { affinityValue } from '../../../shared/arch/identification-values.ts'
import { RAM_BASE, UART_BASE, UART_SIZE, UART_SPI } from './map.ts'

type Property = string | string[] | number[] | Uint8Array | true
interface Node {
  properties: Record<string, Property>
  children: Record<string, Node>
}

const node = (properties: Record<string, Property>, children: Record<string, Node> = {}): Node => ({
  properties,
  children,
})
const wide = (value: number): number[] => [Math.floor(value / 2 ** 32), value % 2 ** 32]
const CLOCK = 0x8000

/** The board as a device tree: the nodes of QEMU's virt board for what exists here. */
function boardTree(pes: number, ramBytes: number): Node {
  const cpus: Record<string, Node> = {}
  for (let pe = 0; pe < pes; pe++) {
    const affinity = Number(affinityValue(pe) & 0xff_ffffn)
    cpus[`cpu@${affinity.toString(16)}`] = node({
      device_type: 'cpu',
      compatible: 'arm,armv8',
      reg: [affinity],
      'enable-method': 'psci',
    })
  }
  return node(
    {
      compatible: 'linux,dummy-virt',
      model: 'linux,dummy-virt',
      '#address-cells': [2],
      '#size-cells': [2],
      'dma-coherent': true,
    },
    {
      psci: node({
        compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'],
        method: 'smc',
        cpu_suspend: [0xc4000001],
        cpu_off: [0x84000002],
        cpu_on: [0xc4000003],
        migrate: [0xc4000005],
      }),
      [`memory@${RAM_BASE.toString(16)}`]: node({
        device_type: 'memory',
        reg: [...wide(RAM_BASE), ...wide(ramBytes)],
      }),
      cpus: node({ '#address-cells': [1], '#size-cells': [0] }, cpus),
      timer: node({
        compatible: ['arm,armv8-timer', 'arm,armv7-timer'],
        'always-on': true,
        interrupts: [1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4],
      }),
      'apb-pclk': node({
        compatible: 'fixed-clock',
        '#clock-cells': [0],
        'clock-frequency': [24_000_000],
        'clock-output-names': 'clk24mhz',
        phandle: [CLOCK],
      }),
      [`pl011@${UART_BASE.toString(16)}`]: node({
        compatible: ['arm,pl011', 'arm,primecell'],
        reg: [...wide(UART_BASE), ...wide(UART_SIZE)],
        interrupts: [0, UART_SPI, 4],
        clocks: [CLOCK, CLOCK],
        'clock-names': ['uartclk', 'apb_pclk'],
      }),
      chosen: node({ 'stdout-path': `/pl011@${UART_BASE.toString(16)}` }),
    },
  )
}

const BEGIN_NODE = 1
const END_NODE = 2
const PROPERTY = 3
const END = 9

/** Flattened device tree of the board, version 17 (Devicetree Specification 0.4, chapter 5). */
export function deviceTree(pes: number, ramBytes: number): Uint8Array {
  const structure: number[] = []
  const strings: number[] = []
  const offsets = new Map<string, number>()
  const word = (value: number): void => {
    structure.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
  }
  const bytes = (data: Iterable<number>): void => {
    structure.push(...data)
    while (structure.length % 4) structure.push(0)
  }
  const text = (value: string): number[] => [...new TextEncoder().encode(value), 0]
  const stringAt = (name: string): number => {
    let at = offsets.get(name)
    if (at === undefined) {
      at = strings.length
      offsets.set(name, at)
      strings.push(...text(name))
    }
    return at
  }
  const encode = (value: Property): number[] => {
    if (value === true) return []
    if (typeof value === 'string') return text(value)
    if (value instanceof Uint8Array) return [...value]
    if (typeof value[0] === 'string') return (value as string[]).flatMap(text)
    return (value as number[]).flatMap((n) => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
  }
  const emit = (name: string, tree: Node): void => {
    word(BEGIN_NODE)
    bytes(text(name))
    for (const [key, value] of Object.entries(tree.properties)) {
      const data = encode(value)
      word(PROPERTY)
      word(data.length)
      word(stringAt(key))
      bytes(data)
    }
    for (const [child, sub] of Object.entries(tree.children)) emit(child, sub)
    word(END_NODE)
  }
  emit('', boardTree(pes, ramBytes))
  word(END)
  const headerBytes = 40
  const reservations = 16
  const structureAt = headerBytes + reservations
  const stringsAt = structureAt + structure.length
  const total = Math.ceil((stringsAt + strings.length) / 8) * 8
  const blob = new Uint8Array(total)
  const view = new DataView(blob.buffer)
  const header = [
    0xd00dfeed,
    total,
    structureAt,
    stringsAt,
    headerBytes,
    17,
    16,
    0,
    strings.length,
    structure.length,
  ]
  for (const [i, value] of header.entries()) view.setUint32(i * 4, value)
  blob.set(structure, structureAt)
  blob.set(strings, stringsAt)
  return blob
}
