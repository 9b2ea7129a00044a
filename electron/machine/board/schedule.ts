import { clock, control, type Views } from './shared-memory.ts'
import { mayRun } from './waiting.ts'

/**
 * The deterministic schedule: PEs take turns of a quantum at most; every round visits all of them once, in an order drawn from
 * the seed. PEs that are off or wait are passed over. The state lies in shared memory, and only whoever runs the PE whose turn
 * it is touches it.
 */
export function seedSchedule(cells: Int32Array, pes: number, seed: number): void {
  // xorshift32 never leaves 0, so the seed is mixed and made odd.
  cells[control.RANDOM] = (Math.imul(seed | 0, 0x9e37_79b1) ^ 0x5bd1_e995) | 1
  cells[control.POSITION] = pes
}

function random(cells: Int32Array): number {
  let x = cells[control.RANDOM]!
  x ^= x << 13
  x ^= x >>> 17
  x ^= x << 5
  cells[control.RANDOM] = x
  return x >>> 0
}

function shuffle(cells: Int32Array, pes: number): void {
  for (let i = 0; i < pes; i++) cells[control.ORDER + i] = i
  for (let i = pes - 1; i > 0; i--) {
    const j = random(cells) % (i + 1)
    const kept = cells[control.ORDER + i]!
    cells[control.ORDER + i] = cells[control.ORDER + j]!
    cells[control.ORDER + j] = kept
  }
}

/**
 * Instructions of the turn that begins: between half a quantum and all of it, drawn from the seed. With turns of one length
 * two loops can fall into step, so that one PE finds a lock taken in every turn it gets.
 */
export function turnLength(cells: Int32Array, quantum: number): number {
  return quantum - (random(cells) % (Math.floor(quantum / 2) + 1))
}

/** Chooses who runs next. @returns its number, or -1 while no PE can run; then nothing is drawn either */
export function nextTurn(views: Views): number {
  const { control: cells, shared } = views
  const now = Atomics.load(views.clock, clock.MODEL)
  const able = Array.from({ length: shared.pes }, (_, pe) => mayRun(views, pe, now))
  if (!able.includes(true)) return -1
  for (;;) {
    let position = cells[control.POSITION]! + 1
    if (position >= shared.pes) {
      shuffle(cells, shared.pes)
      position = 0
    }
    cells[control.POSITION] = position
    const pe = cells[control.ORDER + position]!
    if (able[pe]) return pe
  }
}
