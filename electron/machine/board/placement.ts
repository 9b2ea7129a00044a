import { hex } from '../../../shared/base/hex.ts'
import { ProblemError } from '../../../shared/base/result.ts'
import { RAM_BASE } from './map.ts'
import { markWritten, type Views } from './shared-memory.ts'

export const alignUp = (address: number, to: number): number => Math.ceil(address / to) * to

/** Address behind the last byte of RAM. */
export const endOfRam = (views: Views): number => RAM_BASE + views.ramBytes

/**
 * Refuses what would not lie in RAM as a whole.
 * @param place the file and the part of it, for the message
 * @param bytes what it takes in memory
 * @throws ProblemError
 */
export function mustFit(views: Views, place: string, address: number, bytes: number, remedy: string): void {
  if (address >= RAM_BASE && address + bytes <= endOfRam(views)) return
  throw new ProblemError(
    place,
    `it lies outside the board's memory, ${hex(RAM_BASE)} to ${hex(endOfRam(views))}`,
    remedy,
  )
}

export function putBytes(views: Views, address: number, bytes: Uint8Array): void {
  views.ram8.set(bytes, address - RAM_BASE)
  markWritten(views.codePages, address - RAM_BASE, bytes.length)
}
