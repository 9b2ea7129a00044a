import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assembleWith } from './assembler.ts'
import { type AssembleOptions, AssemblyError, type Encoder } from './assembly.ts'
import { AsmError } from './error.ts'
import type { Assembled } from './link.ts'

/** Three instructions are enough to test what is not about instructions. */
const encode: Encoder = (mnemonic, operands, { value, pc }) => {
  if (mnemonic === 'nop') return 0xd503201f
  if (mnemonic === 'b') return 0x14000000 | (Number((value(operands) - pc) >> 2n) & 0x3ffffff)
  if (mnemonic === 'ldr') return 0x58000000 | ((Number(value(operands.split(', ')[1] ?? '') - pc) >> 2) << 5)
  if (mnemonic === 'mov') return Number(value(operands.split('#')[1] ?? ''))
  throw new AsmError(`\`${mnemonic}\` is not an instruction`, -1, 'Check the mnemonic.')
}

const run = (text: string, options: Partial<AssembleOptions> = {}): Assembled =>
  assembleWith(encode, { file: 'test.S', text }, { include: () => null, ...options })

const hexOf = (image: Assembled, name: string): string => {
  const section = image.sections.find((one) => one.name === name)
  return section === undefined ? 'no section' : Buffer.from(section.bytes).toString('hex')
}

/** The bytes of the data section that a text fills. */
const data = (text: string, options: Partial<AssembleOptions> = {}): string =>
  hexOf(run(`.data\n${text}`, options), '.data')

/** The same as text. */
const ascii = (text: string): string => Buffer.from(data(text), 'hex').toString('latin1')

const problems = (text: string, options: Partial<AssembleOptions> = {}) => {
  try {
    run(text, options)
  } catch (error) {
    if (error instanceof AssemblyError) return error.problems
    throw error
  }
  return []
}
const firstPlace = (text: string, options: Partial<AssembleOptions> = {}): string | undefined =>
  problems(text, options)[0]?.place

