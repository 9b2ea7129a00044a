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
export const RAM_BASE = 0x4000_0000

/** Interrupt number of the PL011 in the device tree (SPI 1). */
export const UART_SPI = 1
