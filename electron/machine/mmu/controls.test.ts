import { describe, expect, it } from 'vitest'
import { featureSet } from '../../../shared/arch/features.ts'
import { effectiveSlotOf, STATE_WORDS } from '../cpu/layout.ts'
import { HCR } from './controls.ts'
import { ControlsCache } from './controls-cache.ts'

const features = featureSet({ mte: 3, mteAsync: true, ras: true, exs: false })
const SLOTS = {
  ttbr: effectiveSlotOf('TTBR0_EL1'),
  hcr: effectiveSlotOf('HCR_EL2'),
  sctlr1: effectiveSlotOf('SCTLR_EL1'),
  sctlr2: effectiveSlotOf('SCTLR_EL2'),
}

function cache() {
  const state = new BigUint64Array(STATE_WORDS)
  return { state, controls: new ControlsCache(state, features) }
}

describe('the controls of a regime', () => {
  it('are the same object for the same register values, also after others were in force', () => {
    const { state, controls } = cache()
    const first = controls.of(1)
    state[SLOTS.ttbr] = 0x1_0000_0000_1000n
    const second = controls.of(1)
    expect(second.context).not.toBe(first.context)
    state[SLOTS.ttbr] = 0n
    expect(controls.of(1)).toBe(first)
    expect(controls.of(0)).toBe(first)
  })

  it('keep their context number when they were forgotten in between', () => {
    const { state, controls } = cache()
    const { context } = controls.of(1)
    const seen = new Set([context])
    for (let asid = 1n; asid <= 40n; asid++) {
      state[SLOTS.ttbr] = asid << 48n
      seen.add(controls.of(1).context)
    }
    state[SLOTS.ttbr] = 0n
    expect(controls.of(1).context).toBe(context)
    expect(seen.size).toBe(41)
  })

  it('give EL0 of a VHE host the regime of EL2', () => {
    const { state, controls } = cache()
    expect(controls.of(0).regime).toBe('EL1&0')
    state[SLOTS.hcr] = HCR.E2H | HCR.TGE
    expect([controls.of(0).regime, controls.of(2).regime, controls.of(1).regime]).toEqual([
      'EL2&0',
      'EL2&0',
      'EL1&0',
    ])
    state[SLOTS.hcr] = HCR.E2H
    expect(controls.of(0).regime).toBe('EL1&0')
  })

  it('switch the stage 1 MMU off for TGE and DC, and stage 2 on for DC', () => {
    const { state, controls } = cache()
    state[SLOTS.sctlr1] = 1n
    expect(controls.of(1)).toMatchObject({ mmuOn: true, stage2: null })
    state[SLOTS.hcr] = HCR.TGE
    expect(controls.of(1).mmuOn).toBe(false)
    state[SLOTS.hcr] = HCR.DC | HCR.DCT
    expect(controls.of(1).stage2).not.toBeNull()
    expect(controls.of(1)).toMatchObject({
      mmuOn: false,
      defaultCacheable: true,
      defaultTagged: true,
    })
  })

  it('need HCR_EL2.ATA for tag access at EL1 and EL0, not at EL2', () => {
    const { state, controls } = cache()
    state[SLOTS.sctlr1] = 3n << 42n
    state[SLOTS.sctlr2] = 3n << 42n
    expect([controls.of(1).tagAccess, controls.of(2).tagAccess]).toEqual([
      [false, false],
      [false, true],
    ])
    state[SLOTS.hcr] = HCR.ATA
    expect(controls.of(1).tagAccess).toEqual([true, true])
    state[SLOTS.hcr] = HCR.E2H | HCR.TGE
    expect(controls.of(0).tagAccess).toEqual([true, true])
  })

  it('ignore check modes that the features lack', () => {
    const mode = (tcf: bigint, mteAsync: boolean, mte: 2 | 3) => {
      const state = new BigUint64Array(STATE_WORDS)
      state[SLOTS.sctlr1] = tcf << 40n
      return new ControlsCache(state, featureSet({ mte, mteAsync, ras: true, exs: false })).of(1).tcf[1]
    }
    expect([
      mode(1n, false, 2),
      mode(2n, false, 2),
      mode(2n, true, 2),
      mode(3n, true, 2),
      mode(3n, true, 3),
    ]).toEqual([1, 0, 2, 0, 3])
  })
})
