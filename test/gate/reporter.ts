import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

declare module 'vitest' {
  interface TaskMeta {
    /** A line for the end of the run: what a test has counted. */
    report?: string
  }
}

/** What one vitest run came to; the runner adds several of these up. */
export interface Tally {
  passed: number
  failed: number
  skipped: { name: string; reason: string }[]
  reports: string[]
}

/** Counts tests, files that could not be loaded and errors outside any test, and writes them where TALLY_FILE says. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tally: Tally = { passed: 0, failed: unhandled.length, skipped: [], reports: [] }
    for (const module of modules) {
      const tests = [...module.children.allTests()]
      const suiteErrors = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0).length
      if (module.errors().length > 0) tally.failed++
      tally.failed += suiteErrors
      for (const test of tests) count(test, tally)
    }
    const file = process.env.TALLY_FILE
    if (file) writeFileSync(file, JSON.stringify(tally))
  }
}

function count(test: TestCase, tally: Tally): void {
  const { report } = test.meta()
  if (report !== undefined) tally.reports.push(report)
  const result = test.result()
  if (result.state === 'passed') tally.passed++
  else if (result.state === 'failed' || result.state === 'pending') tally.failed++
  else {
    const name = `${relative(process.cwd(), test.module.moduleId)} > ${test.fullName}`
    tally.skipped.push({ name, reason: result.note ?? 'no reason given' })
  }
}
