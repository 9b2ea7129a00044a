import type { Problem } from '../../shared/base/result.ts'
import {
  type CallName,
  type Calls,
  callNames,
  type EventName,
  type LabApi,
} from '../../shared/contract/calls.ts'
import { type FromLab, PROTOCOL } from '../../shared/contract/wire.ts'

/** Every event of the contract; the type checks that none is missing. */
const eventNames = Object.keys({
  'run.started': 0,
  'run.progress': 0,
  'run.console': 0,
  'run.ended': 0,
  'run.checked': 0,
  'run.deleted': 0,
  'machine.moving': 0,
  'session.damaged': 0,
} satisfies Record<EventName, 0>) as EventName[]

/** One client of the lab, whatever carries its messages. */
export interface LabConnection {
  /** Takes a message as it came: nothing about it is trusted. Always answered through `post`, never throws. */
  receive(message: unknown): void
  /** Stops the events. */
  close(): void
}

/**
 * The lab's end of the contract over a message transport: hello first, then calls; events flow from the hello on.
 * A message that is not of the protocol is answered with an error of ticket 0 that says what is wrong.
 */
export function connectLab(lab: LabApi, version: string, post: (message: FromLab) => void): LabConnection {
  let stops: (() => void)[] = []

  function hello(protocol: unknown): void {
    post({ kind: 'hello', protocol: PROTOCOL, version })
    if (protocol !== PROTOCOL || stops.length > 0) return
    stops = eventNames.map((name) => lab.on(name, (payload) => post({ kind: 'event', name, payload })))
  }

  async function call(ticket: number, name: CallName, args: unknown): Promise<void> {
    const result = await lab.call(name, args as Calls[CallName]['args'])
    post(
      result.ok
        ? { kind: 'reply', ticket, value: result.value }
        : { kind: 'error', ticket, problem: result.error },
    )
  }

  return {
    receive(message) {
      if (!isRecord(message)) return post(malformed(0, 'a message must be an object'))
      if (message.kind === 'hello') return hello(message.protocol)
      if (message.kind !== 'call') return post(malformed(0, `unknown kind ${shown(message.kind)}`))
      const { ticket, name, args } = message
      if (typeof ticket !== 'number' || !Number.isSafeInteger(ticket)) {
        return post(malformed(0, `a call's ticket must be an integer, not ${shown(ticket)}`))
      }
      if (stops.length === 0)
        return post(malformed(ticket, `no hello of protocol ${PROTOCOL} came before the call`))
      if (!isCallName(name)) return post(malformed(ticket, `there is no call ${shown(name)}`))
      if (!isRecord(args)) return post(malformed(ticket, `the arguments of ${name} must be an object`))
      void call(ticket, name, args).catch((error: unknown) =>
        post({ kind: 'error', ticket, problem: bug(name, error) }),
      )
    },
    close() {
      for (const stop of stops) stop()
      stops = []
    },
  }
}

export const malformed = (ticket: number, cause: string): FromLab => ({
  kind: 'error',
  ticket,
  problem: { place: 'message to the lab', cause, remedy: `Speak protocol ${PROTOCOL}, or reload the page.` },
})

const bug = (name: CallName, error: unknown): Problem => ({
  place: name,
  cause: `an error of Switchyard's own: ${error instanceof Error ? error.message : String(error)}`,
  remedy: 'The session is not affected. Try again, and report it with the steps that led here.',
})

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCallName = (name: unknown): name is CallName => callNames.includes(name as CallName)

/** Whatever came, in forty characters: JSON has no bigints, and objects may refer to themselves. */
function shown(value: unknown): string {
  try {
    return JSON.stringify(value)?.slice(0, 40) ?? String(value)
  } catch {
    return typeof value === 'object' ? 'an object' : String(value).slice(0, 40)
  }
}
