import type { ChoiceTaken } from '../../../shared/model/findings.ts'
import { type Choice, type Chooser, NEVER } from '../../machine/sync/chooser.ts'

/**
 * The execution that showed a finding: each decision that its witness names is taken as there, every other one takes its first
 * alternative, which is the latest legal moment. Remembers nothing but the use it is at, so that a run can go back under it.
 */
export function followChoices(choices: readonly ChoiceTaken[]): Chooser {
  const taken = new Map(choices.map((one) => [keyOf(one.kind, one.register, one.position), one.taken]))
  let used = ''
  return {
    delay: () => NEVER,
    choose({ kind, register, keys, instruction }: Choice): number {
      const key = keyOf(kind, register, instruction)
      // What one instruction uses twice it sees alike: the first use has settled it.
      if (kind === 'write-used' && used === key) return 0
      if (kind === 'write-used') used = key
      const alternatives = keys.flatMap((each, i) => (keys.indexOf(each) === i ? [i] : []))
      return alternatives[taken.get(key) ?? 0] ?? 0
    },
    overflow() {},
  }
}

const keyOf = (kind: string, register: string, position: number): string => `${kind} ${register} ${position}`
