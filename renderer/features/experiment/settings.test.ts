import { describe, expect, it } from 'vitest'
import { overrideOf, settings, withOverride, writtenValue } from './settings.ts'

const text = '{ // c\n "hypervisor": { "mode": "vhe", }, "machine": { "pes": 2 } }'

describe('what is chosen beside the text', () => {
  it('reads what the text says, comments and trailing commas included', () => {
    expect(settings.map(({ path }) => writtenValue(text, path))).toEqual(['vhe', null, null, null])
    expect(writtenValue('{ "hypervisor": 4', 'hypervisor.mode')).toBe(null)
    expect(writtenValue(text, 'machine.pes')).toBe(null)
  })
  it('is an override, of which the last one counts', () => {
    expect(overrideOf('a=1\n hypervisor.mode = vhe \nhypervisor.mode=nvhe', 'hypervisor.mode')).toBe('nvhe')
    expect(overrideOf('hypervisor.modes=x\nhypervisorxmode=y', 'hypervisor.mode')).toBe(null)
  })
  it('is said once, in its place', () => {
    const before = 'a=1\nhypervisor.mode=vhe\nb=2\nhypervisor.mode=nvhe'
    expect(withOverride(before, 'hypervisor.mode', 'vhe')).toBe('a=1\nhypervisor.mode=vhe\nb=2')
    expect(withOverride(before, 'hypervisor.mode', null)).toBe('a=1\nb=2')
    expect(withOverride('', 'machine.sync', 'explore')).toBe('machine.sync=explore')
    expect(withOverride('a=1\n\n', 'machine.sync', 'explore')).toBe('a=1\nmachine.sync=explore')
  })
})
