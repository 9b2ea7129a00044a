import { describe, expect, it } from 'vitest'
import { allocateShared, viewsOf } from '../board/shared-memory.ts'
import { Rtc, resetRtc } from './rtc.ts'

const [DR, MR, LR, CR, IMSC, RIS, MIS, ICR] = [0, 4, 8, 0xc, 0x10, 0x14, 0x18, 0x1c]
const SECOND = 1_000_000_000n

function board(start = 1000) {
  const views = viewsOf(allocateShared(1, 2 << 20))
  let now = 0n
  let line = false
  const inputs = {
    setPrivate: () => {},
    setShared(intid: number, level: boolean) {
      expect(intid).toBe(34)
      line = level
    },
  }
  const rtc = new Rtc(
    views,
    inputs,
    () => now,
    () => {},
  )
  resetRtc(views, start)
  return {
    rtc,
    read: (offset: number): number => Number(rtc.read(offset)),
    write: (offset: number, value: number): void => rtc.write(offset, 4, BigInt(value)),
    pass: (seconds: number): void => {
      now += BigInt(Math.round(seconds * 1000)) * (SECOND / 1000n)
    },
    line: () => line,
  }
}

describe('PL031', () => {
  it('counts seconds from what it was given, wraps, and cannot be stopped', () => {
    const { read, write, pass } = board(0xffff_fffe)
    expect([read(DR), read(CR)]).toEqual([0xffff_fffe, 1])
    pass(1.9)
    write(CR, 0)
    expect([read(DR), read(CR)]).toEqual([0xffff_ffff, 1])
    pass(0.2)
    expect(read(DR)).toBe(0)
    write(LR, 500)
    pass(3)
    expect([read(LR), read(DR)]).toEqual([500, 503])
  })

  it('raises its interrupt when the counter reaches the match register, once', () => {
    const { rtc, read, write, pass, line } = board()
    expect(rtc.nextChange()).toBeNull()
    write(IMSC, 1)
    write(MR, 1002)
    expect(rtc.nextChange()).toBe(2n * SECOND)
    pass(1.5)
    rtc.look()
    expect([read(RIS), line()]).toEqual([0, false])
    pass(1)
    rtc.look()
    expect([line(), read(RIS), read(MIS), rtc.nextChange()]).toEqual([true, 1, 1, null])
    write(ICR, 1)
    pass(1)
    expect([read(RIS), line()]).toEqual([0, false])
  })

  it('masks it, and matches at once where the values are equal already', () => {
    const { read, write, line } = board()
    write(MR, 1000)
    expect([read(RIS), read(MIS), line()]).toEqual([1, 0, false])
    write(IMSC, 1)
    expect([read(MIS), line()]).toEqual([1, true])
    write(IMSC, 0)
    expect(line()).toBe(false)
  })

  it('reaches a match that lies before the counter when it wraps', () => {
    const { read, write, pass } = board(1000)
    write(MR, 999)
    pass(2 ** 31)
    expect(read(RIS)).toBe(0)
    write(LR, 998)
    pass(1)
    expect(read(RIS)).toBe(1)
  })
})
