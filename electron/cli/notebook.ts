import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { nearestName } from '../../shared/base/nearest.ts'
import { ProblemError } from '../../shared/base/result.ts'
import { parseNotebook } from '../../shared/model/notebook.ts'
import { packageRoot, packageVersion } from '../base/package-root.ts'
import { runCells } from '../lab/notebook/compose.ts'
import { notebookHtml } from '../lab/notebook/html.ts'
import { pagePdf } from '../lab/notebook/pdf.ts'
import { brokenCells, sealed } from '../lab/notebook/seal.ts'
import { readInput, writeOutput } from './files.ts'
import { openExisting, runReference } from './session.ts'
import { exits, type Terminal, UsageError, type Verb } from './verb.ts'

const actions: Record<string, (file: string, runs: string[], terminal: Terminal) => Promise<void>> = {
  /** A new notebook; never over a file that is there, since somebody may have written in it. */
  async new(file, runs, terminal) {
    if (runs.length === 0)
      throw new UsageError('notebook new needs a run', `Write notebook new ${file} lab.switchyard#1.`)
    if (existsSync(file))
      throw new ProblemError(file, 'it is there already', 'Choose another name, or use notebook add.')
    const made = `Written by Switchyard ${packageVersion()} on ${hostname()}, ${new Date().toISOString()}.`
    await write(file, `# Notebook\n\n${made}\n`, runs, terminal)
  },
  async add(file, runs, terminal) {
    if (runs.length === 0)
      throw new UsageError('notebook add needs a run', `Write notebook add ${file} lab.switchyard#1.`)
    await write(file, readInput(file).toString('utf8'), runs, terminal)
  },
  async seal(file, runs, terminal) {
    if (runs.length > 0) throw new UsageError('notebook seal takes one file', 'Leave out what follows FILE.')
    await write(file, readInput(file).toString('utf8'), [], terminal)
  },
  /** Reads the notebook only: what was run is in it. */
  async export(file, [to, ...more], terminal) {
    if (to === undefined || more.length > 0)
      throw new UsageError(
        'notebook export needs one file to write',
        `Write notebook export ${file} page.html.`,
      )
    const bytes = readInput(file)
    const text = bytes.toString('utf8')
    const cells = parseNotebook(text, file)
    const broken = brokenCells(bytes)
    const made = { version: packageVersion(), host: hostname(), at: new Date() }
    const html = notebookHtml(cells, text, broken && broken.length === 0, made)
    const page = to.endsWith('.pdf') ? await printed(html, terminal) : Buffer.from(html)
    writeOutput(to, page)
    terminal.out(`${to}: ${page.length} bytes\n`)
  },
}

export const notebook: Verb = {
  name: 'notebook',
  summary:
    'writes runs and their findings into a notebook: a Markdown file that can be verified and run again',
  operands: [
    { name: 'ACTION', doc: 'new, add, seal or export' },
    { name: 'FILE', doc: 'the notebook: a Markdown file' },
    { name: 'A', doc: 'a run to put at its end, FILE#RUN; for export the page to write', optional: true },
    { name: 'B', doc: 'another', optional: true },
  ],
  flags: {},
  notes: [
    'a run is written with its whole experiment, so that the notebook needs no session to be run again.',
    'export writes one HTML page without script, with the notebook in it, or for a name in .pdf a PDF; nothing is run for it.',
    'seal the notebook again after you have edited it; `verify-notebook` says what was changed since.',
  ],
  example: 'notebook new findings.md lab.switchyard#1 lab.switchyard#2',
  async run(args, terminal) {
    const [name, file, ...runs] = args.operands as [string, string, ...string[]]
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) {
      const near = nearestName(name, Object.keys(actions))
      throw new UsageError(
        `notebook cannot '${name}'`,
        near ? `Did you mean ${near}?` : 'Actions are new, add, seal and export.',
      )
    }
    await action(file, runs, terminal)
    return exits.ran
  },
}

/** Ctrl+C ends the browser too, and then nothing is written. */
function printed(html: string, terminal: Terminal): Promise<Buffer> {
  const cancel = new AbortController()
  void terminal.interrupted.then(() => cancel.abort())
  return pagePdf(html, terminal.env.CHROMIUM ?? '/usr/bin/chromium', cancel.signal)
}

async function write(file: string, text: string, runs: string[], terminal: Terminal): Promise<void> {
  let whole = sealless(text, file)
  for (const run of runs) whole += `\n${await cellsOf(run)}`
  const cells = parseNotebook(whole, file)
  writeOutput(file, Buffer.from(sealed(cells)))
  terminal.out(`${file}: ${cells.length} cells, sealed\n`)
}

function sealless(text: string, file: string): string {
  const kept = parseNotebook(text, file).filter(({ kind }) => kind !== 'seal')
  const whole = kept.map(({ source }) => source).join('')
  return whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`
}

async function cellsOf(reference: string): Promise<string> {
  const { file, run } = runReference(reference)
  const lab = await openExisting(file)
  try {
    return await runCells(lab, join(packageRoot(), 'resources'), file, run)
  } finally {
    await lab.close()
  }
}
