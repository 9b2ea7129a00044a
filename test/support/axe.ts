import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/**
 * What axe has against the page as it stands: rule, how many places, and the first of them. Empty when it has nothing. The
 * script goes in through the debugger, so the page's content security policy stays what it is.
 */
export function accessibilityProblems(page: Page): Promise<string[]> {
  return problems(page, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    // One page of an application: landmarks and a first heading of their own are for documents.
    rules: { region: { enabled: false }, 'page-has-heading-one': { enabled: false } },
  })
}

/** The same for the contrast of text alone, which is what a theme can break. */
export const contrastProblems = (page: Page): Promise<string[]> =>
  problems(page, { runOnly: ['color-contrast'] })

interface Axe {
  run(
    context: Document,
    options: object,
  ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>
}

async function problems(page: Page, options: object): Promise<string[]> {
  await page.evaluate(`globalThis.axe ?? (() => { ${source} })()`)
  return page.evaluate(async (how) => {
    const { violations } = await (window as unknown as { axe: Axe }).axe.run(document, how)
    return violations.map(
      ({ id, nodes }) =>
        `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 160)} ${nodes[0]?.failureSummary ?? ''}`,
    )
  }, options)
}
