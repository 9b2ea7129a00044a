import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseInline, parseMarkdown } from './markdown.ts'

it('reads headings, paragraphs, lists, code, quotes and tables', () => {
  const text =
    '# A\n\none\ntwo\n\n- x\n  more\n- `y`\n\n3. z\n\n```\nmsr gcr_el1, x6\n```\n> said\n\n| a | b |\n|---|---|\n| 1 | **2** |\n'
  expect(parseMarkdown(text)).toEqual([
    { kind: 'heading', level: 1, parts: [{ kind: 'text', text: 'A' }] },
    { kind: 'paragraph', parts: [{ kind: 'text', text: 'one two' }] },
    {
      kind: 'list',
      ordered: false,
      start: 1,
      items: [[{ kind: 'text', text: 'x more' }], [{ kind: 'code', text: 'y' }]],
    },
    { kind: 'list', ordered: true, start: 3, items: [[{ kind: 'text', text: 'z' }]] },
    { kind: 'code', text: 'msr gcr_el1, x6' },
    { kind: 'quote', parts: [{ kind: 'text', text: 'said' }] },
    {
      kind: 'table',
      head: [[{ kind: 'text', text: 'a' }], [{ kind: 'text', text: 'b' }]],
      rows: [[[{ kind: 'text', text: '1' }], [{ kind: 'strong', text: '2' }]]],
    },
  ])
})

it('leaves register names alone and reads emphasis', () => {
  expect(parseInline('TFSR_EL1 and GCR_EL1, *not* SCTLR_EL2')).toEqual([
    { kind: 'text', text: 'TFSR_EL1 and GCR_EL1, ' },
    { kind: 'emphasis', text: 'not' },
    { kind: 'text', text: ' SCTLR_EL2' },
  ])
})

it('ends on any input, and keeps the words of plain lines', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('#', '- ', '1. ', '|', '|-|', '```', '> ', '`', '**', '\n', 'a ', '[a](b)', '<b>'),
      ),
      (parts) => {
        const text = parts.join('')
        const all = JSON.stringify(parseMarkdown(text))
        if (!text.includes('```') && !text.includes('|') && text.includes('<b>')) expect(all).toContain('<b>')
      },
    ),
    { seed: 4 },
  ))
