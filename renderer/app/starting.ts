import { computed } from 'vue'
import type { Calls } from '../../shared/contract/calls.ts'
import { useStarter } from '../features/run/store.ts'
import { useSession } from '../features/sessions/store.ts'
import { useNavigation } from './navigation.ts'
import { runRoute } from './route.ts'

/** Starts a run from a page that is no experiment, and goes to its findings. */
export function useStarting() {
  const session = useSession()
  const starter = useStarter()
  const navigation = useNavigation()

  /** Why nothing can be started now; null when it can. */
  const barred = computed(() => {
    if (session.info.answer?.readOnly) return 'This session is read-only: open another file to run something.'
    return session.live
      ? `Run #${session.live.run} is ${session.live.state}: wait for its end, or stop it first.`
      : null
  })

  async function arrive(run: number | null): Promise<void> {
    if (run === null) return
    await session.runs.again()
    navigation.go(runRoute(run, 'findings'))
  }
  const start = async (button: string, what: Calls['run.start']['args']): Promise<void> =>
    arrive(await starter.start(button, what))
  const again = async (run: number, name: string, set: string[]): Promise<void> =>
    arrive(await starter.again(run, name, set))

  return { barred, start, again }
}
