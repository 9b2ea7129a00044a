import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../base/package-root.ts'
import { firstSentence, policyList } from './policy-list.ts'

it.each([
  [
    '# a\n\nAs **mainline**, but\nthe exit ISB is left out. It shows H1.\n',
    'As mainline, but the exit ISB is left out.',
  ],
  ['# a\n\nFollows `Linux 6.12`, not 7.0\n', 'Follows Linux 6.12, not 7.0'],
  ['# a\n\nDiffers so: The rest.\n', 'Differs so: The rest.'],
  ['# a\n', ''],
])('takes the first sentence of %j', (prose, line) => expect(firstSentence(prose)).toBe(line))

it('lists the bundled policies, mainline first', () => {
  const policies = policyList(join(packageRoot(), 'resources'))
  expect(policies[0]?.name).toBe('mainline')
  for (const policy of policies) expect(policy.line, policy.name).not.toBe('')
})
