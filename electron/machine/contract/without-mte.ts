import type { Owner } from '../../../shared/model/trace.ts'
import type { Core } from '../cpu/core.ts'
import { EC } from '../cpu/fault.ts'
import { trapped } from './names.ts'
import type { Place } from './place.ts'
import type { Shared } from './shared.ts'
import { ownerName } from './steps.ts'
import { capital } from './switched.ts'

/** ID_AA64PFR1_EL1.MTE and MTE_frac. */
const MTE_FIELDS = (0xfn << 8n) | (0xfn << 40n)
/** What a VM without MTE must find UNDEFINED. */
const hidden: ReadonlySet<string> = new Set(['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1', 'GMID_EL1'])

/** What a VM without MTE sees of MTE although a hypervisor can hide it. Every method is silent for any other owner. */
export class WithoutMte {
  private readonly core: Core
  private readonly shared: Shared
  private readonly place: Place

  constructor(core: Core, shared: Shared, place: Place) {
    this.core = core
    this.shared = shared
    this.place = place
  }

  /** An MSR or MRS that was executed. @param value what was read */
  accessed(owner: Owner, register: string, value: bigint | null): void {
    if (hidden.has(register)) this.visible(owner, register, value === null ? 'writes' : 'reads')
    else if (register === 'ID_AA64PFR1_EL1' && value !== null && (value & MTE_FIELDS) !== 0n)
      this.visible(owner, register, 'reads MTE or MTE_frac from')
  }

  /** A trapped access comes back behind its instruction: it was emulated. */
  emulated(owner: Owner, esr: bigint): void {
    const access = esr >> 26n === BigInt(EC.SYSREG) ? trapped(esr) : null
    if (access === null) return
    const { name, read, t } = access
    if (hidden.has(name)) this.visible(owner, name, read ? 'gets an answer for' : 'may write')
    if (name !== 'ID_AA64PFR1_EL1' || !read || t === 31) return
    if ((this.core.state[t]! & MTE_FIELDS) !== 0n) this.visible(owner, name, 'gets MTE or MTE_frac from')
  }

  /** An instruction gave or loaded a tag with tag access on. */
  tagged(owner: Owner, how: string): void {
    this.found(owner, 'tags', `${capital(ownerName(owner))}, whose VM has no MTE, meets tags: ${how}.`)
  }

  /** An access mismatched, so it was checked. */
  checked(owner: Owner): void {
    this.found(owner, 'checks', `An access of ${ownerName(owner)}, whose VM has no MTE, is checked.`)
  }

  private visible(owner: Owner, register: string, does: string): void {
    const text = `${capital(ownerName(owner))}, whose VM has no MTE, ${does} ${register}.`
    this.found(owner, register, text)
  }

  private found(owner: Owner, register: string, text: string): void {
    const { shared, place } = this
    if (shared.hasMte(owner) !== false) return
    shared.findings.add('mte-visible-without-mte', register, owner, null, [place.step(text)])
  }
}
