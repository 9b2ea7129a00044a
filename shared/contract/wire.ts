import type { Problem } from '../base/result.ts'
import type { CallName, EventName } from './calls.ts'

/** Bump with any change of calls, events or encoding; both ends refuse a mismatch. */
export const PROTOCOL = 8

export type ToLab =
  | { kind: 'hello'; protocol: number }
  | { kind: 'call'; ticket: number; name: CallName; args: unknown }

export type FromLab =
  | { kind: 'hello'; protocol: number; version: string }
  | { kind: 'reply'; ticket: number; value: unknown }
  | { kind: 'error'; ticket: number; problem: Problem }
  | { kind: 'event'; name: EventName; payload: unknown }
