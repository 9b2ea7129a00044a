import { serror } from '../cpu/asynchronous.ts'
import { SERROR } from '../cpu/layout.ts'
import { signalPe, type Views } from './shared-memory.ts'

/** A physical SError that a deterministic run meets at a place of its own choice. */
export interface Injection {
  pe: number
  /** It is there when the PE has retired so many instructions. */
  instructions: number
  /** ESR_ELx.ISS that it reports. */
  syndrome: number
  inFlight: boolean
}

/** What one PE is to meet, in the order of the run. Whether something has arrived follows from the PE's own count alone. */
export class Injections {
  private readonly due: readonly Injection[]
  private readonly views: Views

  constructor(views: Views, pe: number, all: readonly Injection[] = []) {
    this.views = views
    this.due = all.filter((one) => one.pe === pe).sort((a, b) => a.instructions - b.instructions)
  }

  /** Instructions that a PE which has retired `retired` may retire before the next one arrives. */
  room(retired: number): number {
    const next = this.due.find(({ instructions }) => instructions > retired)
    return next === undefined ? Number.MAX_SAFE_INTEGER : next.instructions - retired
  }

  /** Lets arrive what lies behind `before` retired instructions and not behind `after`. */
  arrive(before: number, after: number): void {
    for (const { pe, instructions, syndrome, inFlight } of this.due) {
      if (instructions > before && instructions <= after) injectSError(this.views, pe, syndrome, inFlight)
    }
  }
}

/**
 * Makes a physical SError pending on one PE, as a fault in its memory system would: for tests, debuggers and experiments. It
 * is part of the machine's state. A second one before the first is taken or deferred replaces it.
 * @param syndrome ESR_ELx.ISS that it reports (bit 24 IDS); without FEAT_RAS the syndrome is IMPLEMENTATION DEFINED
 * @param inFlight the PE notices it only at its next error synchronization event: ESB, or entry and return with SCTLR_ELx.IESB
 */
export function injectSError(views: Views, pe: number, syndrome: number, inFlight = false): void {
  const state = inFlight ? serror.IN_FLIGHT : serror.PENDING
  Atomics.store(views.state(pe), SERROR, (BigInt(syndrome) & serror.SYNDROME) | state)
  signalPe(views.control, pe)
}
