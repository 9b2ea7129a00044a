import { instructionText, type RawStep } from './steps.ts'
import type { SwitchBarrier } from './violation.ts'

type Barrier = Omit<SwitchBarrier, 'instruction'> & { readonly word: number }

export interface BarriersState {
  readonly all: ReadonlyMap<bigint, Barrier>
  readonly entered: boolean
}

/** Barriers at EL2 and in the host, each with what it has closed. */
export class Barriers {
  private all = new Map<bigint, Barrier>()
  private entered = false

  /** A guest has been entered: what comes now is no initialisation. */
  guestEntered(): void {
    this.entered = true
  }

  /**
   * @param closes registers that it makes certain
   * @param forSwitch whether the code there acts for the switch
   */
  executed(kind: 'isb' | 'dsb', closes: readonly string[], forSwitch: boolean, { pc, word }: RawStep): void {
    const known = this.all.get(pc) ?? {
      kind,
      pc,
      word: word ?? 0,
      executed: 0,
      useful: 0,
      closed: [],
      switches: false,
    }
    this.all.set(pc, {
      ...known,
      executed: known.executed + 1,
      useful: known.useful + (closes.length > 0 ? 1 : 0),
      closed: [...new Set([...known.closed, ...closes])],
      switches: known.switches || (forSwitch && this.entered),
    })
  }

  list(): SwitchBarrier[] {
    return [...this.all.values()].map(({ word, ...barrier }) => ({
      ...barrier,
      instruction: instructionText(word, barrier.pc),
    }))
  }

  save(): BarriersState {
    return { all: new Map(this.all), entered: this.entered }
  }

  restore({ all, entered }: BarriersState): void {
    this.all = new Map(all)
    this.entered = entered
  }
}
