import { describe, expect, it } from 'vitest'
import { cellText, parseNotebook } from '../../../shared/model/notebook.ts'
import { brokenCells, sealed } from './seal.ts'

const finding = (register: string) =>
  cellText(
    'finding',
    { run: '1', 'state-hash': 'ab', number: '1', kind: 'host-state-lost', register, owner: 'host' },
    'Why.',
  )
const document = `# Résumé\n\n${finding('GCR_EL1')}\nBetween.\n${finding('RGSR_EL1')}`
const text = sealed(parseNotebook(document, 'n.md'))
const sizes = parseNotebook(text, 'n.md').map(({ source }) => Buffer.byteLength(source))

describe('a seal', () => {
  it('stands at the end, and sealing again changes no byte', () => {
    expect(text.startsWith(document)).toBe(true)
    expect(brokenCells(Buffer.from(text))).toEqual([])
    expect(sealed(parseNotebook(text, 'n.md'))).toBe(text)
    expect(brokenCells(Buffer.from(document))).toBe(null)
  })

  it('names the cell of any one byte that was changed', () => {
    const bytes = Buffer.from(text)
    let cell = 0
    let end = sizes[0]!
    for (let at = 0; at < bytes.length; at++) {
      while (at >= end) end += sizes[++cell]!
      const changed = Buffer.from(bytes)
      changed[at] = changed[at]! ^ 1
      const found = brokenCells(changed)
      if (cell === 4 && found === null) continue
      expect([at, found!.map((one) => one.cell)]).toEqual([at, [cell === 4 ? null : cell + 1]])
    }
  })

  it('names it also where a byte was put in or taken out', () => {
    const at = text.indexOf('Between')
    const named = (changed: string) => brokenCells(Buffer.from(changed))!.map(({ cell }) => cell)
    expect(named(`${text.slice(0, at)}x${text.slice(at)}`)).toEqual([3])
    expect(named(text.slice(0, at) + text.slice(at + 1))).toEqual([3])
    expect(named(text.replace(finding('RGSR_EL1'), ''))).toEqual([4])
    expect(named(text.replace(finding('RGSR_EL1'), `${finding('RGSR_EL1')}more\n`))).toEqual([null])
  })
})