describe('data directives', () => {
  it.each([
    ['.byte 1, -1, 255', '01ffff'],
    [".byte 'a', '\\n', ';' // comment", '610a3b'],
    ['.hword 0x1234; .2byte 1; .short 2', '341201000200'],
    ['.word 1\n.4byte 2\n.long 3\n.int 4', '01000000020000000300000004000000'],
    ['.quad -2\n.8byte 1\n.xword 2', 'feffffffffffffff01000000000000000200000000000000'],
    ['.octa 0x0102030405060708090a0b0c0d0e0f10', '100f0e0d0c0b0a090807060504030201'],
    ['.ascii "a\\tb", "c"', '61096263'],
    ['.asciz "a", "b"\n.string "c"', '610062006300'],
    ['.ascii "\\x41\\102; // \\"é"', '41423b202f2f2022c3a9'],
    ['.space 2, 7\n.skip 1\n.zero 1', '07070000'],
    ['.fill 2, 3, 0x01020304', '040302040302'],
    ['.fill 1, 8, -1', 'ffffffff00000000'],
    ['.byte 1\n.balign 4\n.byte 2', '0100000002'],
    ['.byte 1\n.p2align 2, 9\n.byte 2', '0109090902'],
    ['.byte 1\n.align 3,,2\n.byte 2', '0102'],
    ['.byte 1\n.org 4, 5\n.byte 2', '0105050502'],
    ['. = 2\n.byte 1', '000001'],
    ['/* two\nlines */ .byte /* in */ 1', '01'],
    ['# a comment; .byte 9\n.byte 1 # 2', 'error'],
  ])('%j', (text, expected) => {
    if (expected === 'error') expect(problems(`.data\n${text}`)).toHaveLength(1)
    else expect(data(text)).toBe(expected)
  })

  it('pads code with NOPs and aligns code that follows data', () => {
    expect(hexOf(run('nop\n.byte 1\n.balign 8, 0\n.byte 2\nnop\n.balign 16'), '.text')).toBe(
      '1f2003d501000000' + '020000001f2003d5',
    )
    expect(hexOf(run('.byte 1\n.balign 16\nnop'), '.text')).toBe(`01000000${'1f2003d5'.repeat(4)}`)
  })

  it('reads binary files through the caller', () => {
    const readBinary = (path: string): Uint8Array | null =>
      path === 'x' ? new Uint8Array([1, 2, 3, 4]) : null
    expect(data('.incbin "x", 1, 2', { readBinary })).toBe('0203')
    expect(firstPlace('.data\n.incbin "y"', { readBinary })).toBe('test.S:2:9')
  })
})

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3', 7n],
    ['1 << 4 + 1', 17n],
    ['6 & 3 == 2', -1n],
    ['1 | 2 + 4', 7n],
    ['-8 >> 1', 0x7ffffffffffffffcn],
    ['-7 / 2', -3n],
    ['-7 % 3', -1n],
    ['~5', -6n],
    ['!5', 0n],
    ['1 && 2 || 0', 1n],
    ['1 < 2', -1n],
    ['5 <> 6', -1n],
    ['0b101 + 017 + 0x1f', 51n],
    ["'a' + 1", 98n],
    ['1 << 64', 0n],
    ['(1 + 2) * 3', 9n],
    ['8 ! 3', -4n],
    ['- -1', 1n],
  ])('%s', (text, expected) => {
    expect(Buffer.from(data(`.quad ${text}`), 'hex').readBigInt64LE()).toBe(expected)
  })

  it('knows labels, differences, the location and local labels in both directions', () => {
    const text = 'a: .byte 1f - a, 2f - 1f\n1: .byte . - a, b - a\n1: 2: .byte 1b - a\nb:'
    expect(data(text)).toBe('0202020504')
  })

  it('binds a use to the last .set before it, else to the first after it', () => {
    expect(data('.byte n\n.set n, 1\n.byte n\n.set n, n + 1\n.byte n\nn = n * 5\n.byte n')).toBe('0101020a')
  })

  it('follows definitions that refer ahead', () => {
    expect(data('.set x, y + 1\n.set y, 4\n.byte x')).toBe('05')
    expect(problems('.data\n.set x, y\n.set y, x\n.byte x')[0]?.cause).toBe(
      'the symbol is defined through itself',
    )
  })

  it('takes definitions from the caller', () => {
    expect(data('.ifdef MTE\n.byte MTE\n.endif', { defines: { MTE: 3 } })).toBe('03')
  })
})

describe('conditions', () => {
  it.each([
    ['.if 1\n.byte 1\n.else\n.byte 2\n.endif', '01'],
    ['.if 0; .byte 1; .elseif 1; .byte 2; .else; .byte 3; .endif', '02'],
    ['.if 0\n.if 1\n.byte 1\n.else\n.byte 2\n.endif\n.else\n.byte 3\n.endif', '03'],
    ['.ifeq 0; .byte 1; .endif; .ifne 0; .byte 2; .endif', '01'],
    [
      '.ifgt 1; .byte 1; .endif; .ifge 0; .byte 2; .endif; .iflt -1; .byte 3; .endif; .ifle 1; .byte 4; .endif',
      '010203',
    ],
    ['.ifb\n.byte 1\n.endif\n.ifnb x\n.byte 2\n.endif', '0102'],
    ['.ifc a b , a  b\n.byte 1\n.endif\n.ifnc a,b\n.byte 2\n.endif\n.ifc "a",a\n.byte 3\n.endif', '0102'],
    ['.ifndef q\n.byte 1\n.endif\nq: .ifdef q\n.byte 2\n.endif', '0102'],
    ['a: .byte 1\n.if . - a > 0\n.byte 2\n.endif', '0102'],
    ['.if 0\n.unknown\n.macro\n.endif\n.byte 1', '01'],
  ])('%j', (text, expected) => expect(data(text)).toBe(expected))
})

