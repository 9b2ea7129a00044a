/** Reports of the switch contract with the shapes that the lab gives. Test code only; the product never loads it. */
import { defaultScope } from '../../shared/arch/synchronisation.ts'
import type { CheckReport, Finding, Step, Verdict } from '../../shared/model/findings.ts'
import { HOST } from '../../shared/model/trace.ts'

const verdict = (more: Partial<Verdict> & Pick<Verdict, 'word' | 'text'>): Verdict => ({
  mode: 'explore',
  release: 'ddi0487-m',
  scope: defaultScope,
  window: 'run',
  pendingSeen: 148,
  uses: 9,
  choices: 512,
  exhaustive: true,
  control: null,
  ...more,
})
const step = (position: number, pc: bigint, el: number, instruction: string, text: string): Step => ({
  pe: 0,
  position,
  moment: position,
  pc,
  el,
  instruction,
  text,
})

export const missingIsb: Finding = {
  kind: 'unsynchronised-host-state',
  register: 'GCR_EL1',
  owner: HOST,
  other: 0,
  steps: [
    step(18_204, 0x4008_1a38n, 2, 'msr gcr_el1, x6', "vCPU 0's mask 00f1 is written for the entry."),
    step(18_206, 0x4008_1a40n, 2, 'eret', 'The return to the guest makes that write certain.'),
    step(
      18_311,
      0x4008_1b10n,
      2,
      'msr gcr_el1, x6',
      "The host's mask 8001 is written; it is pending from here on.",
    ),
    step(
      18_317,
      0x4008_20c4n,
      2,
      'irg x0, sp',
      "The host draws under vCPU 0's mask 00f1: tag e, which its own mask excludes.",
    ),
  ],
  choices: [
    { pe: 0, position: 18_317, kind: 'write-used', register: 'GCR_EL1', taken: 0, alternatives: 2 },
    { pe: 0, position: 18_530, kind: 'write-used', register: 'GCR_EL1', taken: 0, alternatives: 2 },
  ],
  explanation: [
    {
      text: 'No context synchronisation event lies between the write of GCR_EL1 at 40081b10 and the IRG at 400820c4.',
      step: 2,
    },
    {
      text: 'The next event is the ISB that ends the run function, 11 instructions behind the draw.',
      step: 3,
    },
    {
      text: 'The masks differ: 8001 of the host excludes tag e, 00f1 of vCPU 0 does not. Equal masks would hide it.',
      step: 0,
    },
    {
      text: 'RGSR_EL1 is not affected: by DDI 0487 M.a.a its accesses are seen in program order.',
      step: null,
    },
  ],
}

export const lostFault: Finding = {
  kind: 'tag-fault-lost',
  register: 'TFSR_EL1',
  owner: 1,
  other: HOST,
  steps: [
    step(
      20_110,
      0x4020_0140n,
      1,
      'str x2, [x1]',
      'A store of vCPU 1 through tag 5 meets memory of tag 9. Software could not have known: the fault is only in flight.',
    ),
    step(
      20_111,
      0x4020_0144n,
      1,
      'hvc #0x1',
      'The guest leaves. SCTLR_EL2.ITFSB is 0, so entry to EL2 does not wait for the fault.',
    ),
    step(
      20_164,
      0x4008_1c20n,
      2,
      'mrs x6, tfsr_el1',
      "vCPU 1's TFSR_EL1 is saved; it reads 0, the fault has not arrived.",
    ),
    step(20_171, 0x4008_1c3cn, 2, 'msr tfsr_el1, x6', 'The value of the host is loaded.'),
    step(
      20_204,
      0x4008_1d08n,
      2,
      'mrs x0, tfsr_el1',
      "The fault arrived behind that: bit 55 says TF1. It is nobody's of vCPU 1 any more.",
    ),
  ],
  choices: [
    { pe: 0, position: 20_171, kind: 'fault-before-write', register: 'TFSR_EL1', taken: 0, alternatives: 2 },
  ],
  explanation: [
    {
      text: 'Nothing between the access and the save of TFSR_EL1 waits for the fault: no ITFSB entry, and the DSB is behind the save.',
      step: 2,
    },
    { text: 'The fault landed in TFSR_EL1 when the host owned it.', step: 4 },
  ],
}

export const misattributed: Finding = {
  ...lostFault,
  kind: 'tag-fault-misattributed',
  explanation: [{ text: 'The host reads a fault that only vCPU 1 caused.', step: 4 }],
}

const pending: CheckReport['pending'] = [
  {
    boundary: 'entry to the guest',
    pe: 0,
    position: 18_207,
    pc: 0x4020_0000n,
    registers: [{ register: 'HCR_EL2.ATA', closedBy: { event: 'ERET', pc: 0x4008_1a40n, position: 18_206 } }],
  },
  {
    boundary: 'return to the host',
    pe: 0,
    position: 18_316,
    pc: 0x4008_20c4n,
    registers: [
      {
        register: 'GCR_EL1',
        closedBy: { event: 'ISB at the end of the run function', pc: 0x4008_20f0n, position: 18_328 },
      },
      { register: 'SCTLR_EL2.TCF', closedBy: null },
    ],
  },
]

export const advice: CheckReport['advice'] = [
  {
    kind: 'dead-offset',
    register: 'TFSRE0_EL1',
    place: 'CPU_TFSRE0_EL1 at hyp/policies/v12.inc:14',
    text: 'No instruction of the image uses the offset CPU_TFSRE0_EL1 (168); the slot itself is live: 4 instructions are written with CTX_TFSRE0.',
  },
  {
    kind: 'needless-barrier',
    register: null,
    place: 'isb at guest_enter+0x9c',
    text: 'Without this ISB nothing changes in these 6 scenarios, EOS=1: the ERET behind it synchronises.',
  },
]

export const reports = {
  violated: {
    findings: [missingIsb],
    advice,
    pending,
    verdict: verdict({ word: 'violated', text: 'violated (witness)', choices: 2 }),
  },
  several: {
    findings: [missingIsb, lostFault, misattributed],
    advice: [],
    pending,
    verdict: verdict({ word: 'violated', text: 'violated (witness)', choices: 38 }),
  },
  none: {
    findings: [],
    advice: [],
    pending: pending.slice(0, 1),
    verdict: verdict({
      word: 'none',
      text: 'no violation in 512 choices (exhaustive for this window and scope)',
      control: { removed: 'isb at mte_switch_to_host+0x18', violated: true },
    }),
  },
  sampled: {
    findings: [],
    advice: [],
    pending: [],
    verdict: verdict({
      word: 'none',
      text: 'no violation in 64 samples',
      mode: 'seeded',
      choices: 64,
      exhaustive: false,
      control: { removed: 'isb at mte_switch_to_host+0x18', violated: true },
    }),
  },
  vacuous: {
    findings: [],
    advice: [],
    pending: [],
    verdict: verdict({
      word: 'vacuous',
      text: 'vacuous',
      uses: 0,
      choices: 1,
      control: { removed: 'isb at mte_switch_to_host+0x18', violated: false },
    }),
  },
  unknown: {
    findings: [],
    advice: [],
    pending: [],
    verdict: verdict({ word: 'unknown owner', text: 'unknown owner', choices: 512 }),
  },
} satisfies Record<string, CheckReport>
