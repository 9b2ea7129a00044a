import { type Choice, type ChoiceKind, type Chooser, NEVER } from './chooser.ts'

/** One decision of an execution: which of its alternatives was taken. */
export interface Decision {
  kind: ChoiceKind
  register: string
  /** Instruction count of the PE that decided. */
  position: number
  alternatives: number
  taken: number
}

/** More executions than the limit, or a bounded list of the machine full: the set would not be complete. */
export class ExploreLimit extends Error {}

/**
 * Enumerates executions depth-first. It is the chooser of a machine that is run again and again from one state: each run
 * repeats the decisions of the last one up to some point, takes the next alternative there and the first one from there on.
 */
export class Explorer implements Chooser {
  /** The decisions of the current execution. */
  readonly decisions: Decision[] = []
  private depth = 0
  /** Whole executions before the current one. */
  private executed = 0
  /** The latest use of a register: one instruction's uses of it are one. */
  private used = { register: '', instruction: -1 }
  private readonly first: readonly number[]

  /**
   * @param first what the decisions of the first execution take, in order; the first alternative where there are more. With
   * what `taken` said of an execution this is that execution again.
   */
  constructor(first: readonly number[] = []) {
    this.first = first
  }

  /** What the decisions of the current execution took. */
  get taken(): number[] {
    return this.decisions.map(({ taken }) => taken)
  }

  delay(): number {
    return NEVER
  }

  choose({ kind, register, keys, instruction }: Choice): number {
    if (kind === 'write-used') {
      const { used } = this
      if (used.register === register && used.instruction === instruction) return 0
      this.used = { register, instruction }
    }
    const alternatives = keys.flatMap((key, i) => (keys.indexOf(key) === i ? [i] : []))
    if (this.depth === this.decisions.length) {
      const taken = this.executed === 0 ? (this.first[this.depth] ?? 0) : 0
      if (taken >= alternatives.length) throw new Error('the decisions to replay are of another machine')
      this.decisions.push({ kind, register, position: instruction, alternatives: alternatives.length, taken })
    }
    return alternatives[this.decisions[this.depth++]!.taken]!
  }

  overflow(): void {
    throw new ExploreLimit('more writes or faults are pending at once than a PE keeps')
  }

  /**
   * Every execution of a machine; may be asked for again, with another program.
   * @param run brings the machine to its first state and runs it; its result is what is yielded
   * @param limit runs at most
   * @throws ExploreLimit where the set cannot be complete
   */
  *executions<T>(run: () => T, limit: number): Generator<T> {
    this.decisions.length = 0
    for (this.executed = 0; ; this.executed++) {
      if (this.executed === limit) throw new ExploreLimit(`there are more than ${limit} executions`)
      this.depth = 0
      this.used = { register: '', instruction: -1 }
      yield run()
      if (!this.advance()) return
    }
  }

  /** To the next execution. @returns false when there is none */
  private advance(): boolean {
    const { decisions } = this
    for (let last = decisions.at(-1); last !== undefined; last = decisions.at(-1)) {
      if (++last.taken < last.alternatives) return true
      decisions.pop()
    }
    return false
  }
}
