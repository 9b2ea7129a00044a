import { describe, expect, it } from 'vitest'
import { assemble } from '../../../shared/asm/assemble.ts'
import { writeElf } from '../../../shared/asm/elf-write.ts'
import { loadProgram } from './load.ts'
import { RAM_BASE } from './map.ts'
import { allocateShared, viewsOf } from './shared-memory.ts'

const options = {
  pes: 1,
  ramBytes: 2 << 20,
  features: { mte: 3, mteAsync: true, ras: true, exs: false },
  seed: 0,
} as const
const views = () => viewsOf(allocateShared(1, 2 << 20))
const build = (text: string, base?: bigint): Uint8Array =>
  writeElf(assemble({ file: 'a.S', text }, { include: () => null, ...(base === undefined ? {} : { base }) }))
const load = (board: ReturnType<typeof views>, bytes: Uint8Array) =>
  loadProgram(board, { bytes, file: 'a.elf' }, options)
const program = `
	.text
	.global	_start
	.word	0
_start:	nop
	.data
value:	.quad	0x1122334455667788
	.bss
	.space	64
`

describe('loadProgram', () => {
  it('puts segments at their addresses, starts at the entry point with X0 = 0, and the tree at the start of RAM', () => {
    const board = views()
    const { entry, x0, marks } = load(board, build(program))
    expect([entry, x0, marks.size]).toEqual([0x4008_0004n, 0n, 0])
    expect(board.ram32[0x8_0004 / 4]).toBe(0xd503201f)
    expect(board.ram64[0x8_1000 / 8]).toBe(0x1122_3344_5566_7788n)
    expect(board.ram.getUint32(0)).toBe(0xd00d_feed)
  })

  it('leaves the tree out where the program begins too low for it', () => {
    const board = views()
    load(board, build(program, BigInt(RAM_BASE + 0x8000)))
    expect(board.ram32[0]).toBe(0)
    expect(board.ram32[0x8004 / 4]).toBe(0xd503201f)
  })

  it('takes a program up to the last byte of RAM and none beyond', () => {
    const size = 2 << 20
    const fits = `	.text\n_start:	nop\n	.space	${size - 0x8_0000 - 4}\n`
    const board = views()
    load(board, build(fits))
    expect(() => load(views(), build(`${fits}	nop\n`))).toThrow(
      /segment at 0x40080000: it lies outside the board's memory, 0x40000000 to 0x40200000/,
    )
  })

  it('reads the marks of the image, several at one address in their order', () => {
    const marked = `	.text
_start:	nop
1:	nop
	.section .switchyard, ""
	.quad	1b
	.long	4, 2
	.quad	1b
	.long	5, 0x101
	.quad	_start
	.long	1, 19
`
    const { marks } = load(views(), build(marked))
    expect([...marks]).toEqual([
      [
        0x4008_0004,
        [
          { kind: 4, argument: 2 },
          { kind: 5, argument: 0x101 },
        ],
      ],
      [0x4008_0000, [{ kind: 1, argument: 19 }]],
    ])
  })
})
