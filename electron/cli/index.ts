import { asm } from './asm.ts'
import { boot } from './boot.ts'
import { compare } from './compare.ts'
import { dis } from './dis.ts'
import { explore } from './explore.ts'
import { helpVerb } from './help.ts'
import { reportError, runCommand } from './main.ts'
import { measure } from './measure.ts'
import { museum } from './museum.ts'
import { mutate } from './mutate.ts'
import { notebook } from './notebook.ts'
import { policy } from './policy.ts'
import { replay } from './replay.ts'
import { review } from './review.ts'
import { run } from './run.ts'
import { saveVmVerb } from './save-vm.ts'
import { serve } from './serve.ts'
import { sessionVerb } from './session-verb.ts'
import { start } from './start.ts'
import { flush, processTerminal } from './terminal.ts'
import type { Verb } from './verb.ts'
import { verify } from './verify.ts'
import { verifyNotebook } from './verify-notebook.ts'
import { version } from './version.ts'

const verbs: Verb[] = [
  start,
  run,
  serve,
  boot,
  asm,
  dis,
  verify,
  explore,
  replay,
  policy,
  review,
  compare,
  measure,
  notebook,
  verifyNotebook,
  mutate,
  museum,
  saveVmVerb,
  sessionVerb,
  version,
]
const help = helpVerb(verbs)

const args = process.argv.slice(2)
const terminal = processTerminal()
process.on('uncaughtException', (error) => process.exit(reportError(error, args, terminal)))
const status = await runCommand([...verbs, help], args, terminal)
await flush()
process.exit(status)
