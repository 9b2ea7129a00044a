import { Explorer } from '../../electron/machine/sync/explore.ts'
import { TestMachine, type TestMachineOptions } from './machine.ts'

/** Every legal result of what `run` does with a machine, without repetitions, in order; and how many executions there are. */
export function explored<T extends readonly (bigint | number | string)[]>(
  options: TestMachineOptions,
  run: (machine: TestMachine) => T,
): { results: T[]; executions: number } {
  const explorer = new Explorer()
  const results = new Map<string, T>()
  let executions = 0
  const once = (): T => run(new TestMachine({ ...options, sync: 'explore', chooser: explorer }))
  for (const result of explorer.executions(once, 10_000)) {
    executions++
    results.set(result.join(), result)
  }
  return { results: [...results].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, r]) => r), executions }
}
