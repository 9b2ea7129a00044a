// node test/gate/run.mjs NAME [ARGUMENTS]: one entry for the project's scripts, readable by an old Node.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { continueUnderNode24, isNewEnough } from '../../electron/cli/node-24.mjs'

const script = fileURLToPath(import.meta.url)
const root = dirname(dirname(dirname(script)))
const [name, ...args] = process.argv.slice(2)

if (isNewEnough()) {
  process.chdir(root)
  // Tests start thousands of worker threads from the sources: each finds them compiled, which takes a third off a short run.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compile')
  const { main } = await import(`./${name}.ts`)
  process.exitCode = await main(args)
} else {
  continueUnderNode24(root, script, [name, ...args])
}
