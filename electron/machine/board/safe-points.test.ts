import { beforeEach, describe, expect, it } from 'vitest'
import { SafePoints } from './safe-points.ts'
import { allocateShared, command, control, peControl, peWord, type Views, viewsOf } from './shared-memory.ts'

let views: Views
beforeEach(() => {
  views = viewsOf(allocateShared(3, 2 << 20))
})

const word = (pe: number, name: keyof typeof peControl): number => views.control[peWord(pe, peControl[name])]!
const put = (pe: number, name: keyof typeof peControl, value: number): void => {
  views.control[peWord(pe, peControl[name])] = value
}

describe('PEs that execute at the same time', () => {
  it('look when another announces, and say that they did', () => {
    const [one, other] = [new SafePoints(views, 0, true), new SafePoints(views, 1, true)]
    const looked: string[] = []
    other.follow(() => looked.push('translations'))
    other.follow(() => looked.push('code'))
    other.enter()
    one.announce()
    expect([0, 1, 2].map((pe) => word(pe, 'ATTENTION'))).toEqual([0, 1, 1])
    expect(word(1, 'SEEN')).toBe(0)
    other.look()
    expect([word(1, 'SEEN'), looked]).toEqual([1, ['translations', 'code']])
    one.settle()
  })

  it('do not wait for one that is outside, and look themselves when they have waited', () => {
    const one = new SafePoints(views, 0, true)
    let looked = 0
    one.follow(() => looked++)
    one.enter()
    one.settle()
    expect(looked).toBe(0)
    one.announce()
    one.settle()
    one.settle()
    expect([looked, word(0, 'RUNNING'), word(0, 'SEEN')]).toEqual([1, 1, 1])
    one.leave()
    expect(word(0, 'RUNNING')).toBe(0)
  })

  it('do not wait for ever for one that was lost: the machine ends then', () => {
    put(1, 'RUNNING', 1)
    const one = new SafePoints(views, 0, true)
    one.announce()
    views.control[control.COMMAND] = command.STOP
    one.settle()
  })

  it('follow announcements beyond the largest number', () => {
    views.control[control.ANNOUNCEMENTS] = 0x7fff_ffff
    put(1, 'RUNNING', 1)
    put(1, 'SEEN', -0x8000_0000)
    const one = new SafePoints(views, 0, true)
    one.announce()
    one.settle()
    expect(word(0, 'SEEN')).toBe(-0x8000_0000)
  })
})

it('PEs that take turns only tell each other to look', () => {
  put(1, 'RUNNING', 1)
  const one = new SafePoints(views, 0, false)
  one.enter()
  one.announce()
  one.settle()
  expect([word(0, 'RUNNING'), word(1, 'ATTENTION'), views.control[control.ANNOUNCEMENTS]]).toEqual([0, 1, 0])
})
