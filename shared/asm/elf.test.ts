import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProblemError } from '../base/result.ts'
import { assemble } from './assemble.ts'
import { readElf } from './elf-read.ts'
import { writeElf } from './elf-write.ts'
import { listing } from './listing.ts'

const text = `.global _start
.type _start, %function
_start: mov x0, #1
 b done
 .byte 7
 .balign 4
done: nop
.size _start, . - _start
.section .rodata,"a"
.quad 0x1122334455667788
.data
value: .word 5
.bss
.space 4096
.section .switchyard,"",%progbits
.quad _start
`
const build = (): Uint8Array => writeElf(assemble({ file: 'a.S', text }, { include: () => null }))

/** The problem that an image with some bytes replaced is refused for. */
function refusal(patch: (view: DataView) => void, length = Number.MAX_SAFE_INTEGER) {
  const bytes = build().slice(0, length)
  patch(new DataView(bytes.buffer))
  try {
    readElf(bytes, 'a.elf')
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
  return null
}

describe('an ELF image', () => {
  it('is read as it was written', () => {
    const image = readElf(build(), 'a.elf')
    expect(image.entry).toBe(0x40080000n)
    expect(
      image.segments.map(({ address, bytes, memorySize, flags }) => [
        address,
        bytes.length,
        memorySize,
        flags,
      ]),
    ).toEqual([
      [0x40080000n, 16, 16, 5],
      [0x40081000n, 12, 8192, 6],
    ])
    expect(
      image.sections
        .map(({ name, address, size, flags, type }) => [name, address, size, flags, type])
        .slice(0, 6),
    ).toEqual([
      ['', 0n, 0, 0, 0],
      ['.text', 0x40080000n, 16, 6, 1],
      ['.rodata', 0x40081000n, 8, 2, 1],
      ['.data', 0x40081008n, 4, 3, 1],
      ['.bss', 0x40082000n, 4096, 3, 8],
      ['.switchyard', 0n, 8, 0, 1],
    ])
    expect(image.symbols).toContainEqual({
      name: '_start',
      value: 0x40080000n,
      size: 16,
      type: 'function',
      section: '.text',
      global: true,
    })
    expect(image.symbols).toContainEqual({
      name: 'value',
      value: 0x40081008n,
      size: 0,
      type: 'none',
      section: '.data',
      global: false,
    })
  })

  it('is listed with labels, targets and data', () => {
    expect(listing(readElf(build(), 'a.elf'))).toBe(
      [
        'Section .text:',
        '',
        '0000000040080000 <_start>:',
        '40080000:\td2800020\tmov x0, #0x1',
        '40080004:\t14000002\tb 0x4008000c <done>',
        '40080008:\t07      \t.byte 0x07',
        '40080009:\t00 00 00\t.byte 0x00, 0x00, 0x00',
        '',
        '000000004008000c <done>:',
        '4008000c:\td503201f\tnop',
        '',
      ].join('\n'),
    )
  })

  it.each([
    ['not an ELF', (view: DataView) => view.setUint8(0, 0), 'offset 0', 'this is not an ELF file'],
    ['x86-64', (view: DataView) => view.setUint16(18, 62, true), 'e_machine', 'the program is for x86-64'],
    ['32-bit', (view: DataView) => view.setUint8(4, 1), 'EI_CLASS', 'this is a 32-bit ELF file'],
    [
      'relocatable',
      (view: DataView) => view.setUint16(16, 1, true),
      'e_type',
      'this is a relocatable object, not an executable',
    ],
    [
      'big-endian',
      (view: DataView) => {
        view.setUint8(5, 2)
        view.setUint16(18, 183, false)
      },
      'EI_DATA',
      'the program is big-endian',
    ],
    [
      '2^60 bytes of memory',
      (view: DataView) => view.setBigUint64(64 + 40, 1n << 60n, true),
      'program header 0',
      'more than 4 GiB',
    ],
    [
      'overlap',
      (view: DataView) => view.setBigUint64(64 + 56 + 24, 0x40080008n, true),
      'program header table',
      'overlap',
    ],
    [
      'segment beyond the file',
      (view: DataView) => view.setBigUint64(64 + 8, 1n << 40n, true),
      'program header 0',
      'beyond the end',
    ],
    [
      'address too high',
      (view: DataView) => view.setBigUint64(64 + 24, 1n << 60n, true),
      'program header 0',
      '52-bit',
    ],
    [
      'table beyond the file',
      (view: DataView) => view.setBigUint64(40, 1n << 63n, true),
      'section header table',
      'beyond the end',
    ],
  ])('is refused: %s', (_name, patch, place, cause) => {
    const problem = refusal(patch)
    expect(problem?.place).toContain(place)
    expect(problem?.cause).toContain(cause)
    expect(problem?.remedy).not.toBe('')
  })

  it('is refused when cut anywhere', () => {
    const { length } = build()
    for (let cut = 0; cut < length; cut += 61) expect(refusal(() => {}, cut)).not.toBeNull()
  })

  it('gives an image or a ProblemError for any bytes', () => {
    const whole = build()
    const changes = fc.array(
      fc.tuple(
        fc.integer({ min: 0, max: 175 }),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 0, max: 255 }),
      ),
      { maxLength: 8 },
    )
    const headers = whole.length - 64 * 9
    const read = (bytes: Uint8Array): void => {
      try {
        readElf(bytes, 'fuzz')
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error
      }
    }
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = whole.slice()
        for (const [at, tail, value] of list) bytes[tail === 1 ? headers + at * 3 : at] = value
        expect(() => read(bytes)).not.toThrow()
      }),
      { numRuns: 3000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => read(bytes)).not.toThrow()
      }),
    )
  })
})
