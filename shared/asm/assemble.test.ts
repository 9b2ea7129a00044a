import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble } from './assemble.ts'
import { AssemblyError } from './assembly.ts'
import { knownMnemonics } from './encode.ts'

const assembleText = (text: string) => assemble({ file: 'test.S', text }, { include: () => null })

describe('assemble', () => {
  it('encodes instructions with the addresses of the final layout', () => {
    const { sections } = assembleText('_start: adr x0, end\nldr x1, =end\nb _start\nend: ret')
    const words = new Uint32Array(sections[0]!.bytes.buffer.slice(0))
    expect([...words].map((word) => word.toString(16))).toEqual([
      '10000060',
      '58000061',
      '17fffffe',
      'd65f03c0',
      '4008000c',
      '0',
    ])
  })

  it('places an error of an operand at its column', () => {
    const at = (text: string): string => {
      try {
        assembleText(text)
      } catch (error) {
        if (error instanceof AssemblyError) return error.problems[0]!.place
      }
      return 'nothing'
    }
    expect(at('nop\n\tadd x0, x1, #nowhere')).toBe('test.S:2:15')
    expect(at('label: add x0, q1, x2')).toBe('test.S:1:16')
    expect(at('  frob x0')).toBe('test.S:1:3')
    expect(at('.macro m r\n add x0, \\r, #1\n.endm\n m w1')).toBe(
      'test.S:2:10, in macro m, expanded at test.S:4',
    )
  })

  it('throws only AssemblyError for any operands', () => {
    const operand = fc.constantFrom(
      'x0',
      'w1',
      'sp',
      'xzr',
      'x31',
      '#1',
      '#-1',
      '#0xffffffffffffffff',
      '#1 << 70',
      '#(',
      '[x0]',
      '[x0',
      '[x0, #8]!',
      ']',
      'lsl #3',
      'uxtw',
      'eq',
      'a',
      '1b',
      '1f',
      '=a',
      '=1',
      'gcr_el1',
      's3_0_c1_c0_6',
      'sy',
      '#:lo12:a',
      ':lo12:',
      '',
      '{',
      "'",
      'lsl',
      '#a - .',
      '#99999999999999999999',
    )
    const line = fc.tuple(
      fc.constantFrom(...knownMnemonics, 'ldr', 'mov'),
      fc.array(operand, { maxLength: 4 }),
    )
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 15 }), (lines) => {
        const text = `a: 1:\n${lines.map(([mnemonic, operands]) => `${mnemonic} ${operands.join(', ')}`).join('\n')}`
        try {
          assembleText(text)
        } catch (error) {
          expect(error).toBeInstanceOf(AssemblyError)
        }
      }),
      { numRuns: 1500 },
    )
  }, 60_000)
})
