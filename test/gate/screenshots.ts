import { checkSteps, runStep } from './steps.ts'

/** `npm run screenshots [-- NAME]`: pictures of every view, in out/screens, for a person to look at. */
export async function main(args: string[]): Promise<number> {
  const build = checkSteps.find((step) => step.name === 'build')!
  const shoot = { name: 'screenshots', script: 'test/e2e/renderer-screens.ts', args }
  return (await runStep(build)) && (await runStep(shoot)) ? 0 : 1
}
