import { describe, expect, it } from 'vitest'
import type { FaultSeries, LatencyDistribution, RegisterLane } from '../../shared/model/views.ts'
import { bandHeadline, faultHeadline, latencyHeadline, registerHeadline } from './headlines.ts'

const plain = (text: string): string => text.replaceAll('\u202f', ' ')
const distribution = (n: number): LatencyDistribution => ({
  unit: 'model cycles',
  n,
  binStart: Float64Array.of(1000),
  binWidth: 1,
  binCount: Float64Array.of(n),
  ecdfValue: Float64Array.of(1000),
  ecdfShare: Float64Array.of(1),
  quantiles: [
    { name: 'p50', value: 1204, id: 1 },
    { name: 'p90', value: 1396, id: 1 },
    { name: 'p99', value: 1680, id: 1 },
    { name: 'p99.9', value: 1960, id: 1 },
    { name: 'maximum', value: 2504, id: 1 },
  ],
  phaseMean: [],
  phaseMedian: [],
  medianId: 1,
})

describe('the latency title', () => {
  it.each([
    [
      20000,
      false,
      'Half of all switches cost at most 1 204 model cycles; one in a thousand costs 1 960 or more',
    ],
    [
      312,
      true,
      'Half of the 312 switches in this range cost at most 1 204 model cycles; one in a hundred costs 1 680 or more',
    ],
    [
      15,
      true,
      'Half of the 15 switches in this range cost at most 1 204 model cycles; the dearest cost 2 504',
    ],
    [1, false, 'The one switch cost 2 504 model cycles'],
  ])('of %s switches claims no rarer quantile than they allow', (n, ranged, title) =>
    expect(plain(latencyHeadline(distribution(n), ranged))).toBe(title),
  )
})

function faults(...owners: [owner: number, sync: number[], async: number[]][]): FaultSeries {
  const sum = (counts: number[]): number => counts.reduce((total, value) => total + value, 0)
  const columns = owners[0]?.[1].length ?? 0
  return {
    columnStart: Float64Array.from({ length: columns }, (_, i) => i * 1000),
    columnWidth: 1000,
    owners: owners.map(([owner, sync, async]) => ({
      owner,
      sync: Float64Array.from(sync),
      async: Float64Array.from(async),
      modes: ['sync'],
      totalSync: sum(sync),
      totalAsync: sum(async),
    })),
  }
}

describe('the fault title', () => {
  it.each([
    ['none', faults(), 'No tag check faulted in this run'],
    ['one', faults([1, [1], [0]]), 'The one tag fault comes from v1 and is synchronous'],
    [
      'all of one owner',
      faults([1, [4, 2], [0, 0]], [0, [0, 0], [0, 0]]),
      'All 6 tag faults come from v1, each one synchronous',
    ],
    [
      'mostly two',
      faults([1, [50], [0]], [3, [45], [0]], [0, [5], [0]]),
      '95 % of 100 tag faults come from v1 and v3, each one synchronous',
    ],
    [
      'late asynchronous ones',
      faults([1, [5, 5, 5, 5], [0, 0, 5, 5]]),
      'All 30 tag faults come from v1; asynchronous ones begin near cycle 2 000',
    ],
    [
      'both from the start',
      faults([1, [5, 5], [5, 5]]),
      'All 20 tag faults come from v1; 50 % are asynchronous',
    ],
  ])('with %s', (_name, series, title) => expect(plain(faultHeadline(series, false))).toBe(title))
})

describe('the register title', () => {
  const lane = (
    slot: RegisterLane['slot'],
    cycles: number[],
    values: bigint[],
    reduction: RegisterLane['reduction'] = 'all',
  ): RegisterLane => ({
    register: 'GCR_EL1',
    pe: 0,
    slot,
    cycle: Float64Array.from(cycles),
    value: BigUint64Array.from(values),
    owner: Int8Array.from(cycles, (_, i) => (i % 2 ? 0 : -1)),
    cause: cycles.map(() => 'msr' as const),
    drawn: cycles.length,
    total: cycles.length,
    reduction,
  })
  const range = { from: 0, to: 1000 }

  it('states the longest pending stretch', () =>
    expect(
      registerHeadline(
        [lane('architectural', [0, 100, 300], [1n, 2n, 1n]), lane('effective', [0, 140, 772], [1n, 2n, 1n])],
        range,
        0,
        true,
      ),
    ).toBe('GCR_EL1 on PE0 is pending 2 times in this range, for up to 472 model cycles'))
  it('says that nothing is pending only where all changes are known', () => {
    const same = [lane('architectural', [0, 100], [1n, 2n]), lane('effective', [0, 100], [1n, 2n])]
    expect(registerHeadline(same, range, 0, false)).toBe(
      'GCR_EL1 on PE0 belongs to the host and v0 in this run; no write is left pending',
    )
    const reduced = same.map((entry) => ({
      ...entry,
      reduction: 'first, last, minimum and maximum per column' as const,
    }))
    expect(registerHeadline(reduced, range, 0, false)).toContain('zoom in for the stretches')
  })
  it('says when nothing was recorded', () =>
    expect(registerHeadline([lane('architectural', [], [])], range, 2, true)).toBe(
      'No register change was recorded on PE2 in this range',
    ))
})

describe('the title of the percentile band', () => {
  const band = (...p50: number[]): string =>
    plain(
      bandHeadline({
        from: Float64Array.from(p50, (_, i) => i * 10),
        to: Float64Array.from(p50, (_, i) => i * 10 + 9),
        n: Float64Array.from(p50, () => 100),
        p50: Float64Array.from(p50),
        p90: Float64Array.from(p50),
        p99: Float64Array.from(p50, (value) => value + 5),
        total: 100 * p50.length,
        reduction: 'exact per column',
      }),
    )
  it('says whether the median moves', () => {
    expect(band(400, 400)).toBe('The median stays at 400 model cycles; the highest p99 is 405')
    expect(band(400, 420)).toBe(
      'The median of a column lies between 400 and 420 model cycles; the highest p99 is 425',
    )
  })
})
