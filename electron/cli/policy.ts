import { basename, extname, join } from 'node:path'
import { packageRoot } from '../base/package-root.ts'
import { equalPolicies } from '../lab/import/equals.ts'
import { importPolicy } from '../lab/import/import-policy.ts'
import { comparePolicies, showPolicy } from '../lab/policy/compare.ts'
import { policyLines } from '../lab/policy/describe.ts'
import { type PolicyMode, policyModes } from '../lab/policy/image.ts'
import { resolvePolicy } from '../lab/policy/resolve.ts'
import { knownNames } from '../lab/resources.ts'
import { readInput, writeOutput } from './files.ts'
import { jsonLine } from './json.ts'
import { importText, policyDescriptionText, policyDiffsText, policyLinesText } from './policy-text.ts'
import { type Arguments, exits, type Terminal, UsageError, type Verb } from './verb.ts'

type Action = (args: Arguments, terminal: Terminal, resources: string) => Promise<number>

const actions: Record<string, { operands: string[]; run: Action }> = {
  list: {
    operands: [],
    run: async (args, terminal, resources) => {
      const lines = policyLines(resources)
      terminal.out(args.has('json') ? jsonLine({ policies: lines }) : policyLinesText(lines))
      return exits.ran
    },
  },
  show: {
    operands: ['NAME'],
    run: async (args, terminal, resources) => {
      const shown = showPolicy(resources, resolvePolicy(resources, args.operands[1]!), modeFlag(args))
      terminal.out(args.has('json') ? jsonLine(shown) : policyDescriptionText(shown))
      return exits.ran
    },
  },
  diff: {
    operands: ['A', 'B'],
    run: async (args, terminal, resources) => {
      const [, a, b] = args.operands
      const diffs = comparePolicies(
        resources,
        resolvePolicy(resources, a!),
        resolvePolicy(resources, b!),
        modeFlag(args),
      )
      const equal = diffs.every((diff) => diff.equal)
      terminal.out(args.has('json') ? jsonLine({ a, b, equal, modes: diffs }) : policyDiffsText(diffs))
      return exits.ran
    },
  },
  import: {
    operands: ['FILE'],
    run: async (args, terminal, resources) => {
      const file = args.operands[1]!
      const base = args.value('base') ?? 'mainline'
      const { policies } = knownNames(resources)
      if (!policies.includes(base))
        throw new UsageError(`--base ${base} is no bundled policy`, `They are ${policies.join(', ')}.`)
      const imported = importPolicy(resources, readInput(file).toString('utf8'), basename(file), base)
      const { text } = imported
      const equals = text === null ? [] : equalPolicies(resources, { name: file, text })
      const out = args.value('out')
      if (out !== undefined && extname(out) !== '.inc')
        throw new UsageError(`--out ${out} is no name of a policy`, 'Write --out NAME.inc.')
      if (out !== undefined && text !== null) writeOutput(out, Buffer.from(text))
      terminal.out(
        args.has('json')
          ? jsonLine({ file, equals, ...imported })
          : importText(imported, equals) + (out === undefined && text !== null ? `\n${text}` : ''),
      )
      return text === null ? exits.failed : exits.ran
    },
  },
}

export const policy: Verb = {
  name: 'policy',
  summary: 'lists, shows and compares policies: which save, restore and barrier steps a hypervisor performs',
  operands: [
    { name: 'ACTION', doc: Object.keys(actions).join(', ') },
    { name: 'A', doc: 'a bundled policy, or a policy file (.inc); import: a patch', optional: true },
    { name: 'B', doc: 'diff: the policy to compare A with', optional: true },
  ],
  flags: {
    mode: { value: 'MODE', doc: 'nvhe or vhe; by default what the policies are for' },
    base: {
      value: 'POLICY',
      doc: 'import: what holds for all that the patch does not touch; default mainline',
    },
    out: { value: 'NAME.inc', doc: 'import: where to write the policy; by default it is printed' },
    json: { doc: 'print one JSON object on one line' },
  },
  notes: [
    'policy list             every bundled policy in a line',
    'policy show NAME        its page, switches, the assembled switch path, barriers, counts; the real KVM beside it',
    'policy diff A B         instruction by instruction, with barriers and what it costs',
    'policy import FILE      a patch, a mailbox or a mail that quotes one, as a policy; every line is accounted for',
  ],
  example: 'policy diff v12 mainline',
  async run(args, terminal) {
    const [word = '', ...rest] = args.operands
    const action = Object.hasOwn(actions, word) ? actions[word] : undefined
    if (action === undefined) {
      throw new UsageError(
        `policy has no action '${word}'`,
        `Write policy ${Object.keys(actions).join(', policy ')}.`,
      )
    }
    if (rest.length !== action.operands.length) {
      const wanted = ['policy', word, ...action.operands].join(' ')
      throw new UsageError(
        `policy ${word} takes ${action.operands.join(' and ') || 'no name'}`,
        `Write ${wanted}.`,
      )
    }
    return action.run(args, terminal, join(packageRoot(), 'resources'))
  },
}

/** --mode of a verb; null where it was not given. */
export function modeFlag(args: Arguments): PolicyMode | null {
  const mode = args.value('mode')
  if (mode === undefined) return null
  const found = policyModes.find((one) => one === mode)
  if (found === undefined)
    throw new UsageError(`there is no mode ${mode}`, 'Write --mode nvhe or --mode vhe.')
  return found
}
