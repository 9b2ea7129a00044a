import { readFile, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/**
 * Headers of every answer of both hosts (loopback and the desktop's app: scheme). No inline script or style, nothing from
 * elsewhere; cross-origin isolation.
 *
 * @param socket origin of the WebSocket, since browsers differ on whether 'self' covers it; null without one
 */
export function securityHeaders(socket: string | null): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${socket ? ` ${socket}` : ''}`,
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  }
}

export interface StaticFile {
  bytes: Buffer<ArrayBuffer>
  contentType: string
}

/**
 * One file of the built renderer.
 *
 * @param root     absolute folder
 * @param pathname of a URL, percent-encoded; `/` is index.html
 * @returns null when there is no such file, or the path would leave the folder
 */
export async function staticFile(root: string, pathname: string): Promise<StaticFile | null> {
  const path = decoded(pathname)
  if (path === null || path.includes('\0') || path.includes('\\')) return null
  const file = join(root, path === '/' ? 'index.html' : path)
  if (!file.startsWith(root + sep)) return null
  const type = contentTypes[extname(file)]
  if (!type) return null
  try {
    if (!(await stat(file)).isFile()) return null
    return { bytes: await readFile(file), contentType: type }
  } catch {
    return null
  }
}

function decoded(pathname: string): string | null {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return null
  }
}
