import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ProblemError } from '../../../shared/base/result.ts'

const LIMIT_MS = 60_000

/**
 * Prints a page by a Chromium without a window, in a profile of its own.
 * @param chromium its program
 * @throws ProblemError where there is none, or it writes nothing within a minute
 */
export async function pagePdf(html: string, chromium: string, signal: AbortSignal): Promise<Buffer> {
  if (!existsSync(chromium))
    throw new ProblemError(
      chromium,
      'there is no such browser, and PDF is printed by one',
      'Install Chromium, name it in CHROMIUM, or export a .html page and print that.',
    )
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-print-'))
  const [page, pdf] = [join(folder, 'page.html'), join(folder, 'page.pdf')]
  // Chromium's sandbox does not start for root, as in containers; the page has no script to run in it.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const args = [
    '--headless',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-pdf-header-footer',
    `--user-data-dir=${join(folder, 'profile')}`,
    `--print-to-pdf=${pdf}`,
    ...root,
    pathToFileURL(page).href,
  ]
  try {
    writeFileSync(page, html)
    const failure = await new Promise<Error | null>((resolve) =>
      execFile(chromium, args, { timeout: LIMIT_MS, killSignal: 'SIGKILL', signal }, resolve),
    )
    if (!existsSync(pdf))
      throw new ProblemError(
        chromium,
        `it printed nothing${failure ? `: ${failure.message.split('\n')[0]}` : ''}`,
        'Export a .html page and print that.',
      )
    return readFileSync(pdf)
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
