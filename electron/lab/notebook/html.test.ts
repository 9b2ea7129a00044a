import { expect, it } from 'vitest'
import { cellText, parseNotebook } from '../../../shared/model/notebook.ts'
import { notebookHtml } from './html.ts'

const page = (text: string, intact: boolean | null = null) =>
  notebookHtml(parseNotebook(text, 'n.md'), text, intact, { version: '1', host: '<i>h</i>', at: new Date(0) })

it('is a page without script, whatever the document says', () => {
  const evil = '<script>alert(1)</script><img src=x onerror=alert(1)>'
  const fields = { run: evil, 'state-hash': evil, number: '1', kind: evil, register: '"GCR', owner: evil }
  const made = page(
    `# ${evil}\n\n${evil}\n\n[a](javascript:alert(1)) ![b](http://example.com/b.png)\n\n${cellText('finding', fields, `</pre>${evil}`)}`,
  )
  expect(made).not.toMatch(/<script|<img|<i>|href="javascript/i)
  expect(made.match(/<\/pre>/g)).toHaveLength(2)
  expect(made).toContain('&quot;GCR')
  expect(made).toContain("default-src 'none'")
})

it('shows Markdown and cells, and says whether they are as they were sealed', () => {
  const made = page('# Two runs\n\n- one\n', true)
  expect(made).toContain('<title>Two runs</title>')
  expect(made).toContain('<li>one</li>')
  expect(made).toContain('Its seal is whole.')
  expect(page('a', false)).toContain('IT WAS CHANGED')
  expect(made).toContain('1970-01-01T00:00:00.000Z')
})
