import { placeText, type RawStep } from './steps.ts'
import type { WriteClosing } from './violation.ts'

export type ClosingsState = ReadonlyMap<string, WriteClosing>

/** Which event made each write of a register certain for those who use it. Guests' own writes are their own affair. */
export class Closings {
  private all = new Map<string, WriteClosing>()

  closed(register: string, write: RawStep, event: string, at: RawStep): void {
    const key = `${register} ${write.pc} ${event} ${at.pc}`
    const known = this.all.get(key) ?? {
      register,
      write: placeText(write),
      event,
      by: placeText(at),
      times: 0,
    }
    this.all.set(key, { ...known, times: known.times + 1 })
  }

  list(): WriteClosing[] {
    return [...this.all.values()]
  }

  save(): ClosingsState {
    return new Map(this.all)
  }

  restore(saved: ClosingsState): void {
    this.all = new Map(saved)
  }
}