describe('macros and loops', () => {
  const show = '.macro show a b c\n.ascii "[\\a|\\b|\\c]"\n.endm\n'
  it.each([
    ['show a + b', '[a+b||]'],
    ['show (a + b) c', '[(a+b)c||]'],
    ['show a, b , c', '[a|b|c]'],
    ['show "a b", c', '[a b|c|]'],
    ['show c=1, a=2', '[2||1]'],
    ['show x0,x1, lsl #3', '[x0|x1|lsl#3]'],
    ['show 1f 2b', '[1f|2b|]'],
    ["show a 'b", '[a|98|]'],
    ['show a /* x */ b', '[a|b|]'],
    ['SHOW , 2', '[|2|]'],
  ])('%s', (call, expected) => expect(ascii(show + call)).toBe(expected))

  it('has defaults, required and variable arguments', () => {
    const d = '.macro d a=7, b:req, c=8\n.ascii "{\\a,\\b,\\c}"\n.endm\n'
    expect(ascii(`${d}d , 2\nd 1 2\nd b=3`)).toBe('{7,2,8}{1,2,8}{7,3,8}')
    const v = '.macro v a, r:vararg\n.ascii "<\\a;\\r>"\n.endm\n'
    expect(ascii(`${v}v 1, 2 , 3 + 4\nv 1`)).toBe('<1;2,3+4><1;>')
  })

  it('counts expansions, nests, recurses, leaves and forgets', () => {
    expect(ascii('.macro m\n.ascii "\\@"\n.endm\nm\nm\nm')).toBe('012')
    expect(data('.macro r n\n.if \\n\n.byte \\n\nr "(\\n - 1)"\n.endif\n.endm\nr 3')).toBe('030201')
    expect(data('.macro o a\n.macro i b\n.byte \\a, \\b\n.endm\ni 5\n.purgem i\n.endm\no 6\no 7')).toBe(
      '06050705',
    )
    expect(data('.macro e n\n.byte 1\n.if \\n\n.exitm\n.endif\n.byte 2\n.endm\ne 1\ne 0')).toBe('010102')
    expect(data('.macro l n\n\\n\\()_x: .byte \\n\\()_x - .\n.endm\nl q')).toBe('00')
  })

  it('repeats', () => {
    expect(data('.rept 2\n.irp r, 1, 2\n.byte \\r\n.endr\n.endr')).toBe('01020102')
    expect(ascii('.irpc c, abc\n.ascii "\\c\\()z"\n.endr')).toBe('azbzcz')
    expect(ascii('.irp x, "a b", c d\n.ascii "E\\x"\n.endr')).toBe('Ea bEcEd')
  })

  it('includes', () => {
    const files: Record<string, string> = {
      'a.inc': '.byte 1\n.include "b.inc"',
      'b.inc': '.byte 2\n .byte zz',
    }
    const include = (path: string): string | null => files[path] ?? null
    expect(problems('.data\n.include "a.inc"', { include })).toEqual([
      {
        place: 'b.inc:2:8, included at a.inc:2, included at test.S:2',
        cause: '`zz` is not defined',
        remedy: 'Define it as a label or with .set.',
      },
    ])
  })
})

