import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Why a request is turned away; null lets it in. */
export type Refusal = { status: 400 | 401 | 403 | 405; reason: string } | null

/**
 * Who may talk to the loopback host. Host must be our own address, so that a page of another site cannot reach us through a
 * name that it points at 127.0.0.1; Origin, where a browser sends one, must be our own page.
 */
export function refuseForeign(request: IncomingMessage, port: number): Refusal {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`]
  const { host, origin } = request.headers
  if (!host || !own.includes(host.toLowerCase()))
    return { status: 403, reason: 'this host serves 127.0.0.1 only' }
  if (origin !== undefined && !own.some((name) => origin === `http://${name}`)) {
    return { status: 403, reason: 'requests from other pages are refused' }
  }
  return null
}

/** @param target the request's path and query */
export function refuseWithoutToken(target: string, token: string): Refusal {
  const given = Buffer.from(new URL(target, 'http://127.0.0.1').searchParams.get('token') ?? '')
  const wanted = Buffer.from(token)
  const same = given.length === wanted.length && timingSafeEqual(given, wanted)
  return same
    ? null
    : { status: 401, reason: 'open the address with its token, as `switchyard serve` printed it' }
}
