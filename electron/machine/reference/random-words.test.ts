import { expect, it } from 'vitest'
import { biasedWord, type Draw, numbers, uniformWord } from '../../../test/oracle/draw.ts'
import { place, TestMachine } from '../../../test/support/machine.ts'
import { RAM_BASE } from '../board/map.ts'
import { MachineStop } from '../cpu/fault.ts'

/**
 * Random words in random states: whatever a guest executes ends in its own exception or in a stop of the machine with a
 * reason, never in an error of the emulator. Half the words are uniform, half are words of our rows or next to one.
 */

const LONG = process.env.SWITCHYARD_LONG !== undefined
const WORDS = LONG ? 10_000_000 : 250_000
const PAGE = 1024
const SEED = 20_260_301

/** PSTATE: flags, TCO, DIT, UAO, PAN, SSBS, masks, and the mode of an EL. */
const MODES = [0, 4, 5, 8, 9]
const pstate = (draw: Draw): bigint =>
  BigInt(((draw(1 << 16) << 16) & 0xf3c0_0000) >>> 0) |
  BigInt((draw(2) << 12) | (draw(16) << 6) | MODES[draw(5)]!)

/** Anything, small numbers, and places in RAM. */
function value(draw: Draw): bigint {
  const any = (BigInt(draw(2 ** 32)) << 32n) | BigInt(draw(2 ** 32))
  switch (draw(4)) {
    case 0:
      return any
    case 1:
      return BigInt(draw(64))
    default:
      return (place.data + BigInt(draw(0x2_0000))) | (draw(2) ? BigInt(draw(16)) << 56n : 0n)
  }
}

it('executes nothing that breaks the emulator', { timeout: 3_600_000 }, ({ task }) => {
  const draw = numbers(SEED)
  const stops = new Map<string, number>()
  let executed = 0
  let exceptions = 0
  for (let batch = 0; executed < WORDS; batch++) {
    const machine = new TestMachine({ ramBytes: 2 << 20, features: { mte: (batch & 3) as 0 | 1 | 2 | 3 } })
    const { core, pe, views } = machine
    for (let round = 0; round < 16 && executed < WORDS; round++) {
      const words = Uint32Array.from({ length: PAGE }, (_, i) =>
        i & 1 ? uniformWord(draw) : biasedWord(draw),
      )
      views.ram32.set(words, (Number(place.code) - RAM_BASE) >> 2)
      pe.mmu.codeWritten((Number(place.code) - RAM_BASE) >> 12)
      for (const [i, word] of words.entries()) {
        if ((i & 31) === 0) {
          // MSRs of the words before may have moved everything: start over, then with the trap controls drawn.
          pe.reset(1 + draw(1000))
          if (draw(2)) machine.set('CPACR_EL1', 3n << 20n).set('CPTR_EL2', 0n)
          for (let n = 0; n < 31; n++) core.state[n] = value(draw)
        }
        core.unpackPstate(pstate(draw))
        core.pc = place.code + BigInt(i * 4)
        core.refetch = true
        const before = core.instructions
        try {
          pe.engine.run(1)
        } catch (error) {
          if (!(error instanceof MachineStop)) {
            throw new Error(`seed ${SEED}, word 0x${word.toString(16)} at EL${core.el}`, { cause: error })
          }
          stops.set(error.kind, (stops.get(error.kind) ?? 0) + 1)
        }
        if (core.word === word) executed++
        if (core.instructions === before) exceptions++
      }
    }
  }
  task.meta.report = `${executed} random words executed, ${exceptions} took an exception, stops: ${[...stops].join(' ')}`
  expect(exceptions).toBeGreaterThan(executed / 10)
  expect(exceptions).toBeLessThan(executed)
  expect(stops.get('model-error')).toBeGreaterThan(0)
})
