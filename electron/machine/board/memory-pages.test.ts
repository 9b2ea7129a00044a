import { describe, expect, it } from 'vitest'
import { eachDifference, MemoryPages, type PageTable, pageBytes } from './memory-pages.ts'
import { allocateShared, followCode, markWritten, pageWord, viewsOf } from './shared-memory.ts'

const PAGE = 4096
const board = () => viewsOf(allocateShared(1, 4 << 20))

function differing(before: PageTable, after: PageTable): number[] {
  const pages: number[] = []
  eachDifference(before, after, (page) => pages.push(page))
  return pages
}

describe('tables of pages', () => {
  it('share what was not written between them', () => {
    const views = board()
    const memory = new MemoryPages(views, 'zeros')
    const empty = memory.take()
    expect(differing(empty, memory.take())).toEqual([])
    views.ram8.fill(7, 5 * PAGE + 100, 5 * PAGE + 101)
    markWritten(views.codePages, 5 * PAGE + 100, 1)
    views.tags[3 * 256] = 9
    markWritten(views.codePages, 3 * PAGE, 16)
    const first = memory.take()
    expect(differing(empty, first)).toEqual([3, 5])
    views.ram8[5 * PAGE] = 8
    markWritten(views.codePages, 5 * PAGE, 1)
    const second = memory.take()
    expect(differing(first, second)).toEqual([5])
    expect(second[0]![3]).toBe(first[0]![3])
    expect(second[1]).toBe(empty[1])
    expect([pageBytes(first[0]![3]!), pageBytes(first[0]![5]!), pageBytes(first[0]![0]!)]).toEqual([
      4352, 4096, 0,
    ])
  })

  it('are put back, whatever was written since, and only that is touched', () => {
    const views = board()
    const memory = new MemoryPages(views, 'zeros')
    views.ram8[0] = 1
    views.tags[1] = 4
    markWritten(views.codePages, 0, 1)
    const first = memory.take()
    views.ram8[0] = 2
    views.ram8[9 * PAGE] = 3
    views.tags[1] = 5
    markWritten(views.codePages, 0, 9 * PAGE + 1)
    memory.put(first)
    expect([views.ram8[0], views.ram8[9 * PAGE], views.tags[1]]).toEqual([1, 0, 4])
    // Not said to be written: nobody looks there.
    views.ram8[20 * PAGE] = 1
    memory.put(first)
    expect(views.ram8[20 * PAGE]).toBe(1)
  })

  it('begin by reading everything where it is not known what memory holds', () => {
    const views = board()
    views.ram8[7 * PAGE] = 1
    const memory = new MemoryPages(views, 'unknown')
    const table = memory.take()
    expect(table[0]!.findIndex((page) => page !== null)).toBe(7)
    views.ram8[7 * PAGE] = 2
    markWritten(views.codePages, 7 * PAGE, 1)
    memory.put(table)
    expect(views.ram8[7 * PAGE]).toBe(1)
  })

  it('leave the versions of code pages alone', () => {
    const views = board()
    const version = followCode(views.codePages, 2)
    const memory = new MemoryPages(views, 'zeros')
    memory.take()
    expect(views.codePages[2]).toBe(version | pageWord.WATCHED)
    markWritten(views.codePages, 2 * PAGE, PAGE)
    expect([views.codePages[2], views.codePages[3]]).toEqual([version, pageWord.WATCHED])
    expect(followCode(views.codePages, 2)).toBe(version)
  })
})