describe('sections', () => {
  it('are placed as the link script places them', () => {
    const text = `.bss\n.space 16\n.section .rodata.x,"a"\n.byte 1\n.data\n.byte 2\n.text\nnop
      .section .text.start,"ax"\n_start: nop\n.section .switchyard,"",%progbits\n.quad _start, _end\n.section .vec,"ax"\nnop`
    const image = run(text)
    expect(image.sections.map(({ name, address, size }) => [name, address, size])).toEqual([
      ['.text', 0x40080000n, 8],
      ['.vec', 0x40080008n, 4],
      ['.rodata', 0x40081000n, 1],
      ['.data', 0x40081001n, 1],
      ['.bss', 0x40082000n, 16],
      ['.switchyard', 0n, 16],
    ])
    expect(hexOf(image, '.switchyard')).toBe('00000840000000001020084000000000')
    expect(image.entry).toBe(0x40080000n)
  })

  it('are pushed, popped and swapped', () => {
    const image = run('.pushsection .data\n.byte 1\n.popsection\n.byte 2\n.data\n.byte 3\n.previous\n.byte 4')
    expect([hexOf(image, '.text'), hexOf(image, '.data')]).toEqual(['0204', '0103'])
  })

  it('hold literal pools after their code, shared by value and by address', () => {
    const image = run(
      '_start: ldr x0, =5\nldr x0, =5\nldr x0, =_start\nldr x0, =_start+0\n.ltorg\nldr x0, =-1\nldr x1, =~0',
    )
    expect(hexOf(image, '.text').slice(32, 64)).toBe('05000000000000000000084000000000')
    expect(hexOf(image, '.text').slice(80)).toBe('ffffffffffffffff'.repeat(2))
  })

  it('report symbols, lines and sizes', () => {
    const image = run('.global f\n.type f, %function\nf: nop\nnop\n.size f, . - f\n.Lx: .set c, 7')
    expect(image.symbols).toEqual([
      {
        name: 'f',
        value: 0x40080000n,
        section: '.text',
        global: true,
        type: 'function',
        size: 8n,
        file: 'test.S',
      },
      { name: 'c', value: 7n, section: null, global: false, type: 'none', file: null },
      { name: '_end', value: 0x40081000n, section: null, global: true, type: 'none', file: null },
    ])
    expect(image.lines).toEqual([
      { address: 0x40080000n, file: 'test.S', line: 3 },
      { address: 0x40080004n, file: 'test.S', line: 4 },
    ])
  })

  it('replace register aliases in instructions, in either case', () => {
    const seen: string[] = []
    const record: Encoder = (mnemonic, operands) => {
      seen.push(`${mnemonic} ${operands}`)
      return 0
    }
    const text = 'ctx .req x9\nsame .req ctx\nldp CTX, x2, [same, #ctx_pc]\n.unreq ctx\nmov ctx, #1'
    assembleWith(record, { file: 'test.S', text }, { include: () => null })
    expect(seen).toEqual(['ldp x9, x2, [x9, #ctx_pc]', 'mov ctx, #1'])
  })
})

