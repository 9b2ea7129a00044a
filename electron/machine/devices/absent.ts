import { VIRTIO_BASE, VIRTIO_SIZE, VIRTIO_SLOTS } from '../board/map.ts'
import type { Device } from './bus.ts'

/**
 * What QEMU's virt board has and this one has not, though programs for that board look there without asking the device tree:
 * each answers as the part does when there is nothing in it, and ignores writes.
 */
const empty: readonly { name: string; base: number; size: number; ones?: true }[] = [
  { name: 'flash', base: 0, size: 0x0800_0000 },
  { name: 'fw-cfg', base: 0x0902_0000, size: 0x18 },
  { name: 'pl061', base: 0x0903_0000, size: 0x1000 },
  // A PCI configuration or memory read that no function answers is all ones.
  { name: 'pcie-mmio', base: 0x1000_0000, size: 0x2eff_0000, ones: true },
  { name: 'pcie-pio', base: 0x3eff_0000, size: 0x1_0000, ones: true },
  { name: 'pcie-ecam', base: 0x40_1000_0000, size: 0x1000_0000, ones: true },
  { name: 'pcie-mmio-high', base: 0x80_0000_0000, size: 0x80_0000_0000, ones: true },
]

const MAGIC = 0x7472_6976n
const LEGACY_VERSION = 1n
const VENDOR = 0x554d_4551n

/**
 * The slots of virtio-mmio, all without a device: magic value, version, DeviceID 0, and QEMU's vendor; the rest reads as
 * zero (Virtual I/O Device 1.2, 4.2.2: a driver ignores a DeviceID of 0).
 */
const virtioSlots: Device = {
  name: 'virtio-mmio',
  base: VIRTIO_BASE,
  size: VIRTIO_SLOTS * VIRTIO_SIZE,
  narrow: true,
  read(offset) {
    const at = offset % VIRTIO_SIZE
    if (at === 0) return MAGIC
    if (at === 4) return LEGACY_VERSION
    return at === 0xc ? VENDOR : 0n
  },
  write() {},
}

export const absentDevices: readonly Device[] = [
  virtioSlots,
  ...empty.map(({ name, base, size, ones }) => ({
    name,
    base,
    size,
    read: (_offset: number, bytes: number) => (ones ? (1n << BigInt(bytes * 8)) - 1n : 0n),
    write() {},
  })),
]
