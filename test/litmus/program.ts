import { buildSource } from '../guests/run-guest.ts'
import type { Outcome, Shape } from './shapes.ts'

/**
 * Litmus shapes as one guest: every PE runs its thread over a batch of locations, each iteration when the next PE has come as
 * far; then they meet, PE 0 counts the outcomes in a histogram, and each location is reset by a PE that does not write it, so that its
 * cache line lies with another host core. At the end of a shape PE 0 prints the outcomes that it counted.
 */
const BATCH = 500
const STRIDE = 64
/** Looks at the neighbour's progress before an iteration goes on without it: the host may not be running it. */
const LOOKS = 60
const locations = { x: 'x20', y: 'x21', z: 'x22' } as const
/** Bits of one value in the number of an outcome: four reads, then x, y and z. */
const FIELD = 2
const FINALS = 4 * FIELD

interface Access {
  text: string
  /** Register that a load fills. */
  fills: number | null
  isTag: boolean
}

const access = /^(dep )?(W|STLR|STG|R|LDAR|LDAPR|LDG) ([xyz])(?: ([12]))?$/
const mnemonics = { W: 'str', STLR: 'stlr', R: 'ldr', LDAR: 'ldar', LDAPR: 'ldapr', STG: 'stg', LDG: 'ldg' }

/** One access of a thread. @param next the register of the next read; @param last that of the read before */
function assembleAccess(text: string, next: number, last: number): Access {
  const [, dependent, kind, location, value] = access.exec(text) ?? []
  if (kind === undefined) return { text: `\t${text}`, fills: null, isTag: false }
  const base = locations[location as keyof typeof locations]
  const lines = dependent ? [`\teor\tx17, x${last}, x${last}`, `\tadd\tx17, ${base}, x17`] : []
  const address = `[${dependent ? 'x17' : base}]`
  const isTag = kind === 'STG' || kind === 'LDG'
  const mnemonic = mnemonics[kind as keyof typeof mnemonics]
  // x11 and x12 hold the values, x13 and x14 the same as tags.
  const register = value === undefined ? `x${next}` : `x${(isTag ? 12 : 10) + Number(value)}`
  return {
    text: [...lines, `\t${mnemonic}\t${register}, ${address}`].join('\n'),
    fills: value === undefined ? next : null,
    isTag,
  }
}

/** Bodies of all threads of a shape, and where PEs without one go. */
function assembleThreads({ threads }: Shape, index: number, pes: number): string {
  let next = 0
  const bodies = threads.split('|').map((thread, pe, all) => {
    const reads: { register: number; isTag: boolean }[] = []
    const lines = thread.split(';').map((text) => {
      const { text: line, fills, isTag } = assembleAccess(text.trim(), next, next - 1)
      if (fills !== null) reads.push({ register: next++, isTag })
      return line
    })
    return [
      `thread_${index}_${pe}:`,
      '\tmov\tx19, x30\n\tbl\tstart_batch\n\tmov\tx30, x19',
      `\tldr\tx16, =progress + ${pe * STRIDE}`,
      `\tldr\tx18, =progress + ${((pe + 1) % all.length) * STRIDE}`,
      `1:\tadd\tx8, x8, #1\n\tstr\tx8, [x16]\n\tmov\tx10, #${LOOKS}`,
      '2:\tldr\tx15, [x18]\n\tsubs\tx10, x10, #1\n\tb.eq\t3f\n\tcmp\tx15, x8\n\tb.lo\t2b\n3:',
      ...reads.map(({ register }) => `\tmov\tx${register}, #0`),
      ...lines,
      ...reads.flatMap(({ register, isTag }) => [
        ...(isTag ? [`\tlsr\tx${register}, x${register}, #56`] : []),
        `\tstr\tx${register}, [x23, #${register * 8}]`,
      ]),
      ...Object.values(locations).map((base) => `\tadd\t${base}, ${base}, #${STRIDE}`),
      `\tadd\tx23, x23, #${STRIDE}`,
      '\tsubs\tx9, x9, #1\n\tb.ne\t1b\n\tret',
    ].join('\n')
  })
  const idle = Array.from(
    { length: pes - bodies.length },
    (_, i) => `thread_${index}_${bodies.length + i}:\n\tret`,
  )
  return [...bodies, ...idle].join('\n')
}

