/** What must and must not compile of the contract between workspace and lab. Checked by `npm run check`; never run. */
import type { Handlers, LabApi } from '../../shared/contract/calls.ts'
import type { FromLab, ToLab } from '../../shared/contract/wire.ts'

declare const lab: LabApi
declare const handlers: Handlers

export async function calls(): Promise<void> {
  const started = await lab.call('run.start', { text: '{}', name: 'x.json', set: [] })
  // @ts-expect-error a reply is a Result: nobody may use its value before looking at ok
  started.value
  if (started.ok) started.value satisfies number

  // @ts-expect-error there is no such call
  await lab.call('file.delete', {})
  // @ts-expect-error an argument is missing
  await lab.call('run.start', { text: '{}', name: 'x.json' })
  // @ts-expect-error a run is named by its number
  await lab.call('run.stop', { run: '1' })
}

export function events(): void {
  lab.on('run.deleted', ({ run }) => run satisfies number)
  // @ts-expect-error there is no such event
  lab.on('run.vanished', () => {})
  // @ts-expect-error the event carries no such thing
  lab.on('run.deleted', ({ summary }) => summary)
}

const { 'run.list': _dropped, ...incomplete } = handlers
// @ts-expect-error the lab must handle every call
export const missing: Handlers = incomplete

export const hello: ToLab = { kind: 'hello', protocol: 1 }
// @ts-expect-error only the lab replies
export const reply: ToLab = { kind: 'reply', ticket: 1, value: null }
// @ts-expect-error an error of a call is a problem with place, cause and remedy
export const error: FromLab = { kind: 'error', ticket: 1, problem: 'it failed' }
