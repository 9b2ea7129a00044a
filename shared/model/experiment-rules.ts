import { featureSet, leastOf } from '../arch/features.ts'
import { isSysregName, sysregs } from '../arch/sysregs.ts'
import { nearestName } from '../base/nearest.ts'
import type { Experiment } from './experiment.ts'
import { peFeatures } from './experiment-defaults.ts'

/** The names that an experiment may refer to: what lies in the resources folder. */
export interface KnownNames {
  guests: string[]
  policies: string[]
  profiles: string[]
}

/** A broken rule, at a path of the experiment such as ['vcpus', 0, 'checks']. */
export interface Breach {
  path: (string | number)[]
  cause: string
  remedy: string
}

const MEBI = 2 ** 20

/** What the bundled guests assume of their VM; a guest not listed runs on either. */
const guestMte: Readonly<Record<string, boolean>> = {
  alloc: true,
  user: true,
  keeper: true,
  edge: true,
  busy: true,
  nested: true,
  heir: true,
  plain: false,
  prober: false,
}

/** What the schema cannot say: references to names, and combinations that no machine has or that this version lacks. */
export function breaches(experiment: Experiment, known: KnownNames): Breach[] {
  const found: Breach[] = []
  const add = (path: Breach['path'], cause: string, remedy: string) => found.push({ path, cause, remedy })
  const { machine, hypervisor, host, vcpus } = experiment
  // The hypervisor treats what some PE lacks as absent, so that a vCPU may run on any of them.
  const pes = Array.from({ length: machine.pes }, (_, pe) => peFeatures(machine, pe))
  const common = leastOf(pes)
  const mteOf = machine.perPe.length > 0 ? 'the least machine.mte of a PE' : 'machine.mte'

  if (machine.sync === 'explore' && experiment.schedule.kind === 'parallel') {
    add(
      ['machine', 'sync'],
      'every legal execution of a parallel schedule cannot be tried',
      'Use the deterministic schedule, or sync "latest".',
    )
  }
  if (machine.memory < 16 * MEBI || machine.memory > 3072 * MEBI || machine.memory % (2 * MEBI) !== 0) {
    add(
      ['machine', 'memory'],
      `${machine.memory} bytes of memory are not possible`,
      'Give 16M to 3G, a multiple of 2M.',
    )
  }
  machine.perPe.forEach(({ pe }, index) => {
    const path = ['machine', 'perPe', index, 'pe']
    if (pe >= machine.pes)
      add(path, `there is no PE ${pe}`, `machine.pes is ${machine.pes}: they count from 0.`)
    if (machine.perPe.findIndex((other) => other.pe === pe) < index)
      add(path, `PE ${pe} is described twice`, 'Put all that it has into one entry.')
  })
  const alwaysHost = pes.findIndex((features) => features.vhe === 'res1')
  if (alwaysHost >= 0 && hypervisor.mode === 'nvhe') {
    add(
      ['machine', 'vhe'],
      `mode "nvhe" needs HCR_EL2.E2H = 0, but it is RES1 on PE ${alwaysHost}`,
      'Use "on" or "off".',
    )
  }
  const neverHost = pes.findIndex((features) => features.vhe === 'off')
  if (neverHost >= 0 && hypervisor.mode === 'vhe') {
    add(
      ['machine', 'vhe'],
      `mode "vhe" needs FEAT_VHE, which PE ${neverHost} lacks`,
      'Use "on" or "res1", or hypervisor.mode "nvhe".',
    )
  }
  if (hypervisor.mode === 'vhe' && hypervisor.draws > 0) {
    add(
      ['hypervisor', 'draws'],
      'under VHE the code behind an exit is the host’s',
      'Use host.probe "tag-draw" with host.draws.',
    )
  }
  if (host.signs && !common.pauth) {
    add(
      ['host', 'signs'],
      'signing needs FEAT_PAuth on every PE',
      'Set machine.pauth to true, or host.signs to false.',
    )
  }
  const named = (path: Breach['path'], what: string, name: string, names: string[]) => {
    if (names.includes(name)) return
    const near = nearestName(name, names)
    add(
      path,
      `there is no ${what} "${name}" in this version`,
      near ? `Did you mean "${near}"?` : `Known: ${names.join(', ')}.`,
    )
  }
  named(['hypervisor', 'policy'], 'policy', hypervisor.policy, known.policies)
  named(['cost', 'profile'], 'cost profile', experiment.cost.profile, known.profiles)

  const checksPossible = (path: Breach['path'], checks: string, hasMte: boolean) => {
    if (checks === 'none') return
    if (!hasMte) {
      add(path, `checks "${checks}" of a VM without MTE`, 'Use "none", or give the VM "mte": true.')
    } else if (common.mte < 2) {
      add(
        path,
        `checks "${checks}" need tag storage, but ${mteOf} is ${common.mte}`,
        'Use "none", or set machine.mte to 2 or 3.',
      )
    } else if (checks === 'asym' && common.mte < 3) {
      add(
        path,
        `checks "asym" need FEAT_MTE3, but ${mteOf} is ${common.mte}`,
        'Use "sync" or "async", or set machine.mte to 3.',
      )
    } else if (checks === 'async' && !featureSet(common).has('FEAT_MTE_ASYNC')) {
      add(
        path,
        'checks "async" need FEAT_MTE_ASYNC, but machine.mteAsync is false',
        'Use "sync", or set machine.mteAsync to true.',
      )
    }
  }
  checksPossible(['host', 'checks'], host.checks, true)
  if (host.task !== null) {
    checksPossible(['host', 'task', 'checks'], host.task.checks, true)
    if (common.mte < 2) {
      add(
        ['host', 'task'],
        `a task of the host needs tag storage, but ${mteOf} is ${common.mte}`,
        'Remove "task", or set machine.mte to 2 or 3.',
      )
    }
  }
  vcpus.forEach((vcpu, index) => {
    named(['vcpus', index, 'guest'], 'guest', vcpu.guest, known.guests)
    const needs = Object.hasOwn(guestMte, vcpu.guest) ? guestMte[vcpu.guest] : vcpu.mte
    if (needs !== vcpu.mte) {
      add(
        ['vcpus', index, 'mte'],
        `guest "${vcpu.guest}" is for a VM ${needs ? 'with' : 'without'} MTE`,
        `Set "mte": ${needs} for the vCPU, or choose another guest.`,
      )
    } else if (vcpu.mte && common.mte < 2) {
      add(
        ['vcpus', index, 'mte'],
        `a VM with MTE needs tag storage, but ${mteOf} is ${common.mte}`,
        'Set "mte": false for the vCPU, or machine.mte to 2 or 3.',
      )
    }
    if (vcpu.guest === 'ticker' && !hypervisor.timers) {
      add(['vcpus', index, 'guest'], 'guest "ticker" needs a virtual timer', 'Set hypervisor.timers to true.')
    }
    if (vcpu.guest === 'signer' && !common.pauth) {
      add(
        ['vcpus', index, 'guest'],
        'guest "signer" needs FEAT_PAuth on every PE',
        'Set machine.pauth to true.',
      )
    }
    if (vcpu.guest === 'floats' && (host.probe === 'tag-draw' || hypervisor.draws > 0)) {
      add(
        ['vcpus', index, 'guest'],
        'guest "floats" is re-entered inside the run loop, where the host does not count draws behind an exit',
        'Set host.probe to "none" and hypervisor.draws to 0, or choose another guest.',
      )
    }
    if (vcpu.faultAt !== 'el1' && vcpu.guest !== 'edge') {
      add(
        ['vcpus', index, 'faultAt'],
        `guest "${vcpu.guest}" has its own places for accesses with a wrong tag`,
        'Leave faultAt out, or choose guest "edge".',
      )
    }
    if (!vcpu.mte || common.mte >= 2) checksPossible(['vcpus', index, 'checks'], vcpu.checks, vcpu.mte)
  })

  experiment.inject.forEach(({ pe }, index) => {
    const path = ['inject', index, 'pe']
    if (pe >= machine.pes) {
      add(path, `there is no PE ${pe}`, `machine.pes is ${machine.pes}: they count from 0.`)
    }
  })
  if (experiment.inject.length > 0 && experiment.schedule.kind === 'parallel') {
    add(
      ['inject'],
      'a place of a parallel run is not the same from run to run',
      'Use the deterministic schedule, or remove "inject".',
    )
  }

  const features = featureSet(machine)
  experiment.probes.registers.forEach((name, index) => {
    const path = ['probes', 'registers', index]
    if (!isSysregName(name)) {
      const near = nearestName(name, Object.keys(sysregs))
      add(
        path,
        `there is no system register "${name}"`,
        near ? `Did you mean "${near}"?` : 'Use a name of the architecture such as GCR_EL1.',
      )
      return
    }
    const row = sysregs[name]
    if (row.alias !== undefined) {
      add(path, `${name} is another name of ${row.alias}`, `Name ${row.alias}.`)
    } else if (row.raz || row.computed !== undefined || row.reset === undefined) {
      add(path, `${name} holds no value of its own that could change`, 'Choose a register with storage.')
    } else if (row.feature !== undefined && !features.has(row.feature)) {
      add(path, `the machine lacks ${row.feature}, and so ${name}`, `Remove ${name}, or change machine.mte.`)
    }
  })
  return found
}
