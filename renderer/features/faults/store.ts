import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { Problem } from '../../../shared/base/result.ts'
import type { RunId } from '../../../shared/model/run.ts'
import type { AddressRange, CycleRange, FaultPage } from '../../../shared/model/views.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'

export type ListedFault = FaultPage['rows'][number]

const PAGE = 200

/** Faults by column of time. */
export const useFaults = defineStore('faults', () => {
  const series = question((query: { run: RunId; range: CycleRange | null; columns: number }) =>
    lab.call('run.faults', query),
  )
  return { series }
})

/** Faults by granule and time. */
export const useFaultMap = defineStore('fault-map', () => ({
  map: question((query: { run: RunId; range: CycleRange | null; columns: number; rows: number }) =>
    lab.call('run.fault-map', query),
  ),
}))

/** Every fault of a range, page by page as it comes into view. */
export const useFaultList = defineStore('fault-list', () => {
  const query = shallowRef<{ run: RunId; range: CycleRange | null } | null>(null)
  const total = shallowRef<number | null>(null)
  /** Only faults of these granules are listed; null: all. */
  const granules = shallowRef<AddressRange | null>(null)
  const pages = shallowRef<ReadonlyMap<number, ListedFault[]>>(new Map())
  const problem = shallowRef<Problem | null>(null)
  const asked = new Set<number>()
  let latest = 0

  async function fetchPage(page: number): Promise<void> {
    const at = query.value
    if (!at || asked.has(page)) return
    asked.add(page)
    const mine = latest
    const result = await lab.call('run.fault-list', {
      ...at,
      granules: granules.value,
      offset: page * PAGE,
      limit: PAGE,
    })
    if (mine !== latest) return
    if (!result.ok) {
      asked.delete(page)
      problem.value = result.error
      return
    }
    problem.value = null
    total.value = result.value.total
    pages.value = new Map(pages.value).set(page, result.value.rows)
  }

  /** Starts over for another range. */
  async function load(next: { run: RunId; range: CycleRange | null }): Promise<void> {
    latest++
    asked.clear()
    if (query.value?.run !== next.run) {
      pages.value = new Map()
      total.value = null
    }
    query.value = next
    const mine = latest
    await fetchPage(0)
    if (mine === latest) pages.value = new Map([...pages.value].filter(([page]) => asked.has(page)))
  }

  /** Lists the faults of some granules alone, or of all again. */
  function only(next: AddressRange | null): void {
    granules.value = next
    if (query.value) void load(query.value)
  }

  /** Makes sure that rows from..to (exclusive) are there, or on their way. */
  function want(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page++) void fetchPage(page)
  }

  const row = (index: number): ListedFault | null =>
    pages.value.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null

  return { query, total, pages, problem, granules, load, only, want, row }
})
