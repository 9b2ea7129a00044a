import { join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { saveVm } from '../lab/save-vm.ts'
import { readInput, writeOutput } from './files.ts'
import { jsonLine } from './json.ts'
import { exits, UsageError, type Verb } from './verb.ts'

export const saveVmVerb: Verb = {
  name: 'save-vm',
  summary: 'runs an experiment whose host saves its first VM, for another run to go on with it',
  operands: [{ name: 'FILE', doc: 'an experiment with host.saveAt: JSON with comments' }],
  flags: {
    out: { value: 'VM', doc: 'the file to save to; another experiment names it as host.restore' },
    set: {
      value: 'PATH=VALUE',
      repeats: true,
      doc: 'override a value of the experiment, such as host.saveAt=2',
    },
    json: { doc: 'print one JSON object on one line' },
  },
  example: 'save-vm resources/experiments/contract-migrate.json --out v0.vm',
  async run(args, terminal) {
    const file = args.operands[0]!
    const out = args.value('out')
    if (!out) throw new UsageError('save-vm needs --out: where to save', 'Write --out v0.vm.')
    for (const set of args.values('set')) {
      if (!/^[^=]+=/.test(set)) throw new UsageError(`--set ${set} has no value`, 'Write --set PATH=VALUE.')
    }
    const text = readInput(file).toString('utf8')
    const saved = await saveVm(text, file, args.values('set'), join(packageRoot(), 'resources'))
    writeOutput(out, saved.bytes)
    if (args.has('json')) {
      const { bytes, ...rest } = saved
      terminal.out(jsonLine({ file: out, bytes: bytes.length, ...rest }))
    } else {
      terminal.out(`${saved.console}saved ${saved.bytes.length} bytes to ${out}\n`)
    }
    return exits.ran
  },
}
