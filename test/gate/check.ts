import { checkSteps, runStep } from './steps.ts'

/** `npm run check`: stops at the first step that fails, since later ones would repeat its errors. */
export async function main(): Promise<number> {
  for (const step of checkSteps) {
    console.log(`check: ${step.name}`)
    if (!(await runStep(step))) {
      console.log(`check: ${step.name} failed`)
      return 1
    }
  }
  console.log('check: all passed')
  return 0
}
