import { instructionText, type RawStep } from './steps.ts'
import type { SwitchBarrier } from './violation.ts'

type Barrier = Omit<SwitchBarrier, 'instruction'> & { readonly word: number }

export type BarriersState = ReadonlyMap<bigint, Barrier>

/** Barriers at EL2 and in the host, each with what it has closed. */
export class Barriers {
  private all = new Map<bigint, Barrier>()

  /** @param closes registers that it makes certain */
  executed(kind: 'isb' | 'dsb', closes: readonly string[], { pc, word }: RawStep): void {
    const known = this.all.get(pc) ?? { kind, pc, word: word ?? 0, executed: 0, useful: 0, closed: [] }
    this.all.set(pc, {
      ...known,
      executed: known.executed + 1,
      useful: known.useful + (closes.length > 0 ? 1 : 0),
      closed: [...new Set([...known.closed, ...closes])],
    })
  }

  list(): SwitchBarrier[] {
    return [...this.all.values()].map(({ word, ...barrier }) => ({
      ...barrier,
      instruction: instructionText(word, barrier.pc),
    }))
  }

  save(): BarriersState {
    return new Map(this.all)
  }

  restore(saved: BarriersState): void {
    this.all = new Map(saved)
  }
}
