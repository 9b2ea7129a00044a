import type { Owner } from '../../../shared/model/trace.ts'
import { Barriers } from './barriers.ts'
import { Boundaries } from './boundaries.ts'
import { Closings } from './closings.ts'
import { Findings } from './findings.ts'
import { Granules } from './granules.ts'
import type { Carried } from './identity.ts'
import type { Exit } from './injection.ts'
import { Slots } from './slots.ts'
import type { Ghosts } from './switched.ts'
import { TagFaultLedger } from './tag-fault-ledger.ts'
import { Machines } from './who.ts'

/** What the checkers of all PEs know together. */
export class Shared {
  readonly findings = new Findings()
  readonly ledger = new TagFaultLedger(this.findings)
  readonly granules = new Granules(this.findings)
  readonly slots = new Slots()
  readonly barriers = new Barriers()
  readonly boundaries = new Boundaries()
  readonly closings = new Closings()
  readonly ghosts: Ghosts = { left: new Map(), adopted: new Map() }
  readonly machines: Machines
  /** Whether each vCPU's VM has MTE; null: nobody has said. */
  private readonly vcpus: readonly { mte: boolean }[] | null
  /** Values on their way in memory, by doubleword of RAM. */
  memory = new Map<number, Carried>()
  /** Where each vCPU left last. */
  exits = new Map<Owner, Exit>()

  constructor(vcpus: readonly { mte: boolean }[] | null) {
    this.vcpus = vcpus
    this.machines = new Machines(vcpus?.length ?? null)
  }

  /** null: nobody has said whether it has. */
  hasMte(owner: Owner): boolean | null {
    return this.vcpus?.[owner]?.mte ?? null
  }

  save() {
    return {
      findings: this.findings.save(),
      ledger: this.ledger.save(),
      granules: this.granules.save(),
      slots: this.slots.save(),
      barriers: this.barriers.save(),
      boundaries: this.boundaries.save(),
      closings: this.closings.save(),
      left: new Map(this.ghosts.left),
      adopted: new Map(this.ghosts.adopted),
      machines: this.machines.save(),
      memory: new Map(this.memory),
      exits: new Map(this.exits),
      unknownOwner: this.findings.unknownOwner,
    }
  }

  restore(saved: SharedState): void {
    this.findings.restore(saved.findings)
    this.ledger.restore(saved.ledger)
    this.granules.restore(saved.granules)
    this.slots.restore(saved.slots)
    this.barriers.restore(saved.barriers)
    this.boundaries.restore(saved.boundaries)
    this.closings.restore(saved.closings)
    this.ghosts.left = new Map(saved.left)
    this.ghosts.adopted = new Map(saved.adopted)
    this.machines.restore(saved.machines)
    this.memory = new Map(saved.memory)
    this.exits = new Map(saved.exits)
    this.findings.unknownOwner = saved.unknownOwner
  }
}

export type SharedState = ReturnType<Shared['save']>
