import MarkdownIt from 'markdown-it'
import type { NotebookCell } from '../../../shared/model/notebook.ts'

/** No HTML of a document gets through, no script or data link either, and images become their text: nothing is fetched. */
const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false }).disable('image')
const escaped = (text: string): string => markdown.utils.escapeHtml(text)

const STYLE = `
:root{color-scheme:light dark}
body{font:15px/1.6 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
pre,code{font:13px/1.5 ui-monospace,monospace}pre{white-space:pre-wrap;overflow-wrap:anywhere}
section{border:1px solid #8a94a0;border-radius:6px;padding:.5rem 1rem;margin:1rem 0}
h3{margin:.25rem 0}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;font-variant-numeric:tabular-nums}
dt{color:#57606a}dd{margin:0;overflow-wrap:anywhere}footer{color:#57606a;margin-top:2rem}
@media(prefers-color-scheme:dark){body{color:#e6e9ed;background:#14171b}dt,footer{color:#a3adb8}a{color:#7cb7ff}}
@media print{section{break-inside:avoid}details{display:none}}`

/**
 * A notebook as one page that needs nothing else: no script, no font, no network, and nothing is run for it. The notebook's
 * own text is in it, so that it can be verified from there.
 * @param intact whether the cells are as they were sealed; null for a notebook without a seal
 */
export function notebookHtml(
  cells: readonly NotebookCell[],
  text: string,
  intact: boolean | null,
  made: { version: string; host: string; at: Date },
): string {
  const title = /^# +(.+)$/m.exec(text)?.[1]?.trim() ?? 'Notebook'
  const state =
    intact === null
      ? 'It has no seal.'
      : intact
        ? 'Its seal is whole.'
        : 'IT WAS CHANGED AFTER IT WAS SEALED.'
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main>
${cells.map(cellHtml).join('\n')}
<details><summary>The notebook's text</summary><pre>${escaped(text)}</pre></details>
</main><footer>Exported by Switchyard ${escaped(made.version)} on ${escaped(made.host)}, ${made.at.toISOString()}. ${state} Nothing was run again for it.</footer>
</body></html>
`
}

function cellHtml({ kind, fields, body }: NotebookCell, index: number): string {
  if (kind === 'markdown') return markdown.render(body)
  if (kind === 'seal') return ''
  const get = (key: string): string => fields.get(key) ?? ''
  const heading =
    kind === 'run'
      ? `Run ${get('run')}: ${get('title')}`
      : `Finding ${get('number')}: ${get('kind')} ${get('register')}`
  const facts = [...fields]
    .map(([key, value]) => `<dt>${escaped(key)}</dt><dd>${escaped(value)}</dd>`)
    .join('')
  const rest =
    kind === 'run'
      ? `<details><summary>Its experiment</summary><pre>${escaped(body)}</pre></details>`
      : `<pre>${escaped(body)}</pre>`
  return `<section id="cell-${index + 1}" aria-label="${escaped(`Cell ${index + 1}`)}"><h3>${escaped(heading)}</h3><dl>${facts}</dl>${rest}</section>`
}
