import { describe, expect, it } from 'vitest'
import { lostFault, missingIsb } from '../../test/support/check-reports.ts'
import { distance, levels, pendingWindow, replayCommand, stepRole } from './witness.ts'

it.each([
  ['msr gcr_el1, x6', 'writes'],
  ['mrs x0, tfsr_el1', 'reads'],
  ['irg x0, sp', 'draws'],
  ['stp x0, x1, [sp]', 'accesses'],
  ['isb', 'synchronises'],
  ['dsb nsh', 'orders'],
  ['hvc #0x1', 'enters'],
  ['eret', 'returns'],
  ['sub sp, sp, #16', 'runs'],
])('%s %s', (instruction, role) => expect(stepRole(instruction)).toBe(role))

describe('the pending window', () => {
  it('begins at the last write of the register before the use that missed it', () =>
    expect(pendingWindow(missingIsb)).toEqual({ from: 2, to: 3, what: 'write' }))
  it('takes the name for another EL as the same register', () => {
    const steps = missingIsb.steps.map((step) => ({
      ...step,
      instruction: step.instruction.replace('gcr_el1', 'gcr_el12'),
    }))
    expect(pendingWindow({ ...missingIsb, steps })).toEqual({ from: 2, to: 3, what: 'write' })
  })
  it('reaches from an access to where its fault landed, or was seen', () => {
    expect(pendingWindow(lostFault)).toEqual({ from: 0, to: 4, what: 'fault' })
    const choices = lostFault.choices.map((choice) => ({ ...choice, taken: 1 }))
    expect(pendingWindow({ ...lostFault, choices })).toEqual({ from: 0, to: 3, what: 'fault' })
  })
  it('ends at what completes a fault that nobody decided about', () => {
    const [access, , ...rest] = lostFault.steps
    if (!access) throw new Error('no access')
    const steps = [access, { ...access, instruction: 'dsb nsh' }, ...rest]
    expect(pendingWindow({ ...lostFault, steps, choices: [] })).toEqual({ from: 0, to: 1, what: 'fault' })
  })
  it('is none where nothing was pending', () => {
    expect(pendingWindow({ ...missingIsb, kind: 'host-state-lost' })).toBe(null)
    expect(pendingWindow({ ...lostFault, kind: 'guest-state-lost' })).toBe(null)
    expect(pendingWindow({ ...missingIsb, steps: missingIsb.steps.slice(3) })).toBe(null)
  })
})

it('measures how far steps are apart, and over which levels', () => {
  expect(missingIsb.steps.map((_, i) => distance(missingIsb.steps, i))).toEqual([0, 2, 105, 6])
  expect(levels(lostFault.steps)).toEqual([2, 1])
})

it('quotes a file name that a shell would take apart', () => {
  expect(replayCommand('/tmp/a.switchyard', 3, 1)).toBe(
    'npx switchyard replay /tmp/a.switchyard#3 --finding 1',
  )
  expect(replayCommand("/tmp/it's mine", 3, 2)).toBe(
    "npx switchyard replay '/tmp/it'\\''s mine'#3 --finding 2",
  )
})
