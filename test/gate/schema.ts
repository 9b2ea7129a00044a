import { runStep } from './steps.ts'

/** `npm run schema`: writes the JSON schemas of what people write, as the formatter wants them. */
export async function main(): Promise<number> {
  const write = { name: 'write', script: 'electron/lab/experiment-schema.ts', args: [] }
  const biome = 'node_modules/@biomejs/biome/bin/biome'
  const format = { name: 'format', script: biome, args: ['format', '--write', 'resources/schema'] }
  return (await runStep(write)) && (await runStep(format)) ? 0 : 1
}
