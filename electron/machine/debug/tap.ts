import type { ChangeCause } from '../../../shared/model/trace.ts'
import type { Mark } from '../observe/marks.ts'
import type { Observer, TagMismatch, Watched } from '../observe/observer.ts'

/** What a debugger hears from one PE. */
export interface Listener {
  touched(name: string, cause: ChangeCause): void
  marked(marks: readonly Mark[]): void
  /** An exception is entered or returned from: the EL may be another after it. */
  levelMayChange(): void
  tagFaulted(mismatch: TagMismatch): void
}

/** Stands between a PE and its recorder, so that a debugger can listen. */
export class Tap implements Observer {
  listener: Listener | null = null
  private readonly recorder: Observer

  constructor(recorder: Observer) {
    this.recorder = recorder
  }

  touch(name: string, cause: ChangeCause): void {
    this.recorder.touch(name, cause)
    this.listener?.touched(name, cause)
  }

  mark(pe: Watched, marks: readonly Mark[]): void {
    this.recorder.mark(pe, marks)
    this.listener?.marked(marks)
  }

  exceptionEntry(...entry: Parameters<Observer['exceptionEntry']>): void {
    this.recorder.exceptionEntry(...entry)
    this.listener?.levelMayChange()
  }

  exceptionReturn(pe: Watched, from: number): void {
    this.recorder.exceptionReturn(pe, from)
    this.listener?.levelMayChange()
  }

  barrier(pe: Watched, kind: 'isb' | 'dsb', cost: number): void {
    this.recorder.barrier(pe, kind, cost)
  }

  trapCost(cost: number): void {
    this.recorder.trapCost(cost)
  }

  draw(pe: Watched, tag: number): void {
    this.recorder.draw(pe, tag)
  }

  tagFault(pe: Watched, mismatch: TagMismatch): void {
    this.recorder.tagFault(pe, mismatch)
    this.listener?.tagFaulted(mismatch)
  }
}