/** @param batches of BATCH iterations each */
function source(shapes: readonly Shape[], pes: number, batches: number): string {
  const table = shapes.flatMap((_, i) => Array.from({ length: pes }, (_, pe) => `\t.quad\tthread_${i}_${pe}`))
  return `
.set EL2_TCF, 0
.set EL2_ATA, 1
	.include "common.inc"
.set X, BUF_TAGGED
.set Y, BUF_TAGGED + 0x20000
.set Z, BUF_TAGGED + 0x40000
.set RESULTS, BUF_TAGGED + 0x60000

main:	stp	x29, x30, [sp, #-16]!
	mov	x28, #1
1:	cmp	x28, #${pes}
	b.hs	2f
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, x28
	ldr	x2, =second
	mov	x3, x28
	smc	#0
	add	x28, x28, #1
	b	1b
2:	mov	x28, #0
	bl	shapes
	ldp	x29, x30, [sp], #16
	ret

second:	mov	x28, x0
	ldr	x0, =stacks_top
	sub	x0, x0, x28, lsl #12
	mov	sp, x0
	bl	cpu_init
	bl	shapes
1:	wfi
	b	1b

// Every PE: all shapes, x28 = its number.
shapes:	stp	x29, x30, [sp, #-16]!
	ldr	x27, =threads
	mov	x26, #0				// shape
1:	ldr	x25, =${batches}
2:	bl	reset
	bl	meet
	ldr	x0, [x27, x28, lsl #3]
	blr	x0
	bl	meet
	cbnz	x28, 3f
	bl	count
3:	bl	meet
	subs	x25, x25, #1
	b.ne	2b
	cbnz	x28, 4f
	bl	print
4:	add	x27, x27, #${pes * 8}
	add	x26, x26, #1
	cmp	x26, #${shapes.length}
	b.ne	1b
	ldp	x29, x30, [sp], #16
	ret

start_batch:
	ldr	x20, =X
	ldr	x21, =Y
	ldr	x22, =Z
	ldr	x23, =RESULTS
	mov	x11, #1
	mov	x12, #2
	mov	x13, #(1 << 56)
	mov	x14, #(2 << 56)
	mov	x9, #${BATCH}
	mov	x8, #0
	ret

// x is reset by PE 1, y by PE 0, z by the last one
reset:	ldr	x0, =progress
	add	x0, x0, x28, lsl #6
	str	xzr, [x0]
	ldr	x0, =Y
	cbz	x28, 1f
	ldr	x0, =X
	cmp	x28, #1
	b.eq	1f
	ldr	x0, =Z
	cmp	x28, #${pes - 1}
	b.ne	2f
1:	mov	x1, #${BATCH}
3:	str	xzr, [x0]
	stg	x0, [x0]
	add	x0, x0, #${STRIDE}
	subs	x1, x1, #1
	b.ne	3b
2:	ret

// All PEs wait for each other; those that came first sleep.
meet:	ldr	x0, =arrived
	ldr	x1, =generation
	ldr	x2, [x1]
	mov	x3, #1
	ldaddal	x3, x4, [x0]
	cmp	x4, #${pes - 1}
	b.eq	2f
	sevl
1:	wfe
	ldar	x4, [x1]
	cmp	x4, x2
	b.eq	1b
	ret
2:	str	xzr, [x0]
	add	x2, x2, #1
	stlr	x2, [x1]
	dsb	ish
	sev
	ret

count:	ldr	x0, =X
	ldr	x1, =Y
	ldr	x2, =Z
	ldr	x3, =RESULTS
	ldr	x4, =histogram
	mov	x9, #${BATCH}
1:	mov	x5, #0
	.irp	read, 0, 1, 2, 3
	ldr	x6, [x3, #(8 * \\read)]
	str	xzr, [x3, #(8 * \\read)]
	orr	x5, x5, x6, lsl #(${FIELD} * \\read)
	.endr
	.irp	place, 0, 1, 2
	ldr	x6, [x\\place]
	mov	x7, #0
	ldg	x7, [x\\place]
	add	x6, x6, x7, lsr #56
	orr	x5, x5, x6, lsl #(${FINALS} + ${FIELD} * \\place)
	add	x\\place, x\\place, #${STRIDE}
	.endr
	ldr	x6, [x4, x5, lsl #3]
	add	x6, x6, #1
	str	x6, [x4, x5, lsl #3]
	add	x3, x3, #${STRIDE}
	subs	x9, x9, #1
	b.ne	1b
	ret

// A line for each outcome: shape, outcome, how often; the histogram is empty afterwards.
print:	stp	x29, x30, [sp, #-16]!
	ldr	x20, =histogram
	mov	x21, #0
1:	ldr	x22, [x20, x21, lsl #3]
	cbz	x22, 2f
	str	xzr, [x20, x21, lsl #3]
	mov	x0, x26
	bl	putdec
	mov	w0, #' '
	bl	putc
	mov	x0, x21
	bl	putdec
	mov	w0, #' '
	bl	putc
	mov	x0, x22
	bl	putdec
	bl	newline
2:	add	x21, x21, #1
	cmp	x21, #${1 << (FINALS + 3 * FIELD)}
	b.ne	1b
	ldp	x29, x30, [sp], #16
	ret

${shapes.map((shape, i) => assembleThreads(shape, i, pes)).join('\n')}

current_sync:
lower_sync:
	b	panic
	.ltorg
	.data
	.balign	8
threads:
${table.join('\n')}
	.balign	64
arrived:
	.quad	0
	.balign	64
generation:
	.quad	0
	.balign	64
progress:
	.space	${STRIDE * pes}
	.bss
	.balign	4096
histogram:
	.space	${8 << (FINALS + 3 * FIELD)}
	.space	${4096 * pes}
stacks_top:
	.space	4096
`
}

export const buildLitmus = (shapes: readonly Shape[], pes: number, iterations: number): Uint8Array =>
  buildSource(source(shapes, pes, Math.ceil(iterations / BATCH)), 'litmus.S')

/** How often each outcome of each shape was seen, from the console. */
export function readHistograms(console: string, shapes: number): { outcome: Outcome; count: number }[][] {
  const histograms: { outcome: Outcome; count: number }[][] = Array.from({ length: shapes }, () => [])
  for (const line of console.trimEnd().split('\n')) {
    const [shape, key, count] = line.split(' ').map(Number) as [number, number, number]
    const field = (at: number): number => (key >> at) & 3
    histograms[shape]!.push({
      outcome: {
        r: [0, 1, 2, 3].map((read) => field(read * FIELD)),
        x: field(FINALS),
        y: field(FINALS + FIELD),
        z: field(FINALS + 2 * FIELD),
      },
      count,
    })
  }
  return histograms
}
