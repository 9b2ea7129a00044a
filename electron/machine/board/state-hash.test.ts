import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layout, STATE_WORDS } from '../cpu/layout.ts'
import { MemoryPages } from './memory-pages.ts'
import {
  allocateShared,
  clock,
  control,
  markWritten,
  peControl,
  peWord,
  type Views,
  viewsOf,
} from './shared-memory.ts'
import { hashed, stateHash, stateKey } from './state-hash.ts'

const board = (ramBytes = 4 << 20) => viewsOf(allocateShared(2, ramBytes))
const empty = stateHash(board())

const flip = (words: Int32Array | Uint8Array, at: number, bit: number): void => {
  words[at]! ^= 1 << (bit & 31)
}
const flipWide = (words: BigUint64Array | BigInt64Array, at: number, bit: number): void => {
  words[at]! ^= BigInt.asIntN(64, 1n << BigInt(bit))
}

describe('stateHash', () => {
  it('is the same for the same state, whatever memory is unused', () => {
    expect(stateHash(board())).toBe(empty)
    expect(stateHash(board(8 << 20))).toBe(empty)
  })

  it('depends on every word of every PE', () => {
    const views = board()
    const seen = new Set([empty])
    for (const { word, words } of layout()) {
      const state = views.state(1)
      state[word + words - 1] = 1n
      seen.add(stateHash(views))
      state[word + words - 1] = 0n
    }
    expect(seen.size).toBe(layout().length + 1)
    expect(stateHash(views)).toBe(empty)
  })

  it('tells the PEs, RAM, tags, devices, power and time apart', () => {
    const changes: ((views: ReturnType<typeof board>) => void)[] = [
      (views) => views.state(0).fill(1n, 0, 1),
      (views) => views.state(1).fill(1n, 0, 1),
      (views) => views.ram8.fill(1, 0, 1),
      (views) => views.ram8.fill(1, 4096, 4097),
      (views) => views.ram8.fill(1, (4 << 20) - 1),
      (views) => views.tags.fill(1, 0, 1),
      (views) => views.tags.fill(1, views.tags.length - 1),
      (views) => views.devices.fill(1n, 3, 4),
      (views) => views.gic.fill(1, 20, 21),
      (views) => views.control.fill(1, peWord(1, peControl.POWER), peWord(1, peControl.POWER) + 1),
      (views) => views.control.fill(1, peWord(1, peControl.WAITING), peWord(1, peControl.WAITING) + 1),
      (views) => views.control.fill(1, control.TURN, control.TURN + 1),
      (views) => views.clock.fill(1n, clock.MODEL, clock.MODEL + 1),
    ]
    const hashes = changes.map((change) => {
      const views = board()
      change(views)
      return stateHash(views)
    })
    expect(new Set([empty, ...hashes]).size).toBe(changes.length + 1)
  })

  const change = (change: (views: ReturnType<typeof board>) => void): string => {
    const views = board()
    change(views)
    return stateHash(views)
  }

  it('depends on one flipped bit of any word that decides, wherever it lies', () => {
    const bits = fc.record({ bit: fc.nat(63), pe: fc.nat(1), at: fc.nat() })
    const flips = ({ bit, pe, at }: { bit: number; pe: number; at: number }): ((views: Views) => void)[] => [
      (views) => flipWide(views.state(pe), at % STATE_WORDS, bit),
      (views) => flipWide(views.devices, at % views.devices.length, bit),
      (views) => flip(views.gic, at % views.gic.length, bit),
      (views) => flip(views.tags, at % views.tags.length, bit & 3),
      (views) => flip(views.ram8, at % views.ram8.length, bit & 7),
      (views) => flipWide(views.mailbox, pe * 2 + (at & 1), bit),
      (views) => flip(views.control, control.ORDER + pe, bit),
      (views) => flipWide(views.clock, clock.DEADLINE + pe, bit),
      ...hashed.control.map((name) => (views: Views) => flip(views.control, control[name], bit)),
      ...hashed.clock.map((name) => (views: Views) => flipWide(views.clock, clock[name], bit)),
      ...hashed.peControl.map(
        (name) => (views: Views) => flip(views.control, peWord(pe, peControl[name]), bit),
      ),
    ]
    fc.assert(
      fc.property(bits, (where) => {
        const hashes = flips(where).map(change)
        expect(new Set([empty, ...hashes]).size).toBe(hashes.length + 1)
      }),
      { seed: 1, numRuns: process.env.SWITCHYARD_LONG === '1' ? 1000 : 8 },
    )
  })

  it('depends on input that was not read yet, and not on what was', () => {
    const received = (bytes: number[], read: number): string =>
      change((views) => {
        views.input.set(bytes)
        views.control[control.INPUT_WRITTEN] = bytes.length
        views.control[control.INPUT_READ] = read
      })
    expect(received([1, 2, 3], 1)).toBe(received([9, 2, 3], 1))
    expect(received([1, 2, 3], 1)).not.toBe(received([1, 2, 4], 1))
    expect(received([1, 2, 3], 1)).not.toBe(received([1, 2, 3], 2))
  })

  it('names every word of the blocks that it leaves out', () => {
    const rest = (block: object, names: readonly string[]): string[] =>
      Object.keys(block).filter((name) => !names.includes(name))
    expect(rest(control, hashed.control)).toEqual([
      'COMMAND',
      'STOP_KIND',
      'STOP_CODE',
      'STOP_PE',
      'CONSOLE_LOCK',
      'CONSOLE_WRITTEN',
      'CONSOLE_READ',
      'SWITCHES',
      'PAUSES',
      'RESTORES',
      'CODE_GENERATION',
      'TLB_GENERATION',
      'ANNOUNCEMENTS',
      'GUARDED',
      'WAITS',
      'INPUT_OFFERED',
      'ORDER', // per PE
    ])
    expect(rest(clock, hashed.clock)).toEqual(['DEADLINE']) // per PE
    expect(rest(peControl, hashed.peControl)).toEqual([
      'ATTENTION',
      'PARKED',
      'UNACKNOWLEDGED',
      'RUNNING',
      'SEEN',
      'FENCE',
    ])
  })

  it('leaves out what only the client and the workers use', () => {
    const views = board()
    views.control[control.PAUSES] = 3
    views.control[control.CONSOLE_WRITTEN] = 9
    views.control[peWord(0, peControl.UNACKNOWLEDGED)] = 1
    views.console[0] = 65
    views.codePages[1] = 2
    expect(stateHash(views)).toBe(empty)
  })
})

describe('stateKey', () => {
  it('is equal for two moments of a machine exactly where their hashes are', () => {
    const write = fc.record({ at: fc.nat(31), value: fc.nat(1), tag: fc.boolean(), word: fc.nat(1) })
    fc.assert(
      fc.property(fc.array(write, { maxLength: 24 }), (writes) => {
        const views = board(1 << 20)
        const memory = new MemoryPages(views, 'zeros')
        const moments = [
          { hash: stateHash(views), key: stateKey(views, memory.take()), table: memory.take() },
        ]
        for (const { at, value, tag, word } of writes) {
          const offset = (at % 4) * 4096 * 60 + at * 64
          if (tag) views.tags[offset / 16] = value
          else views.ram8[offset] = value
          markWritten(views.codePages, offset, 1)
          views.state(1)[word] = BigInt(value)
          const table = memory.take()
          moments.push({ hash: stateHash(views), key: stateKey(views, table), table })
        }
        const keyOf = new Map(moments.map(({ hash, key }) => [hash, key]))
        for (const { hash, key } of moments) expect(key).toBe(keyOf.get(hash))
        expect(new Set(keyOf.values()).size).toBe(keyOf.size)
      }),
      { seed: 20261125, numRuns: 60 },
    )
  })
})