describe('errors', () => {
  it.each([
    ['nop\n  bogus x0', 'test.S:2:3'],
    ['.data\n .byte 1, zork', 'test.S:2:11'],
    ['.data\n .byte 256', 'test.S:2:8'],
    ['.data\n .byte 1 +', 'test.S:2:11'],
    ['.data\n .byte (1', 'test.S:2:8'],
    [' .bite 1', 'test.S:1:2'],
    ['a:\n a:', 'test.S:2:2'],
    [' .if x\n.endif', 'test.S:1:6'],
    [' .if 1', 'test.S:1:2'],
    [' .endif', 'test.S:1:2'],
    [' .macro m', 'test.S:1:2'],
    [' .rept 3', 'test.S:1:2'],
    [' .popsection', 'test.S:1:13'],
    ['.bss\n .byte 1', 'test.S:2:2'],
    ['.data\n .byte 1/0', 'test.S:2:9'],
    [' .balign 3', 'test.S:1:10'],
    [' .org 4\n .org 2', 'test.S:2:7'],
    [' .error "stop"', 'test.S:1:9'],
    [' nop; nop; b nowhere', 'test.S:1:14'],
    [' .space 0x100000000', 'test.S:1:9'],
    [' .section .x,"q"', 'test.S:1:14'],
    [' .data 1', 'test.S:1:8'],
    ['.data\n .ascii "open', 'test.S:2:9'],
  ])('%j', (text, place) => expect(firstPlace(text)).toBe(place))

  it('names the nearest directive and symbol', () => {
    expect(problems('.balgn 4')[0]?.remedy).toBe('Did you mean `.balign`?')
    expect(problems('counter:\nb countr')[0]?.remedy).toBe('Did you mean `counter`?')
  })

  it('says which macro was expanded where', () => {
    expect(firstPlace('.macro inner\n bogus\n.endm\n.macro outer\n inner\n.endm\n\nouter')).toBe(
      'test.S:2:2, in macro inner, expanded at test.S:5, in macro outer, expanded at test.S:8',
    )
  })

  it('collects twenty and stops', () => expect(problems('bogus\n'.repeat(50))).toHaveLength(20))

  it.each([
    ['.macro m\nm\n.endm\nm', 'expansions are nested more than 128 deep'],
    ['.macro m a:vararg\nm \\a \\a, \\a \\a\n.endm\nm abcdefgh', 'the expanded statement is too long'],
    ['.rept 4000000000\n.rept 0\n.endr\n.endr', 'the source expands to more than 400000 statements'],
    ['.rept 100\n.space 0xfffffff\n.endr', 'with section .text the image would grow beyond 64 MiB'],
    [
      '.rept 100\n.irp n, a, b\n.section .\\n\n.space 0x1000000\n.endr\n.endr',
      'with section .a the image would grow beyond 64 MiB',
    ],
    [
      '.data\n.balign 0x80000000\n.byte 1',
      'section .data would end more than 256 MiB behind the start of the image',
    ],
    [`.byte ${'('.repeat(100000)}`, 'the expression is too large'],
    [`.byte ${'1+'.repeat(100000)}1`, 'the expression is too large'],
    [`.byte ${'-'.repeat(100000)}1`, 'the expression is too large'],
  ])('ends on %#', (text, cause) => expect(problems(text)[0]?.cause).toBe(cause))

  it('ends an include of itself', () => {
    const include = (path: string): string => (path === 'a' ? '.include "b"' : '.include "a"')
    expect(problems('.include "a"', { include })[0]?.cause).toBe('`a` includes itself')
  })

  it('never throws anything but AssemblyError', () => {
    const word = fc.constantFrom(
      '.macro m a',
      '.endm',
      'm',
      'm 1',
      '.rept 3',
      '.endr',
      '.irp x, 1, 2',
      '.if 1',
      '.if a',
      '.else',
      '.endif',
      '.elseif 0',
      'a:',
      '1:',
      'b 1f',
      'b 1b',
      'nop',
      'ldr x0, =a',
      'ldr x0, =1',
      '.ltorg',
      '.data',
      '.text',
      '.bss',
      '.byte',
      '.quad a',
      '.set a, a + 1',
      '.set b, a',
      'a = b',
      '.org 5',
      '.balign 8',
      '.space 3',
      '.fill 2, 2, 2',
      '.section .x',
      '.exitm',
      '.previous',
      '.popsection',
      '.pushsection .data',
      '.include "x"',
      '.purgem m',
      '"',
      "'",
      '/*',
      '*/',
      '\\a',
      '\\@',
      ';',
      '.ifc a',
      '.asciz "q"',
      'x .req x0',
      '.unreq x',
      '.size a, . - a',
      '.weak a',
      '__proto__',
      '.constructor',
      '.__proto__',
    )
    const piece = fc.oneof({ weight: 4, arbitrary: word }, fc.string({ unit: 'binary' }), fc.string())
    const lines = fc.array(fc.tuple(piece, fc.constantFrom('\n', '\n', ' ', ';', ',')), { maxLength: 30 })
    fc.assert(
      fc.property(lines, (pieces) => {
        const text = pieces.map(([one, separator]) => one + separator).join('')
        expect(() => problems(text, { include: () => '.byte 1\n.endif' })).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  }, 60_000)

  it('assembles 5000 lines in well under a second', () => {
    const text = 'label\\@:\n nop\n b 1f\n1: .quad . + 4 * (3 - 1)\n ldr x0, =0x1234\n'
      .replace('label\\@:\n', '')
      .repeat(1250)
    const start = performance.now()
    const image = run(text)
    expect(image.lines.length).toBeGreaterThan(4900)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})
