import type { ViolationKind } from '../../../shared/model/findings.ts'
import { type Owner, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import { NOBODY, type RawStep, trailOf } from './steps.ts'
import type { Violation } from './violation.ts'

/** A violation whose steps are still words. */
interface Found {
  readonly kind: ViolationKind
  readonly register: string
  readonly owner: Owner
  readonly other: Owner | null
  readonly steps: readonly (RawStep | null | undefined)[]
}

export type FindingsState = readonly Found[]

/** What was found, each kind, register and pair of owners once, and that something could not be judged. */
export class Findings {
  private found: Found[] = []
  unknownOwner = false

  /** @param other NOBODY where no owner is known @param steps the causal chain, in any order */
  add(
    kind: ViolationKind,
    register: string,
    owner: Owner,
    other: Owner | null,
    steps: readonly (RawStep | null | undefined)[],
  ): void {
    if (owner === UNKNOWN_OWNER || other === UNKNOWN_OWNER) {
      this.unknownOwner = true
      return
    }
    const side = other === NOBODY ? null : other
    const known = (found: Found): boolean =>
      found.kind === kind && found.register === register && found.owner === owner && found.other === side
    if (!this.found.some(known)) this.found.push({ kind, register, owner, other: side, steps })
  }

  /** Lengthens the chain of what was found of an owner: what came of it. */
  extend(kind: ViolationKind, owner: Owner, step: RawStep): void {
    this.found = this.found.map((found) =>
      found.kind === kind && found.owner === owner ? { ...found, steps: [...found.steps, step] } : found,
    )
  }

  list(): Violation[] {
    return this.found.map(({ steps, ...found }) => ({ ...found, trail: trailOf(steps) }))
  }

  save(): FindingsState {
    return [...this.found]
  }

  restore(saved: FindingsState): void {
    this.found = [...saved]
  }
}
