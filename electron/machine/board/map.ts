/** Physical memory map of the board: that of `qemu-system-aarch64 -M virt`, for what exists here. */
export const UART_BASE = 0x0900_0000
export const UART_SIZE = 0x1000
export const RAM_BASE = 0x4000_0000

/** Interrupt number of the PL011 in the device tree (SPI 1). */
export const UART_SPI = 1
