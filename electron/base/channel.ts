/** The one IPC channel of the desktop window: messages of shared/contract/wire.ts, both ways. */
export const CHANNEL = 'switchyard'
