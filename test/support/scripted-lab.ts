import { fail, ok } from '../../shared/base/result.ts'
import type { CallName, Calls, EventName, Events, LabApi } from '../../shared/contract/calls.ts'

export interface ScriptedLab extends LabApi {
  /** What was asked, in order. */
  calls: { name: CallName; args: unknown }[]
  announce<E extends EventName>(name: E, payload: Events[E]): void
  /** How many listeners there are: none may be left behind. */
  listeners(): number
}

/** A lab whose answers a test of a host lays down; calls without one answer with a problem. */
export function scriptedLab(
  answers: { [C in CallName]?: (args: Calls[C]['args']) => Calls[C]['reply'] },
): ScriptedLab {
  const listening = new Map<EventName, Set<(payload: never) => void>>()
  const calls: ScriptedLab['calls'] = []
  return {
    calls,
    async call(name, args) {
      calls.push({ name, args })
      const answer = answers[name]
      return answer ? ok(answer(args)) : fail(name, 'the scripted lab has no answer', 'Lay one down.')
    },
    on(name, listener) {
      const set = listening.get(name) ?? new Set()
      listening.set(name, set.add(listener as (payload: never) => void))
      return () => void set.delete(listener as (payload: never) => void)
    },
    announce(name, payload) {
      for (const listener of listening.get(name) ?? []) listener(payload as never)
    },
    listeners: () => [...listening.values()].reduce((sum, set) => sum + set.size, 0),
  }
}
