/** Physical memory map of the board: that of `qemu-system-aarch64 -M virt`, for what exists here. */
export const GIC_DISTRIBUTOR_BASE = 0x0800_0000
export const GIC_DISTRIBUTOR_SIZE = 0x1_0000
export const GIC_REDISTRIBUTOR_BASE = 0x080a_0000
/** Bytes of one PE's redistributor: its control frame and its SGI frame, 64 KiB each. */
export const GIC_REDISTRIBUTOR_STRIDE = 0x2_0000
/** What the board reserves for redistributors: more than 16 PEs use. */
export const GIC_REDISTRIBUTOR_SPACE = 0xf6_0000
export const UART_BASE = 0x0900_0000
export const UART_SIZE = 0x1000
export const RTC_BASE = 0x0901_0000
export const RTC_SIZE = 0x1000
export const VIRTIO_BASE = 0x0a00_0000
/** Bytes of one virtio-mmio slot, and how many there are. */
export const VIRTIO_SIZE = 0x200
export const VIRTIO_SLOTS = 32
export const RAM_BASE = 0x4000_0000

/** Shared peripheral interrupts as the device tree counts them: the INTID is 32 more. Each slot of virtio has its own. */
export const UART_SPI = 1
export const RTC_SPI = 2
export const VIRTIO_SPI = 16
