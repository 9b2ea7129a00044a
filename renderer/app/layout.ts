import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { type RunView, runViews } from './route.ts'

/** Which panels are open and how wide; remembered per session. */
export interface Layout {
  tree: boolean
  inspector: boolean
  treeWidth: number
  inspectorWidth: number
  views: RunView[]
  experiments: string[]
}

export const defaultLayout: Layout = {
  tree: true,
  inspector: true,
  treeWidth: 208,
  inspectorWidth: 368,
  views: [...runViews],
  experiments: [],
}

/** Reads what was remembered; a part that does not fit today's layout is replaced by the default. */
export function parseLayout(text: string | null): Layout {
  let saved: Partial<Record<keyof Layout, unknown>> = {}
  try {
    const parsed: unknown = JSON.parse(text ?? '{}')
    if (typeof parsed === 'object' && parsed !== null) saved = parsed
  } catch {
    return { ...defaultLayout }
  }
  const width = (value: unknown, low: number, high: number, otherwise: number): number =>
    typeof value === 'number' && value >= low && value <= high ? value : otherwise
  return {
    tree: typeof saved.tree === 'boolean' ? saved.tree : defaultLayout.tree,
    inspector: typeof saved.inspector === 'boolean' ? saved.inspector : defaultLayout.inspector,
    treeWidth: width(saved.treeWidth, 160, 480, defaultLayout.treeWidth),
    inspectorWidth: width(saved.inspectorWidth, 280, 640, defaultLayout.inspectorWidth),
    views: Array.isArray(saved.views)
      ? runViews.filter((view) => (saved.views as unknown[]).includes(view))
      : defaultLayout.views,
    experiments: Array.isArray(saved.experiments)
      ? saved.experiments.filter((name): name is string => typeof name === 'string')
      : [],
  }
}

/** Below this width tree and inspector fold: they open over the charts instead of beside them. */
export const NARROW_PX = 1100

export const useLayout = defineStore('layout', () => {
  const session = ref('')
  const layout = shallowRef<Layout>({ ...defaultLayout })
  const narrow = ref(false)
  /** The folded panel that is open over the charts. */
  const overlay = ref<'tree' | 'inspector' | null>(null)

  const treeShown = computed(() => (narrow.value ? overlay.value === 'tree' : layout.value.tree))
  const inspectorShown = computed(() =>
    narrow.value ? overlay.value === 'inspector' : layout.value.inspector,
  )

  function restore(name: string): void {
    session.value = name
    layout.value = parseLayout(localStorage.getItem(`switchyard.layout.${name}`))
  }

  function change(part: Partial<Layout>): void {
    layout.value = { ...layout.value, ...part }
    if (session.value)
      localStorage.setItem(`switchyard.layout.${session.value}`, JSON.stringify(layout.value))
  }

  function toggle(panel: 'tree' | 'inspector'): void {
    if (narrow.value) overlay.value = overlay.value === panel ? null : panel
    else change({ [panel]: !layout.value[panel] })
  }

  function setNarrow(value: boolean): void {
    narrow.value = value
    overlay.value = null
  }

  function fold(): void {
    overlay.value = null
  }

  return { layout, narrow, overlay, treeShown, inspectorShown, restore, change, toggle, setNarrow, fold }
})
