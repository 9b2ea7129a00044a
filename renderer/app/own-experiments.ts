import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { fail, ok, type Problem, type Result } from '../../shared/base/result.ts'
import type { ExperimentEntry } from '../../shared/model/session.ts'
import { useNavigation } from './navigation.ts'
import { runOfExperiment } from './route.ts'

/** Bytes; an experiment's text as the lab takes it. */
const MOST_BYTES = 1_000_000

/** The name itself where it is free, else the first free one of NAME-2, NAME-3 and so on. */
function freeName(stem: string, taken: ReadonlySet<string>): string {
  let name = stem
  for (let i = 2; taken.has(name) || runOfExperiment(name) !== null; i++) name = `${stem}-${i}`
  return name
}

/**
 * The experiment in files that were dropped onto the window. Its text is not judged here: the Experiment view says at the
 * line what is wrong with it.
 * @param taken names of other experiments: the dropped one must not be mistaken for one of them
 */
export async function droppedExperiment(
  files: readonly File[],
  taken: ReadonlySet<string>,
): Promise<Result<ExperimentEntry>> {
  const [file] = files
  if (!file || files.length > 1)
    return fail('drop', `${files.length} files were dropped`, 'Drop one experiment (.json) at a time.')
  if (/\.switchyard$/i.test(file.name))
    return fail(
      file.name,
      'a session is opened by the lab behind the window, and a page is not told where a dropped file lies',
      `Open it with File > Open Session on the desktop, or with: switchyard serve ${file.name}`,
    )
  if (!/\.jsonc?$/i.test(file.name))
    return fail(
      file.name,
      'this is not an experiment',
      'Drop an experiment as text: a file whose name ends in .json or .jsonc.',
    )
  if (file.size > MOST_BYTES)
    return fail(
      file.name,
      `the file has ${file.size} bytes and an experiment ${MOST_BYTES} at most`,
      'Is it an experiment?',
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
  } catch {
    return fail(file.name, 'the file cannot be read as UTF-8 text', 'Save it as UTF-8, then drop it again.')
  }
  const name = freeName(file.name.replace(/\.jsonc?$/i, '').slice(0, 100) || 'experiment', taken)
  return ok({ name, title: name, path: `${file.name}, dropped here`, text })
}

/** Experiments that the lab does not list: dropped onto the window, or copied in it. Kept while the window is open. */
export const useOwnExperiments = defineStore('own-experiments', () => {
  const entries = shallowRef<readonly ExperimentEntry[]>([])
  const problem = shallowRef<Problem | null>(null)
  /** Files are held over the window. */
  const over = ref(false)

  const namesWith = (known: readonly ExperimentEntry[]) =>
    new Set([...known, ...entries.value].map(({ name }) => name))

  function open(entry: ExperimentEntry): void {
    entries.value = [...entries.value, entry]
    useNavigation().go({ page: 'experiment', name: entry.name })
  }

  async function take(files: readonly File[], known: readonly ExperimentEntry[]): Promise<void> {
    const result = await droppedExperiment(files, namesWith(known))
    problem.value = result.ok ? null : result.error
    if (result.ok) open(result.value)
  }

  /** Opens a text as an experiment of its own beside the one that it is from. */
  function duplicate(from: ExperimentEntry, text: string, known: readonly ExperimentEntry[]): void {
    const name = freeName(`${from.name}-copy`, namesWith(known))
    open({ name, title: `${from.title} (copy)`, path: `copy of ${from.name}, not saved`, text })
  }

  /**
   * Listens for files on the whole window, before anything in it does: an editor would paste the file's text, and the
   * browser would leave the page for the file.
   * @returns what stops it
   */
  function listen(known: () => readonly ExperimentEntry[]): () => void {
    const stop = new AbortController()
    const on = (kind: 'dragover' | 'drop' | 'dragleave', act: (event: DragEvent) => void) =>
      window.addEventListener(
        kind,
        (event) => {
          if (!event.dataTransfer?.types.includes('Files')) return
          event.preventDefault()
          event.stopPropagation()
          act(event)
        },
        { capture: true, signal: stop.signal },
      )
    on('dragover', () => {
      over.value = true
    })
    on('dragleave', (event) => {
      if (event.relatedTarget === null) over.value = false
    })
    on('drop', (event) => {
      over.value = false
      void take([...(event.dataTransfer?.files ?? [])], known())
    })
    return () => stop.abort()
  }

  return { entries, problem, over, take, duplicate, listen }
})
