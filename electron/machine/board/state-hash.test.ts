import { describe, expect, it } from 'vitest'
import { layout } from '../cpu/layout.ts'
import { allocateShared, clock, control, peControl, peWord, viewsOf } from './shared-memory.ts'
import { stateHash } from './state-hash.ts'

const board = (ramBytes = 4 << 20) => viewsOf(allocateShared(2, ramBytes))
const empty = stateHash(board())

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
