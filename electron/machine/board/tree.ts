import type { FeatureChoice } from '../../../shared/arch/features.ts'
import { affinityValue } from '../../../shared/arch/identification-values.ts'
import { PPI } from '../cpu/interrupts.ts'
import { flatten, type Node, type Property } from './fdt.ts'
import {
  GIC_DISTRIBUTOR_BASE,
  GIC_DISTRIBUTOR_SIZE,
  GIC_REDISTRIBUTOR_BASE,
  GIC_REDISTRIBUTOR_SPACE,
  RAM_BASE,
  RTC_BASE,
  RTC_SIZE,
  RTC_SPI,
  UART_BASE,
  UART_SIZE,
  UART_SPI,
  VIRTIO_BASE,
  VIRTIO_SIZE,
  VIRTIO_SLOTS,
  VIRTIO_SPI,
} from './map.ts'

/** What the tree says of a machine besides what every board has. */
export interface BoardOptions {
  pes: number
  ramBytes: number
  features: FeatureChoice
  /** Of /chosen/rng-seed and kaslr-seed: the same seed gives the same run. */
  seed: number
}

/** What a loader adds to /chosen. */
export interface Chosen {
  commandLine?: string | undefined
  /** First address of the initial RAM disk, and the one behind its last byte. */
  initrd?: readonly [start: number, end: number]
}

/** Size of the blob in memory. */
export const TREE_BYTES = 0x1_0000
/** Longest /chosen/bootargs, with room for everything else in the blob. */
export const COMMAND_LINE_MAX = 0x8000

/** The board as a flattened device tree: the nodes of QEMU's virt board for what exists here. */
export function deviceTree(board: BoardOptions, chosen: Chosen = {}): Uint8Array {
  return flatten(boardTree(board, chosen), TREE_BYTES)
}

const GIC = 0x8001
const CLOCK = 0x8000
const CPU = 0x8010
const LEVEL = 4
const EDGE = 1
const SHARED = 0
const PRIVATE = 1

const node = (properties: Record<string, Property>, children: Record<string, Node> = {}): Node => ({
  properties,
  children,
})
const wide = (value: number): number[] => [Math.floor(value / 2 ** 32), value % 2 ** 32]
const region = (base: number, size: number): number[] => [...wide(base), ...wide(size)]
const at = (name: string, address: number): string => `${name}@${address.toString(16)}`
const privateInterrupt = (intid: number): number[] => [PRIVATE, intid - 16, LEVEL]
const UART_NODE = at('pl011', UART_BASE)

function boardTree(board: BoardOptions, chosen: Chosen): Node {
  const el2 = board.features.el2 !== false
  return node(
    {
      'interrupt-parent': [GIC],
      compatible: 'linux,dummy-virt',
      model: 'linux,dummy-virt',
      '#address-cells': [2],
      '#size-cells': [2],
      'dma-coherent': true,
    },
    {
      psci: node({
        compatible: ['arm,psci-1.0', 'arm,psci-0.2', 'arm,psci'],
        method: el2 ? 'smc' : 'hvc',
        cpu_suspend: [0xc4000001],
        cpu_off: [0x84000002],
        cpu_on: [0xc4000003],
        migrate: [0xc4000005],
      }),
      [at('memory', RAM_BASE)]: node({ device_type: 'memory', reg: region(RAM_BASE, board.ramBytes) }),
      cpus: cpus(board.pes),
      timer: node({
        compatible: ['arm,armv8-timer', 'arm,armv7-timer'],
        'always-on': true,
        interrupts: [
          PPI.SECURE_PHYSICAL_TIMER,
          PPI.PHYSICAL_TIMER,
          PPI.VIRTUAL_TIMER,
          PPI.HYPERVISOR_TIMER,
          ...(el2 ? [PPI.HYPERVISOR_VIRTUAL_TIMER] : []),
        ].flatMap(privateInterrupt),
      }),
      [at('intc', GIC_DISTRIBUTOR_BASE)]: interruptController(el2),
      'apb-pclk': node({
        compatible: 'fixed-clock',
        '#clock-cells': [0],
        'clock-frequency': [24_000_000],
        'clock-output-names': 'clk24mhz',
        phandle: [CLOCK],
      }),
      [UART_NODE]: node({
        compatible: ['arm,pl011', 'arm,primecell'],
        reg: region(UART_BASE, UART_SIZE),
        interrupts: [SHARED, UART_SPI, LEVEL],
        clocks: [CLOCK, CLOCK],
        'clock-names': ['uartclk', 'apb_pclk'],
      }),
      [at('pl031', RTC_BASE)]: node({
        compatible: ['arm,pl031', 'arm,primecell'],
        reg: region(RTC_BASE, RTC_SIZE),
        interrupts: [SHARED, RTC_SPI, LEVEL],
        clocks: [CLOCK],
        'clock-names': 'apb_pclk',
      }),
      ...virtioSlots(),
      aliases: node({ serial0: `/${UART_NODE}` }),
      chosen: chosenNode(board.seed, chosen),
    },
  )
}

