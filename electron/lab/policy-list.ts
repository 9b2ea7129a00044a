import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PolicyEntry } from '../../shared/model/session.ts'
import { knownNames } from './resources.ts'

/** The bundled policies with their prose; a policy without a page of its own says so. mainline is first. */
export function policyList(resources: string): PolicyEntry[] {
  return knownNames(resources)
    .policies.toSorted((a, b) => Number(b === 'mainline') - Number(a === 'mainline') || a.localeCompare(b))
    .map((name) => {
      const page = join(resources, 'hyp/policies', `${name}.md`)
      const prose = existsSync(page)
        ? readFileSync(page, 'utf8')
        : `# ${name}\n\nNothing is written about it.\n`
      return { name, line: firstSentence(prose), prose }
    })
}

/** The first sentence of a policy's page below its title and the paragraph that names the switch, without emphasis. */
export function firstSentence(prose: string): string {
  const paragraph = prose
    .split(/\n{2,}/)
    .map((part) => part.replace(/\s*\n\s*/g, ' ').trim())
    .find((part) => part !== '' && !/^(#|Changes )/.test(part))
  const plain = (paragraph ?? '').replace(/\*\*|`/g, '')
  return /^(.*?\.)(?=\s[A-Z0-9(]|$)/.exec(plain)?.[1] ?? plain
}
