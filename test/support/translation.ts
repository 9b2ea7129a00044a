import { effectiveSlotOf, STATE_WORDS } from '../../electron/machine/cpu/layout.ts'
import type { Controls } from '../../electron/machine/mmu/controls.ts'
import { ControlsCache } from '../../electron/machine/mmu/controls-cache.ts'
import { page, type Request, type TableMemory } from '../../electron/machine/mmu/walk.ts'
import { type FeatureChoice, featureSet } from '../../shared/arch/features.ts'

const full: FeatureChoice = { mte: 3, mteAsync: true, ras: true, exs: false }

/** The controls of an EL for register values by name; every other register is 0. */
export function controlsFor(
  el: 0 | 1 | 2,
  registers: Readonly<Record<string, bigint>>,
  choice: FeatureChoice = full,
): Controls {
  const state = new BigUint64Array(STATE_WORDS)
  for (const [name, value] of Object.entries(registers)) state[effectiveSlotOf(name)] = value
  return new ControlsCache(state, featureSet(choice)).of(el)
}

/** Descriptors by physical address; everything else reads as 0, and `hole` is no memory. */
export class DescriptorMemory implements TableMemory {
  readonly words: Map<number, bigint>
  private readonly hole: number
  private readonly value = new BigUint64Array(1)
  private readonly half = new Int32Array(this.value.buffer)
  low = 0
  high = 0
  reads = 0
  /** Called before an update: another PE. */
  meanwhile: (() => void) | null = null

  constructor(words: Readonly<Record<number, bigint>> | Map<number, bigint>, hole = -1) {
    this.words =
      words instanceof Map ? words : new Map(Object.entries(words).map(([at, value]) => [Number(at), value]))
    this.hole = hole
  }

  read(physical: number): boolean {
    this.reads++
    if (physical === this.hole) return false
    this.value[0] = this.words.get(physical) ?? 0n
    this.low = this.half[0]!
    this.high = this.half[1]!
    return true
  }

  update(physical: number, low: number): boolean {
    this.meanwhile?.()
    this.half[0] = this.low
    this.half[1] = this.high
    if ((this.words.get(physical) ?? 0n) !== this.value[0]) return false
    this.half[0] = low
    this.words.set(physical, this.value[0]!)
    return true
  }
}

/** A request as an access makes it: 'r' read, 'w' write, 'x' fetch, 'm' maintenance without permission, and EL0 or above. */
export function request(
  access: 'r' | 'w' | 'rw' | 'x' | 'm',
  el: 0 | 1 = 1,
  more: Partial<Request> = {},
): Request {
  const bits = {
    r: page.PRIVILEGED_READ,
    w: page.PRIVILEGED_WRITE,
    rw: page.PRIVILEGED_READ | page.PRIVILEGED_WRITE,
    x: page.PRIVILEGED_EXECUTE,
    m: 0,
  }[access]
  return { wanted: el === 1 ? bits : bits << 3, pan: false, unaligned: false, dirties: true, ...more }
}
