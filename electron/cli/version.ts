import { packageVersion } from '../base/package-root.ts'
import { jsonLine } from './json.ts'
import { exits, type Verb } from './verb.ts'

export const version: Verb = {
  name: 'version',
  summary: 'prints the version',
  operands: [],
  flags: { json: { doc: 'print one JSON object on one line' } },
  example: 'version',
  async run(args, terminal) {
    const versions = { switchyard: packageVersion(), node: process.versions.node }
    terminal.out(
      args.has('json') ? jsonLine(versions) : `switchyard ${versions.switchyard} (Node ${versions.node})\n`,
    )
    return exits.ran
  },
}
