import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Problem } from '../../shared/base/result.ts'
import type { RunId, RunSummary } from '../../shared/model/run.ts'
import type { CycleRange, SwitchDetail } from '../../shared/model/views.ts'
import { fitRange, revealRange } from '../analysis/range.ts'
import { lab } from '../api/lab.ts'
import { useSession } from '../features/sessions/store.ts'
import { question } from '../widgets/question.ts'

/** What all charts of a run look at (charts/focus.ts). */
export const useFocus = defineStore('focus', () => {
  const session = useSession()
  const runId = ref<RunId | null>(null)
  const chosenRange = shallowRef<CycleRange | null>(null)
  const hover = ref<number | null>(null)
  const revision = ref(0)
  const pe = ref(0)
  const detail = question((at: { run: RunId; id: number }) => lab.call('run.switch', at))
  const missing = shallowRef<Problem | null>(null)

  const run = computed<RunSummary | null>(() => (runId.value === null ? null : session.get(runId.value)))
  const cycles = computed(() => Math.max(1, run.value?.cycles ?? 1))
  const range = computed(() => chosenRange.value)
  const view = computed<CycleRange>(() => chosenRange.value ?? { from: 0, to: cycles.value })
  const selected = computed<SwitchDetail | null>(() => detail.answer.value)
  const problem = computed(() => missing.value ?? detail.problem.value)

  /** Another run: nothing of the one before stays. */
  function open(next: RunId | null): void {
    if (runId.value === next) return
    runId.value = next
    chosenRange.value = null
    hover.value = null
    pe.value = 0
    missing.value = null
    detail.forget()
  }

  function setRange(next: CycleRange | null): void {
    chosenRange.value = next && fitRange(next.from, next.to, cycles.value)
  }

  function setHover(cycle: number | null): void {
    hover.value = cycle
  }

  function setPe(next: number): void {
    pe.value = next
  }

  async function show(id: number): Promise<void> {
    if (runId.value === null) return
    missing.value = null
    await detail.ask({ run: runId.value, id })
    const at = detail.answer.value
    if (!at || at.id !== id) return
    pe.value = at.row.pe
    chosenRange.value = revealRange(chosenRange.value, at.row.startCycle, at.row.endCycle, cycles.value)
  }

  function select(id: number | null): void {
    if (id === null) detail.forget()
    else void show(id)
  }

  async function selectAt(cycle: number, onPe: number | null): Promise<void> {
    if (runId.value === null) return
    const result = await lab.call('run.switch-at', { run: runId.value, cycle: Math.round(cycle), pe: onPe })
    if (!result.ok) missing.value = result.error
    else if (result.value) await show(result.value.id)
  }

  function step(by: -1 | 1): void {
    const at = detail.answer.value
    if (!at) {
      void selectAt(view.value.from, null)
      return
    }
    const id = by < 0 ? at.previousId : at.nextId
    if (id !== null) void show(id)
  }

  function grown(): void {
    revision.value++
  }

  return {
    runId,
    run,
    cycles,
    range,
    view,
    hover,
    revision,
    pe,
    selected,
    problem,
    open,
    setRange,
    setHover,
    setPe,
    select,
    selectAt,
    step,
    grown,
  }
})
