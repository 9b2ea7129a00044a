/**
 * The rows: an experiment, what is set in it, and the exact set of violations. Nothing here knows how they come about.
 */
const vhe = 'hypervisor.mode=vhe'
const nvhe = 'hypervisor.mode=nvhe'
const policy = (name: string) => `hypervisor.policy=${name}`
const v12 = policy('v12')
const itfsb = policy('no-itfsb')
const both = (register: string) => [`tag-fault-lost ${register}`, `tag-fault-misattributed ${register}`]
const lateHost = ['unsynchronised-host-state GCR_EL1']
const all = (...names: string[]) => names.map((name) => `mte-visible-without-mte ${name}`)
const unsaved = (register: string) =>
  ['foreign-tag-source', 'guest-state-lost', 'host-state-lost'].map((kind) => `${kind} ${register}`)

export const rows: readonly [row: string, experiment: string, set: string, violations: string[]][] = [
  ['1', 'contract', `${vhe} ${v12}`, lateHost],
  [
    '1, older release',
    'contract',
    `${vhe} ${v12} machine.release=xml-2020-09`,
    [...lateHost, 'unsynchronised-host-state RGSR_EL1'],
  ],
  ['1a', 'contract', `${vhe} ${v12} host.probe=none`, []],
  ['1a', 'contract', `${vhe} ${v12} machine.ras=false`, []],
  ['1a', 'contract', `${vhe} ${v12} host.tagAccess=false`, []],
  ['2', 'contract', `${vhe} ${policy('v13')}`, []],
  ['2', 'contract', vhe, []],
  ['2b', 'contract-tco', '', ['host-state-lost PSTATE.TCO']],
  ['2b', 'contract-tco', policy('tco-restore'), []],
  ['3', 'contract', `${nvhe} ${v12}`, []],
  ['3, EL2 draws', 'contract-hyp-draws', v12, lateHost],
  ['5', 'contract-fault', itfsb, both('TFSR_EL1')],
  ['5, EL0', 'contract-fault', `${itfsb} vcpus.1.faultAt=el0`, both('TFSRE0_EL1')],
  ['5, VA bit 55', 'contract-fault', `${itfsb} vcpus.1.faultAt=el1-high`, both('TFSR_EL1')],
  ['5, host', 'contract-fault-host', itfsb, both('TFSR_EL1')],
  ['5', 'contract-fault', '', []],
  ['5', 'contract-fault', `${itfsb} machine.ras=false`, []],
  ['5b', 'contract-fault-put', itfsb, both('TFSR_EL1')],
  ['6', 'contract-h9', '', ['tag-fault-misattributed TFSRE0_EL1']],
  ['6', 'contract-h9', `${nvhe} ${policy('loadput-tfsre0')}`, ['tag-fault-misattributed TFSRE0_EL1']],
  ['6', 'contract-h9', nvhe, []],
  ['6', 'contract-h9', 'host.tco=1', []],
  ['6', 'contract-h9', 'host.faultEvery=0', []],
  ['7', 'contract-timer', policy('loadput-tfsr'), both('TFSR_EL1')],
  ['7', 'contract-timer', `${vhe} ${policy('loadput-tfsr')}`, []],
  [
    '8',
    'contract-deferred',
    policy('deferred-shared-tail'),
    ['guest', 'host'].flatMap((whose) =>
      ['GCR_EL1', 'RGSR_EL1'].map((name) => `${whose}-state-lost ${name}`),
    ),
  ],
  ['8', 'contract-deferred', '', []],
  ['9', 'contract-exs', policy('eos-clear'), ['unsynchronised-guest-state GCR_EL1']],
  ['9', 'contract-exs', '', []],
  ['10', 'contract-injected', policy('inject-no-tco'), ['injected-state-wrong PSTATE.TCO']],
  ['10', 'contract-injected', '', []],
  ['11', 'contract', `${vhe} ${policy('no-gcr')}`, unsaved('GCR_EL1')],
  ['11', 'contract', `${nvhe} ${policy('no-rgsr')}`, unsaved('RGSR_EL1')],
  ['12', 'contract-recycled', policy('no-sanitise'), ['stale-tags-visible tags']],
  ['12', 'contract-recycled', '', []],
  ['13', 'contract-plain', '', []],
  ['13', 'contract-plain', policy('no-id-mask'), all('ID_AA64PFR1_EL1')],
  ['13', 'contract-plain', policy('no-tid5'), all('GMID_EL1')],
  [
    '13',
    'contract-plain',
    policy('ata-always'),
    [...all('GCR_EL1', 'RGSR_EL1', 'TFSRE0_EL1', 'TFSR_EL1', 'checks', 'tags'), ...both('TFSR_EL1')],
  ],
  [
    '16',
    'contract',
    `${vhe} ${policy('late-restore')}`,
    ['foreign-tag-source GCR_EL1', 'host-state-lost GCR_EL1'],
  ],
  [
    '16',
    'contract',
    `${vhe} ${policy('tfsr-alias')}`,
    ['guest-state-lost TFSR_EL1', 'host-state-lost TFSR_EL2'],
  ],
]
