import { Damaged } from './failures.ts'

/** SQLite's integers are signed; ours are unsigned below 2^64. The same 64 bits, converted here and nowhere else. */

export const toStored = (value: bigint): bigint => BigInt.asIntN(64, value)
export const fromStored = (value: bigint): bigint => BigInt.asUintN(64, value)

/** A count, a cycle or an index that came as bigint from a statement with safe integers; exact, since below 2^53. */
export const toNumber = (value: bigint): number => Number(value)

/** What a column of JSON holds. @throws Damaged */
export function fromJson<T>(text: string, revive?: (key: string, part: unknown) => unknown): T {
  try {
    return JSON.parse(text, revive) as T
  } catch (error) {
    throw new Damaged((error as Error).message)
  }
}

/** Host nanoseconds are sampled and may have a fraction; the store keeps whole ones. */
export const toWhole = (value: number): number => Math.round(value)
