import { serror } from '../cpu/asynchronous.ts'
import { SERROR } from '../cpu/layout.ts'
import { signalPe, type Views } from './shared-memory.ts'

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
