import type { ComparedSide, SampledMetric } from '../../shared/model/comparison.ts'

/** `+1.30 %`, `−0.40 %`: always with its sign. */
export const percentText = (share: number): string =>
  `${share > 0 ? '+' : share < 0 ? '−' : ''}${(Math.abs(share) * 100).toFixed(2)} %`

export const sideText = ({ label, mode, policy, experiment }: ComparedSide): string =>
  `${label} (${experiment}, ${mode} ${policy})`

/** What may be said of B, in words, and by how much. */
export function verdictSentence({ verdict, share }: SampledMetric): string {
  const range = `${percentText(share.low)} to ${percentText(share.high)}`
  switch (verdict) {
    case 'faster':
      return `B is faster, by ${percentText(-share.value).slice(1)} (${range})`
    case 'slower':
      return `B is slower, by ${percentText(share.value).slice(1)} (${range})`
    case 'equivalent':
      return `B is equivalent to A: the shift is within what is of interest (${range})`
    case 'inconclusive':
      return `inconclusive: neither a difference nor equivalence is shown (${range})`
  }
}
