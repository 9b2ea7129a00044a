import { describe, expect, it } from 'vitest'
import { integerFlag, memoryFlag, onOffFlag, parseArguments, secondsFlag } from './arguments.ts'
import { UsageError, type Verb } from './verb.ts'

const verb: Verb = {
  name: 'paint',
  summary: 'paints',
  operands: [{ name: 'FILE', doc: 'what to paint' }],
  flags: {
    colour: { value: 'NAME', short: 'c', doc: '' },
    coat: { value: 'N', repeats: true, doc: '' },
    json: { doc: '' },
  },
  example: 'paint door',
  run: async () => 0,
}
const parse = (...args: string[]) => parseArguments(verb, args)

describe('parseArguments', () => {
  it('takes flags before, behind and between operands, with = or without', () => {
    const args = parse('--json', 'door', '-c', 'red', '--coat=1', '--coat', '2')
    expect(args.operands).toEqual(['door'])
    expect([args.has('json'), args.has('help'), args.value('colour')]).toEqual([true, false, 'red'])
    expect(args.values('coat')).toEqual(['1', '2'])
    expect(args.values('colour')).toEqual(['red'])
  })

  it('takes everything behind -- as operands, and values with = or - inside', () => {
    expect(parse('--', '--json').operands).toEqual(['--json'])
    expect(parse('x', '--coat', 'a.b=c=d').values('coat')).toEqual(['a.b=c=d'])
    expect(parse('x', '--coat', '-1').values('coat')).toEqual(['-1'])
    expect(parse('x', '--coat=-z').values('coat')).toEqual(['-z'])
  })

  it.each([
    [['door', '--color', 'red'], 'paint has no flag --color', 'Did you mean --colour?'],
    [['door', '--wibblewobble'], 'paint has no flag --wibblewobble', 'switchyard help paint'],
    [['door', '-x'], 'paint has no flag -x', ''],
    [['door', '--colour'], '--colour needs a value', 'Write --colour NAME.'],
    [['door', '--colour', '--json'], '--colour needs a value', 'Write --colour NAME.'],
    [['door', '--json=yes'], '--json takes no value', 'Write --json alone.'],
    [['door', '-c', 'a', '-c', 'b'], '--colour is given twice', 'Keep one'],
    [[], 'paint needs FILE: what to paint', 'switchyard paint door'],
    [['door', 'gate'], "paint takes FILE, not also 'gate'", ''],
  ])('refuses %j', (args, cause, remedy) => {
    const refuse = () => parse(...args)
    expect(refuse).toThrow(UsageError)
    expect(refuse).toThrow(cause)
    try {
      refuse()
    } catch (error) {
      expect((error as UsageError).remedy).toContain(remedy)
    }
  })

  it('asks for no operands with --help', () => {
    expect(parse('--help').has('help')).toBe(true)
    expect(parse('-h').has('help')).toBe(true)
  })
})

describe('values of flags', () => {
  const coat = (text: string) => parse('x', `--coat=${text}`)

  it('reads whole numbers in a range', () => {
    expect(integerFlag(parse('x'), 'coat', 0, 9)).toBeUndefined()
    expect(integerFlag(coat('9'), 'coat', 0, 9)).toBe(9)
    for (const bad of ['10', '-1', '1.5', '0x1', '', 'one', '1e1', ' 1']) {
      expect(() => integerFlag(coat(bad), 'coat', 0, 9)).toThrow(UsageError)
    }
  })

  it('reads memory sizes', () => {
    expect(memoryFlag(coat('256M'), 'coat')).toBe(256 << 20)
    expect(memoryFlag(coat('1g'), 'coat')).toBe(1 << 30)
    expect(memoryFlag(coat('4194304'), 'coat')).toBe(4 << 20)
    for (const bad of ['0', '1M', '3M', '4G', '256', '256MB', '-256M', '1.5G', '']) {
      expect(() => memoryFlag(coat(bad), 'coat')).toThrow(UsageError)
    }
  })

  it('reads on and off', () => {
    expect([onOffFlag(coat('on'), 'coat'), onOffFlag(coat('off'), 'coat')]).toEqual([true, false])
    expect(onOffFlag(parseArguments(verb, ['door']), 'coat')).toBeUndefined()
    for (const bad of ['yes', 'ON', '']) expect(() => onOffFlag(coat(bad), 'coat')).toThrow(UsageError)
  })

  it('reads seconds', () => {
    expect(secondsFlag(coat('2.5'), 'coat')).toBe(2.5)
    for (const bad of ['0', '-1', '1s', '.5', 'Infinity', '']) {
      expect(() => secondsFlag(coat(bad), 'coat')).toThrow(UsageError)
    }
  })
})
