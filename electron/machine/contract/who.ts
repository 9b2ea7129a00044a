import { HOST, HOST_TASK, type Owner, UNKNOWN_OWNER } from '../../../shared/model/trace.ts'
import type { Core } from '../cpu/core.ts'
import { slotOf } from '../cpu/layout.ts'
import { HCR } from '../mmu/controls.ts'
import { type Mark, markKinds } from '../observe/marks.ts'

const VTTBR = slotOf('VTTBR_EL2')
const VMPIDR = slotOf('VMPIDR_EL2')

/**
 * Whom an instruction acts for: its owner itself, or the switch on behalf of others. `either`: code of the host, whose
 * vcpu_load and vcpu_put are a part of the switch; what is done with a value decides then.
 */
export type Acts = 'self' | 'switch' | 'either'

/** Which vCPU a VMID means where no mark says so: one vCPU a VM, numbered from VMID 1. Shared by all PEs. */
export class Machines {
  private readonly vcpus: number | null
  private affinity = new Map<number, bigint>()
  private mixed = new Set<number>()

  /** @param vcpus how many there are; null: not known */
  constructor(vcpus: number | null) {
    this.vcpus = vcpus
  }

  /** The vCPU behind a VMID. More than one vCPU in a VM cannot be told apart by it. */
  ownerOf(vmid: number, vmpidr: bigint): Owner {
    if (vmid === 0 || (this.vcpus !== null && vmid > this.vcpus)) return UNKNOWN_OWNER
    const known = this.affinity.get(vmid)
    if (known === undefined) this.affinity.set(vmid, vmpidr)
    else if (known !== vmpidr) this.mixed.add(vmid)
    return this.mixed.has(vmid) ? UNKNOWN_OWNER : vmid - 1
  }

  save(): MachinesState {
    return { affinity: new Map(this.affinity), mixed: new Set(this.mixed) }
  }

  restore(saved: MachinesState): void {
    this.affinity = new Map(saved.affinity)
    this.mixed = new Set(saved.mixed)
  }
}

export interface MachinesState {
  affinity: ReadonlyMap<number, bigint>
  mixed: ReadonlySet<number>
}

/** What marks have said up to now. */
export interface WhoState {
  readonly loaded: Owner
  /** Between ENTRY and RETURN. */
  readonly switching: boolean
  /** What HYP said last; null: nothing yet. */
  readonly hyp: boolean | null
  readonly onBehalf: boolean
}

/** Who executes on one PE: by the image's marks where it has them, else by EL, HCR_EL2 and the VMID. */
export class Who {
  private readonly core: Core
  private readonly marked: boolean
  private readonly machines: Machines
  private at: WhoState = { loaded: UNKNOWN_OWNER, switching: false, hyp: null, onBehalf: false }

  constructor(core: Core, marked: boolean, machines: Machines) {
    this.core = core
    this.marked = marked
    this.machines = machines
  }

  get onBehalf(): boolean {
    return this.at.onBehalf
  }

  save(): WhoState {
    return this.at
  }

  restore(saved: WhoState): void {
    this.at = saved
  }

  mark({ kind, argument }: Mark): void {
    const { at, core } = this
    switch (kind) {
      case markKinds.VCPU_LOAD:
      case markKinds.ENTRY: {
        const loaded = Number(BigInt.asIntN(8, core.state[argument & 31]!))
        this.at = { ...at, loaded, switching: at.switching || kind === markKinds.ENTRY }
        return
      }
      case markKinds.VCPU_PUT:
        this.at = { ...at, loaded: UNKNOWN_OWNER }
        return
      case markKinds.RETURN:
        this.at = { ...at, switching: false }
        return
      case markKinds.HYP:
        this.at = { ...at, hyp: argument === 1 }
        return
      case markKinds.ON_BEHALF:
        this.at = { ...at, onBehalf: argument === 1 }
        return
      default:
    }
  }

  /** A guest has left for EL2: whatever the marks say of its entry, the switch is under way until RETURN. */
  exited(): void {
    if (this.marked) this.at = { ...this.at, switching: true }
  }

  /** Whether an EL is a guest's: stage 2 is on, and EL0 is not the host's. */
  guestAt(el: number): boolean {
    const hcr = this.core.hcr()
    return el < 2 && (hcr & HCR.VM) !== 0n && (hcr & HCR.TGE) === 0n
  }

  /** Who executes now. */
  owner(el = this.core.el): Owner {
    if (el === 2) return HOST
    if (this.guestAt(el)) return this.guest()
    return el === 0 ? HOST_TASK : HOST
  }

  /** The vCPU that runs, or is loaded. */
  guest(): Owner {
    if (this.at.loaded !== UNKNOWN_OWNER) return this.at.loaded
    const { state } = this.core
    return this.machines.ownerOf(Number(state[VTTBR]! >> 48n), state[VMPIDR]!)
  }

  acts(el = this.core.el): Acts {
    if (this.at.onBehalf) return 'switch'
    if (el === 1 && !this.guestAt(el)) return 'either'
    if (el < 2) return 'self'
    if (!this.core.hostExtensions) return 'switch'
    if (!this.marked) return 'either'
    if (this.at.switching || this.at.hyp === true) return 'switch'
    return this.at.hyp === null ? 'either' : 'self'
  }

  /** Whether an exit from a guest has not returned to the host yet, as far as marks say it. */
  get switching(): boolean {
    return this.at.switching
  }
}
