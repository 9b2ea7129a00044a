/** Cases with the shape of resources/experiments/museum. Test code only. */
import type { MuseumCase } from '../../shared/model/museum.ts'

export const museum: MuseumCase[] = [
  ['missing-isb', 'The missing ISB', "Host code draws its first tag under the guest's mask.", 'H1'],
  [
    'late-fault',
    'The fault that came too late',
    'A guest leaves while its fault is in flight; the host is blamed.',
    'H3',
  ],
  [
    'recycled-page',
    'Tags of the previous owner',
    'A recycled page keeps its tags, and a VM reads them by LDG.',
    'H8',
  ],
  [
    'eos-clear',
    'ERET that does not synchronise',
    'With SCTLR_EL2.EOS clear the guest starts under the mask of the host.',
    'H14',
  ],
].map(([name = '', title = '', line = '', hazard = '']) => ({
  name,
  title,
  line,
  hazards: [hazard],
  story: `# ${title}

${line} Version 12 of a series wrote \`GCR_EL1\` on the way out and returned **without** a context synchronisation event.

## What happens

1. The guest leaves by HVC.
2. The hypervisor writes the host's mask:

\`\`\`
msr gcr_el1, x6
ret
\`\`\`

3. The first \`IRG\` of the host may still use the *old* mask.

## Sources

- Arm ARM DDI 0487 M.a.a, D24.1.2.2
- [The patch](https://lore.kernel.org/kvmarm/) <script>alert(1)</script>

| variant | difference |
|---|---|
| broken | no ISB |
| fixed | ISB behind the last MSR |

## Limits of the model

The model has no pipeline; it takes what the architecture allows.
`,
  broken: {
    name: 'contract',
    text: '{ "name": "contract" }',
    set: ['hypervisor.policy=v12'],
    what: 'v12: no ISB',
  },
  fixed: {
    name: 'contract',
    text: '{ "name": "contract" }',
    set: ['hypervisor.policy=v13'],
    what: 'v13: one ISB',
  },
}))
