import type { Pe } from '../board/pe.ts'
import { clock } from '../board/shared-memory.ts'
import type { RawStep } from './steps.ts'

/** Where a PE stands, as steps of a trail. */
export class Place {
  private readonly pe: Pe

  constructor(pe: Pe) {
    this.pe = pe
  }

  /** The instruction under way. */
  step(text: string): RawStep {
    const { core } = this.pe
    const { pe, pc, el, word, instructions } = core
    return { pe, position: instructions - 1, moment: this.executed() - 1, pc, el, word, text }
  }

  /** The instruction that is about to run; its word is not known yet. */
  next(text: string): RawStep {
    const { instructions } = this.pe.core
    return { ...this.step(text), position: instructions, moment: this.executed(), word: null }
  }

  /** An exception entry. @param retired its instruction counts as executed */
  exception(text: string, asynchronous: boolean, retired: boolean): RawStep {
    if (asynchronous) return this.next(text)
    return { ...this.step(text), position: this.pe.core.instructions - (retired ? 1 : 0) }
  }

  /** Instructions that all PEs have executed, the one under way among them. */
  private executed(): number {
    return Number(this.pe.views.clock[clock.INSTRUCTIONS]!) + this.pe.engine.executed()
  }
}
