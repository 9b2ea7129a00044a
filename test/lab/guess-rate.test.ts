/**
 * Row 11 as an attacker sees it: a guest that knows its own RGSR_EL1 guesses the tags that the host draws next. Where the
 * register is not switched every guess is right; where it is, guesses are as good as chance among the tags that are allowed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { slotOf } from '../../electron/machine/cpu/layout.ts'
import { chooseNonExcludedTag, drawTagOffset } from '../../electron/machine/reference/integer.ts'
import { openOneThread } from '../../electron/workers/one-thread.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'

const resources = join(import.meta.dirname, '../../resources')
const DRAWS = 16
/** IRG X17, SP: the draw of host.probe. */
const PROBE = 0x9adf13f1
const EXCLUDE = 0x8001
const ALLOWED = 14
const RGSR = slotOf('RGSR_EL1')
const X17 = 17

/** Right guesses of all, over the draws behind each exit of a guest with MTE. */
function guess(policy: string, mode: string): { right: number; of: number } {
  const text = readFileSync(join(resources, 'experiments/contract.json'), 'utf8')
  const set = [
    'machine.sync=eager',
    `hypervisor.mode=${mode}`,
    `hypervisor.policy=${policy}`,
    `host.draws=${DRAWS}`,
  ]
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  expect(problems).toEqual([])
  expect(experiment!.host.exclude).toBe(EXCLUDE)
  const { plan } = planRun(experiment!, resources)
  const board = openOneThread(plan, { console: () => {} })
  const { core } = board.pes[0]!
  const inGuest = () => core.el < 2 && (core.hcr() & 1n) !== 0n
  let known: { seed: number; tag: number } | null = null
  let [right, of] = [0, 0]
  while (board.end() === null) {
    const before = inGuest()
    const offset = Number(core.pc) - 0x40000000
    const draws = !before && offset >= 0 && offset % 4 === 0 && core.views.ram32[offset / 4] === PROBE
    if (board.advance(1) === 0) break
    if (before && !inGuest()) {
      const rgsr = core.state[RGSR]!
      const hasTags = (core.hcr() & (1n << 56n)) !== 0n
      known = hasTags ? { seed: Number((rgsr >> 8n) & 0xffffn), tag: Number(rgsr & 15n) } : null
    } else if (draws && known !== null) {
      const drawn = drawTagOffset(known.seed)
      const tag = chooseNonExcludedTag(known.tag, drawn.offset, EXCLUDE)
      of++
      if (Number((core.state[X17]! >> 56n) & 15n) === tag) right++
      known = { seed: drawn.seed, tag }
    }
  }
  return { right, of }
}

describe.each(['nvhe', 'vhe'])(
  'the host’s next tags, guessed by a guest, %s',
  { timeout: 60_000 },
  (mode) => {
    it('are all known where RGSR_EL1 is not switched', () => {
      const { right, of } = guess('no-rgsr', mode)
      expect(of).toBeGreaterThanOrEqual(10 * DRAWS)
      expect(right).toBe(of)
    })

    it('are as good as chance among the allowed tags where it is', () => {
      const { right, of } = guess('mainline', mode)
      expect(of).toBeGreaterThanOrEqual(10 * DRAWS)
      const spread = Math.sqrt(of * (1 / ALLOWED) * (1 - 1 / ALLOWED))
      expect(Math.abs(right - of / ALLOWED)).toBeLessThan(4 * spread)
    })
  },
)
