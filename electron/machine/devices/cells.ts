/** First 32-bit cell of each device in the machine's device words (Views.deviceCells). */
export const deviceCell = { UART: 0, RTC: 32, SEMIHOSTING_ERRNO: 64 } as const
