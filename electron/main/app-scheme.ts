import { protocol } from 'electron'
import { securityHeaders, staticFile } from '../base/static-files.ts'

export const PAGE_ORIGIN = 'app://switchyard'
export const PAGE_URL = `${PAGE_ORIGIN}/index.html`

/**
 * The renderer comes over a scheme of our own rather than from file:, which has no headers (no cross-origin isolation, a
 * policy only by <meta>), an opaque origin, and a view of the whole disk. Must run before the app is ready.
 */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

/** @param renderer absolute folder of the built renderer. Call when the app is ready. */
export function serveAppScheme(renderer: string): void {
  const headers = securityHeaders(null)
  protocol.handle('app', async (request) => {
    const { host, pathname } = new URL(request.url)
    const file =
      host === 'switchyard' && request.method === 'GET' ? await staticFile(renderer, pathname) : null
    if (!file) return new Response('no such file\n', { status: 404, headers })
    return new Response(file.bytes, { headers: { ...headers, 'content-type': file.contentType } })
  })
}
