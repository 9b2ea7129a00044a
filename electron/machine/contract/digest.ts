import { createHash } from 'node:crypto'
import type { Bits, Carried, Token } from './identity.ts'
import type { PeCheckerState } from './pe-checker.ts'
import type { Shared } from './shared.ts'

/** Text of a checker's state in which identities are numbered in the order in which they are met. */
class Text {
  readonly parts: string[] = []
  private readonly tokens = new Map<object, number>()
  private readonly faults = new Map<number, number>()
  private readonly shared: Shared

  constructor(shared: Shared) {
    this.shared = shared
  }

  add(...values: readonly (string | number | bigint | boolean | null)[]): void {
    this.parts.push(values.join(' '))
  }

  token(token: Token | null): string {
    if (token === null) return '-'
    const known = this.tokens.get(token)
    if (known !== undefined) return String(known)
    const number = this.tokens.size
    this.tokens.set(token, number)
    const own = this.shared.ghosts.adopted.get(token)
    return `${number}(${token.register} ${token.owner} ${token.what}${own ? ` ${this.token(own)}` : ''})`
  }

  fault(id: number): string {
    const known = this.faults.get(id)
    if (known !== undefined) return String(known)
    const number = this.faults.size
    this.faults.set(id, number)
    const fault = this.shared.ledger.fault(id)
    if (fault === null) return `${number}(dealt with)`
    const { owner, register, bit, state, judged, step } = fault
    return `${number}(${owner} ${step.pe} ${register} ${bit} ${state} ${judged})`
  }

  bits(bits: Bits | null): string {
    if (bits === null) return '-'
    return bits
      .map((causes) =>
        causes
          .map((cause) =>
            cause.kind === 'fault'
              ? `f${this.fault(cause.id)}:${cause.owner}`
              : `w${this.token(cause.token)}`,
          )
          .join(','),
      )
      .join('|')
  }

  carried(carried: Carried | null): string {
    if (carried === null) return '-'
    const { register, token, bits, pending, saved, read } = carried
    const look = pending
      ? `${pending.owner}:${pending.value}:${this.token(pending.ghost)}:${pending.faults?.open.map(({ id }) => this.fault(id)).join(',')}:${pending.faults?.alive.map((id) => this.fault(id)).join(',')}`
      : '-'
    return `${register} ${this.token(token)} ${this.bits(bits)} ${look} ${saved !== null} ${read?.el === 2}`
  }
}

/** Whether a value has an owner or causes; others matter to advice alone. */
const identified = (carried: Carried | null): carried is Carried =>
  carried !== null && (carried.token !== null || carried.bits !== null)

const sorted = <K extends number | string, V>(map: ReadonlyMap<K, V>): [K, V][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1))

/**
 * SHA-256 of what decides what a checker finds from here on. Not in it: what was found already, where things happened, and what
 * is only counted for advice.
 */
export function digestOf(shared: Shared, pes: readonly PeCheckerState[]): string {
  const text = new Text(shared)
  for (const { id, judged } of shared.ledger.entries()) if (!judged) text.add('fault', text.fault(id))
  for (const pe of pes) {
    const { loaded, switching, hyp, onBehalf } = pe.who
    text.add(
      'who',
      loaded,
      switching,
      hyp,
      onBehalf,
      pe.hostTco ? `${pe.hostTco.on} ${pe.hostTco.back}` : '-',
      pe.injected,
      pe.values.fresh,
    )
    for (const [name, chain] of Object.entries(pe.switched.chains)) {
      for (const { token, value, by, kept, given } of chain)
        text.add(name, text.token(token), value, by, kept, given)
    }
    const { architectural, completed, queue, last, kept } = pe.faults
    for (const bits of [...architectural, ...completed]) text.add(text.bits(bits))
    text.add('queue', ...queue.map((id) => text.fault(id)))
    text.add('last', ...last.map((token) => text.token(token)), ...kept)
    for (const [n, carried] of pe.values.carried.entries())
      if (identified(carried)) text.add('x', n, text.carried(carried))
  }
  for (const [place, left] of sorted(shared.ghosts.left)) {
    for (const [name, token] of sorted(left)) text.add('left', place, name, text.token(token))
  }
  for (const [key, { value, token }] of sorted(shared.ledger.leftEntries()))
    text.add(key, value, text.token(token))
  for (const [word, carried] of sorted(shared.memory)) {
    if (identified(carried)) text.add('word', word, text.carried(carried))
  }
  for (const [owner, { pc, pstate, esr }] of sorted(shared.exits)) text.add('exit', owner, pc, pstate, esr)
  const { affinity, mixed } = shared.machines.save()
  text.add('vmids', ...sorted(affinity).flat(), 'mixed', ...[...mixed].sort((a, b) => a - b))
  const hash = createHash('sha256').update(text.parts.join('\n'))
  for (const [number, { codes }] of sorted(shared.granules.entries()))
    hash.update(`tags ${number}\n`).update(codes)
  return hash.digest('hex')
}
