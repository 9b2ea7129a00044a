import { type ShallowRef, shallowRef } from 'vue'
import { ownerToken } from '../analysis/format.ts'

const names = [
  'bg',
  'panel',
  'line',
  'grid',
  'line-strong',
  'text',
  'text-2',
  'accent',
  'selected',
  'violated',
  'pending',
  'pending-bg',
  'fault-sync',
  'fault-async',
  'hardware',
  'hardware-halo',
  'data',
  'data-soft',
  'ph-ink',
  'ph-3-ink',
  'ph-1',
  'ph-2',
  'ph-3',
  'ph-4',
  'ph-5',
  'ph-6',
  ...['H', 'T', 'U', 0, 1, 2, 3, 4, 5, 6, 7].flatMap((owner) => [`own-${owner}`, `ink-${owner}`]),
] as const

/** The tokens as plain colours, since a canvas and an exported file know no custom properties. */
export interface ChartTheme {
  color(token: string): string
  owner(owner: number): string
  ink(owner: number): string
  // Single quotes: ECharts writes the family unescaped into an attribute of its SVG.
  fontText: "'Inter Variable', system-ui, sans-serif"
  fontCode: "'JetBrains Mono', ui-monospace, monospace"
}

export function themeOf(read: (token: string) => string): ChartTheme {
  const colors = new Map(names.map((name) => [name as string, read(name)]))
  const color = (token: string): string => {
    const value = colors.get(token)
    if (value === undefined) throw new Error(`no colour token --${token}`)
    return value
  }
  return {
    color,
    owner: (owner) => color(`own-${ownerToken(owner)}`),
    ink: (owner) => color(`ink-${ownerToken(owner)}`),
    // Single quotes: ECharts writes the family unescaped into an attribute of its SVG.
    fontText: "'Inter Variable', system-ui, sans-serif",
    fontCode: "'JetBrains Mono', ui-monospace, monospace",
  }
}

const readTokens = (): ChartTheme => {
  const style = getComputedStyle(document.documentElement)
  return themeOf((token) => style.getPropertyValue(`--${token}`).trim())
}

let shared: ShallowRef<ChartTheme> | null = null

/** The theme in force; replaced when the document's theme changes. */
export function useChartTheme(): ShallowRef<ChartTheme> {
  if (shared) return shared
  const theme = shallowRef(readTokens())
  new MutationObserver(() => {
    theme.value = readTokens()
  }).observe(document.documentElement, { attributeFilter: ['data-theme'] })
  shared = theme
  return theme
}
