import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type { Problem } from '../../../shared/base/result.ts'
import type { Calls } from '../../../shared/contract/calls.ts'
import type { MachineState, MachineTarget } from '../../../shared/model/machine-view.ts'
import type { RunId } from '../../../shared/model/run.ts'
import { lab } from '../../api/lab.ts'
import { question } from '../../widgets/question.ts'
import type { MachineSpot } from './spot.ts'

type Machine = { run: RunId; finding: number | null }

/** The machine of the run on screen: where it is, what it was before, and what is asked of it. */
export const useMachine = defineStore('machine', () => {
  const machine = shallowRef<Machine | null>(null)
  const state = shallowRef<MachineState | null>(null)
  /** The state before the last move: what changed is marked against it. */
  const before = shallowRef<MachineState | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  /** How far a long way has come. */
  const moving = ref<number | null>(null)
  let latest = 0

  const memory = question((at: Calls['machine.memory']['args']) => lab.call('machine.memory', at))
  const walk = question((at: Calls['machine.walk']['args']) => lab.call('machine.walk', at))
  const code = question((at: Calls['machine.code']['args']) => lab.call('machine.code', at))

  lab.on('machine.moving', ({ run, moment }) => {
    if (busy.value && machine.value?.run === run) moving.value = moment
  })

  /** Shows a machine where a link says; one that is shown there already stays as it is. */
  async function open(run: RunId, spot: MachineSpot): Promise<void> {
    const same = machine.value?.run === run && machine.value.finding === spot.finding
    if (!same) forget()
    machine.value = { run, finding: spot.finding }
    if (same && state.value !== null && isThere(state.value, spot)) return
    // From the run's beginning: the lab keeps the machine where another window left it.
    await go(targetOf(spot), spot.pe, 0)
  }

  /** @param from the moment that a relative target starts at; null: where the machine is */
  async function go(
    target: MachineTarget,
    pe = state.value?.at.pe ?? 0,
    from: number | null = state.value?.at.moment ?? null,
  ): Promise<void> {
    if (machine.value === null) return
    const mine = ++latest
    busy.value = true
    moving.value = null
    const result = await lab.call('machine.go', { ...machine.value, from, pe, target })
    if (mine !== latest) return
    busy.value = false
    problem.value = result.ok ? null : result.error
    if (!result.ok) return
    before.value = state.value
    state.value = result.value
    code.forget()
  }

  /** Ends a long way where it is. */
  async function stop(): Promise<void> {
    if (machine.value !== null) await lab.call('machine.stop', { run: machine.value.run })
  }

  /** The address of a symbol; null, and a problem, where the program has none of that name. */
  async function addressOf(symbol: string): Promise<bigint | null> {
    if (machine.value === null) return null
    const result = await lab.call('machine.symbol', { ...machine.value, name: symbol })
    if (result.ok && result.value !== null) return result.value.address
    problem.value = result.ok
      ? {
          place: symbol,
          cause: 'the program has no symbol of this name, and it is no register and no hexadecimal address',
          remedy: 'Write 0x8000_0000, x0, SP, or a label such as guest_exit.',
        }
      : result.error
    return null
  }

  function forget(): void {
    latest++
    machine.value = null
    state.value = null
    before.value = null
    problem.value = null
    busy.value = false
    for (const each of [memory, walk, code]) each.forget()
  }

  return {
    machine,
    state,
    before,
    problem,
    busy,
    moving,
    memory,
    walk,
    code,
    open,
    go,
    stop,
    addressOf,
    forget,
  }
})

/** A link without a place leads to the first switch. */
function targetOf({ pe, where }: MachineSpot): MachineTarget {
  if (where === null) return { kind: 'until', event: { kind: 'switch' }, back: false }
  if (where.kind === 'moment') return { kind: 'moment', moment: where.at }
  if (where.kind === 'cycle') return { kind: 'cycle', pe, cycle: where.at }
  return { kind: 'position', pe, instructions: where.at }
}

/** A link without a place is content with wherever the machine on screen is. */
const isThere = ({ at }: MachineState, { pe, where }: MachineSpot): boolean =>
  where === null || (at.pe === pe && where.kind === 'moment' && where.at === at.moment)
