import { instructionText, type RawStep } from './steps.ts'
import type { SavedSlot } from './violation.ts'

interface Site {
  readonly register: string
  readonly pc: bigint
  readonly word: number
  readonly address: number
  readonly saves: number
  readonly loads: number
}

export type SlotsState = ReadonlyMap<string, Site>

const keyOf = (register: string, pc: bigint): string => `${register} ${pc}`

/** Stores of EL2 that save a system register, each with whether anybody ever loads what it saves. */
export class Slots {
  private sites = new Map<string, Site>()

  saved(register: string, address: number, { pc, word }: RawStep): void {
    const key = keyOf(register, pc)
    const site = this.sites.get(key)
    const { saves, loads } = site ?? { saves: 0, loads: 0 }
    this.sites.set(key, { register, pc, word: word ?? 0, address, saves: saves + 1, loads })
  }

  loaded(register: string, { pc }: RawStep): void {
    const key = keyOf(register, pc)
    const site = this.sites.get(key)
    if (site) this.sites.set(key, { ...site, loads: site.loads + 1 })
  }

  list(): SavedSlot[] {
    return [...this.sites.values()].map(({ word, ...site }) => ({
      ...site,
      instruction: instructionText(word, site.pc),
    }))
  }

  save(): SlotsState {
    return new Map(this.sites)
  }

  restore(saved: SlotsState): void {
    this.sites = new Map(saved)
  }
}
