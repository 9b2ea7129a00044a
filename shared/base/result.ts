/** What a call across a boundary answers: a value, or an error that a person can act on. Never thrown, never asserted. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: Problem }

/** An error for a person. `place` says where (file:line:column, JSON path, address), `cause` what is wrong, `remedy` what to do. */
export interface Problem {
  place: string
  cause: string
  remedy: string
}

export const ok = <T>(value: T): Result<T> => ({ ok: true, value })
export const fail = (place: string, cause: string, remedy: string): { ok: false; error: Problem } => ({
  ok: false,
  error: { place, cause, remedy },
})

/** A problem that travels as an exception inside one process: thrown by parsers and loaders, caught at the command or call. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(place: string, cause: string, remedy: string) {
    super(`${place}: ${cause}. ${remedy}`)
    this.name = 'ProblemError'
    this.problem = { place, cause, remedy }
  }
}

/** One line of text for a terminal or a log. */
export function describeProblem(problem: Problem): string {
  return `${problem.place}: ${problem.cause}\n  ${problem.remedy}`
}
