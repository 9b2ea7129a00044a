import { defineStore } from 'pinia'
import type { RunId } from '../../../shared/model/run.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

/** Two sides that are compared, and the distribution of their switches' latencies. */
export const useComparison = defineStore('comparison', () => {
  const comparison = question((sides: { a: RunId[]; b: RunId[]; least: number }) =>
    lab.call('run.compare', sides),
  )
  const latency = () =>
    question((run: RunId) =>
      lab.call('run.distribution', { run, range: null, bins: 50, pe: null, vcpu: null }),
    )
  const [latencyA, latencyB] = [latency(), latency()]

  async function load(a: RunId[], b: RunId[], least: number): Promise<void> {
    const before = comparison.args.value
    if (before?.a.join() !== a.join() || before.b.join() !== b.join()) {
      for (const each of [comparison, latencyA, latencyB]) each.forget()
    }
    await Promise.all([comparison.ask({ a, b, least }), latencyA.ask(a[0]!), latencyB.ask(b[0]!)])
  }

  return { comparison, latencyA, latencyB, load }
})
