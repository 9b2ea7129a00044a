import { describe, expect, it } from 'vitest'
import { ProblemError } from '../base/result.ts'
import { cellText, parseNotebook, printNotebook } from './notebook.ts'

const finding = cellText(
  'finding',
  {
    run: '1',
    'state-hash': 'ab',
    number: '1',
    kind: 'host-state-lost',
    register: 'GCR_EL1',
    owner: '"host"',
  },
  'What it says.\n\n```\nquoted\n```',
)
const text = `# Title\n\nProse with \`\`\`code\`\`\`.\n\n${finding}\n\`\`\`\`text\n\`\`\`switchyard-run\nonly quoted\n\`\`\`\n\`\`\`\`\nend`

const problem = (bad: string) => {
  try {
    parseNotebook(bad, 'n.md')
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  return null
}

/** Small and seeded, so that a failure can be found again. */
const draws = (seed: number) => (below: number) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

describe('a notebook', () => {
  it('is divided into Markdown and cells, and is printed byte for byte', () => {
    const cells = parseNotebook(text, 'n.md')
    expect(cells.map(({ kind, line }) => [kind, line])).toEqual([
      ['markdown', 1],
      ['finding', 5],
      ['markdown', 19],
    ])
    expect(cells[1]!.fields.get('register')).toBe('GCR_EL1')
    expect(cells[1]!.body).toBe('What it says.\n\n```\nquoted\n```\n')
    expect(printNotebook(cells)).toBe(text)
    const windows = text.replaceAll('\n', '\r\n')
    expect(printNotebook(parseNotebook(windows, 'n.md'))).toBe(windows)
  })

  it('says at which line it cannot be read, and what to do', () => {
    expect(problem('a\n```switchyard-run\ntitle: x\n')).toMatchObject({ place: 'n.md:2' })
    expect(problem('```switchyard-fnding\n```\n')?.remedy).toBe('Did you mean finding?')
    expect(problem('```switchyard-run\nTitle\n```\n')).toMatchObject({ place: 'n.md:2' })
    expect(problem('```switchyard-run\nrun: 1\nrun: 2\n```\n')?.cause).toBe('run is there twice')
    expect(problem('```switchyard-finding\nrun: 1\n```\n')?.cause).toBe('the finding cell has no state-hash')
    expect(problem('```switchyard-constructor\n```\n')?.cause).toContain('no "constructor" cells')
    expect(problem('x'.repeat(5 << 20))?.remedy).toBe('Divide the notebook.')
  })

  it('survives 2000 damaged documents: printed as they were, or refused with a place', () => {
    const draw = draws(7)
    const scraps = ['```', '````', '\n', '```switchyard-', 'run', ': ', '\r', '\0', '~~~\n', 'finding\n', 'é']
    let refused = 0
    for (let i = 0; i < 2000; i++) {
      let damaged = text
      for (let n = 1 + draw(4); n > 0; n--) {
        const at = draw(damaged.length)
        damaged = damaged.slice(0, at) + scraps[draw(scraps.length)] + damaged.slice(at + draw(6))
      }
      const found = problem(damaged)
      if (found === null) expect(printNotebook(parseNotebook(damaged, 'n.md'))).toBe(damaged)
      else {
        refused++
        expect(found.place).toMatch(/^n\.md:\d+$/)
      }
    }
    expect(refused).toBeGreaterThan(50)
  })
})