function cpus(pes: number): Node {
  const nodes: Record<string, Node> = {}
  const cores: Record<string, Node> = {}
  for (let pe = 0; pe < pes; pe++) {
    nodes[`cpu@${pe}`] = node({
      device_type: 'cpu',
      compatible: 'arm,armv8',
      reg: [Number(affinityValue(pe) & 0xff_ffffn)],
      ...(pes > 1 && { 'enable-method': 'psci' }),
      phandle: [CPU + pe],
    })
    cores[`core${pe}`] = node({ cpu: [CPU + pe] })
  }
  const map = node({}, { socket0: node({}, { cluster0: node({}, cores) }) })
  return node({ '#address-cells': [1], '#size-cells': [0] }, { 'cpu-map': map, ...nodes })
}

/** GICv3 without an ITS: this board has no device that would send it messages. */
function interruptController(el2: boolean): Node {
  return node({
    compatible: 'arm,gic-v3',
    phandle: [GIC],
    '#interrupt-cells': [3],
    'interrupt-controller': true,
    '#address-cells': [2],
    '#size-cells': [2],
    ranges: true,
    '#redistributor-regions': [1],
    reg: [
      ...region(GIC_DISTRIBUTOR_BASE, GIC_DISTRIBUTOR_SIZE),
      ...region(GIC_REDISTRIBUTOR_BASE, GIC_REDISTRIBUTOR_SPACE),
    ],
    ...(el2 && { interrupts: privateInterrupt(PPI.GIC_MAINTENANCE) }),
  })
}

function virtioSlots(): Record<string, Node> {
  const nodes: Record<string, Node> = {}
  for (let slot = 0; slot < VIRTIO_SLOTS; slot++) {
    const base = VIRTIO_BASE + slot * VIRTIO_SIZE
    nodes[at('virtio_mmio', base)] = node({
      compatible: 'virtio,mmio',
      reg: region(base, VIRTIO_SIZE),
      interrupts: [SHARED, VIRTIO_SPI + slot, EDGE],
      'dma-coherent': true,
    })
  }
  return nodes
}

function chosenNode(seed: number, { commandLine, initrd }: Chosen): Node {
  return node({
    'stdout-path': `/${UART_NODE}`,
    ...(commandLine && { bootargs: commandLine }),
    ...(initrd && { 'linux,initrd-start': wide(initrd[0]), 'linux,initrd-end': wide(initrd[1]) }),
    'kaslr-seed': drawn(seed, 2),
    'rng-seed': drawn(seed + 1, 8),
  })
}

/** Words from a seed, by the mixing function of splitmix32: no secrets, but the same in every run. */
function drawn(seed: number, words: number): number[] {
  let state = seed | 0
  return Array.from({ length: words }, () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  })
}
