import { type EventColumns, type EventKind, eventKinds } from '../../shared/model/trace.ts'
import { xorshift } from './trace-rows.ts'

/** One event of a round: model cycles to the one before at least, what it is, the EL, its place in the image. */
type Step = [gap: number, kind: EventKind, el: number, offset: number]

/** A round trip as a hypervisor makes it with all marks: exit, put, host, load, entry, and what the guest does meanwhile. */
const round: Step[] = [
  [9, 'exception', 2, 0x400],
  ...marks(12, 0x1000),
  [14, 'isb', 2, 0x1100],
  ...marks(6, 0x1180),
  [11, 'exception-return', 2, 0x1240],
  [60, 'schedule', 1, 0x8000],
  ...marks(4, 0x8040),
  [9, 'exception', 2, 0x600],
  ...marks(12, 0x2000),
  [8, 'isb', 2, 0x2200],
  [6, 'dsb', 2, 0x2204],
  [11, 'exception-return', 2, 0x2300],
]
/** Events of the guest in each round: tags that it draws, barriers, interrupts, at addresses all over its code. */
const GUEST_EVENTS = 60

function marks(count: number, offset: number): Step[] {
  return Array.from({ length: count }, (_, i): Step => [4 + (i % 3), 'mark', 2, offset + 16 * i])
}

export const EVENTS_PER_ROUND = round.length + GUEST_EVENTS

export interface EventStream {
  /** The cycle of the last event. */
  readonly cycle: number
  /** The next events. The columns are the stream's own: they change with the next call. */
  next(count: number): EventColumns
}

/** Endless events of one PE, the same for each seed: world switches whose distances, addresses and syndromes vary as real ones do. */
export function eventStream(pe: number, seed: number): EventStream {
  const random = xorshift(seed + 977 * (pe + 1))
  const kindOf = (name: EventKind) => eventKinds.indexOf(name)
  const guestKinds = [kindOf('tag-draw'), kindOf('tag-draw'), kindOf('dsb'), kindOf('interrupt')]
  const steps = round.map(([gap, kind, el, offset]) => ({ gap, kind: kindOf(kind), el, offset }))
  let [at, cycle, capacity] = [0, 0, 0]
  let columns: Omit<EventColumns, 'pe'>
  let pcs = new Uint32Array() as Uint32Array
  let details = pcs

  function reserve(count: number): void {
    if (count === capacity) return
    capacity = count
    columns = {
      cycle: new Float64Array(count),
      kind: new Uint8Array(count),
      el: new Uint8Array(count),
      pc: new BigUint64Array(count),
      detail: new BigUint64Array(count),
    }
    pcs = new Uint32Array(columns.pc.buffer)
    details = new Uint32Array(columns.detail.buffer)
  }

  function put(
    i: number,
    gap: number,
    kind: number,
    el: number,
    pc: number,
    high: number,
    detail: number,
  ): void {
    cycle += gap
    columns.cycle[i] = cycle
    columns.kind[i] = kind
    columns.el[i] = el
    pcs[2 * i] = pc
    pcs[2 * i + 1] = high
    details[2 * i] = detail
  }

  return {
    get cycle() {
      return cycle
    },
    next(count) {
      reserve(count)
      for (let i = 0; i < count; i++) {
        const draw = random()
        const step = steps[at]
        if (step === undefined) {
          const kind = guestKinds[draw & 3]!
          put(
            i,
            3 + ((draw >>> 2) & 31),
            kind,
            1,
            0x8000_1000 + ((draw >>> 7) & 0x3ffc),
            0xffff,
            (draw >>> 28) & 15,
          )
        } else {
          const detail = step.kind === 0 ? 0x5a00_0000 | (draw >>> 18) : step.offset & 0xff
          put(i, step.gap + ((draw >>> 4) & 3), step.kind, step.el, 0x4008_0000 + step.offset, 0, detail)
        }
        at = at + 1 === EVENTS_PER_ROUND ? 0 : at + 1
      }
      return { pe, ...columns }
    },
  }
}
