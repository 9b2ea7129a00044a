import { type Ref, ref, type ShallowRef, shallowRef } from 'vue'
import type { Problem, Result } from '../../shared/base/result.ts'

/** What was asked, what came back, and what went wrong. The last good answer stays while a newer one is on its way. */
export interface Question<A, T> {
  args: ShallowRef<A | null>
  answer: ShallowRef<T | null>
  problem: ShallowRef<Problem | null>
  busy: Ref<boolean>
  /**
   * Asks; an answer that a different question overtook is dropped. The same question while its answer is on its way is
   * asked once more afterwards: a chart that is refreshed faster than it is answered would otherwise never change.
   */
  ask(args: A): Promise<void>
  /** Asks the same again: after an error, or because the lab knows more. */
  again(): Promise<void>
  forget(): void
}

/** @param load the call behind the question; large columns come back whole and are replaced, never patched */
export function question<A, T>(load: (args: A) => Promise<Result<T>>): Question<A, T> {
  const args = shallowRef<A | null>(null)
  const answer = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  let latest = 0
  let repeat = false

  async function ask(next: A): Promise<void> {
    if (busy.value && textOf(next) === textOf(args.value)) {
      repeat = true
      return
    }
    const mine = ++latest
    args.value = next
    busy.value = true
    repeat = false
    const result = await load(next)
    if (mine !== latest) return
    busy.value = false
    problem.value = result.ok ? null : result.error
    if (result.ok) answer.value = result.value
    if (repeat) await ask(next)
  }

  async function again(): Promise<void> {
    if (args.value !== null) await ask(args.value)
  }

  function forget(): void {
    latest++
    repeat = false
    args.value = null
    answer.value = null
    problem.value = null
    busy.value = false
  }

  return { args, answer, problem, busy, ask, again, forget }
}

/** For comparing; addresses are bigints, which JSON has not. */
const textOf = (args: unknown): string =>
  JSON.stringify(args, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
