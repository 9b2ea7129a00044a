/** The bench's guests: each times its own work by CNTPCT_EL0 (1 GHz, host time) and prints `ns N`. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSource } from '../guests/run-guest.ts'

/** Calls `setup`, then `work` with the clock read on both sides. */
const timed = `
main:	stp	x29, x30, [sp, #-16]!
	bl	setup
	isb
	mrs	x0, cntpct_el0
	ldr	x1, =started
	str	x0, [x1]
	bl	work
	isb
	mrs	x0, cntpct_el0
	ldr	x1, =started
	ldr	x1, [x1]
	sub	x19, x0, x1
	adr	x0, text_ns
	bl	puts
	mov	x0, x19
	bl	putdec
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
text_ns:
	.asciz	"ns "
	.balign	4
	.data
	.balign	8
started:
	.quad	0
	.text
`
const noFaults = `
current_sync:
	b	panic
lower_sync:
	b	panic
	.ltorg
`
const program = (checks: 0 | 1, setup: string, work: string): string => `
.set EL2_TCF, ${checks}
.set EL2_ATA, ${checks}
	.include "common.inc"
${timed}
setup:
${setup}
	ret
work:
${work}
	ret
${noFaults}`

/** Ten instructions in one block. */
export const alu = (iterations: number): Uint8Array =>
  buildSource(
    program(
      0,
      '',
      `	ldr	x9, =${iterations}
	mov	x1, #1
	mov	x2, #3
	mov	x3, #5
1:	add	x1, x1, x2
	eor	x3, x3, x1
	lsl	x4, x3, #7
	mul	x5, x4, x1
	add	x2, x2, x5
	eor	x1, x1, x4
	lsr	x6, x5, #13
	add	x3, x3, x6
	subs	x9, x9, #1
	b.ne	1b`,
    ),
  )

/** Four loads and four stores in each 64 bytes of 16 KiB; with checks every pointer has tag 5 and so has the memory. */
export const memory = (passes: number, checks: 0 | 1): Uint8Array =>
  buildSource(
    program(
      checks,
      checks
        ? `	ldr	x9, =BUF_TAGGED + (5 << 56)
	mov	x10, #0x4000
	add	x10, x9, x10
1:	st2g	x9, [x9], #32
	cmp	x9, x10
	b.ne	1b`
        : '',
      `	ldr	x9, =${checks ? 'BUF_TAGGED + (5 << 56)' : '0x42000000'}
	ldr	x10, =${passes}
1:	mov	x11, x9
	mov	x12, #256
2:	ldr	x0, [x11]
	str	x0, [x11, #8]
	ldr	x1, [x11, #16]
	str	x1, [x11, #24]
	ldr	x2, [x11, #32]
	str	x2, [x11, #40]
	ldr	x3, [x11, #48]
	str	x3, [x11, #56]
	add	x11, x11, #64
	subs	x12, x12, #1
	b.ne	2b
	subs	x10, x10, #1
	b.ne	1b`,
    ),
  )

/** The world switch of test/guests/switch-nvhe.S, its own main as the work. */
export function worldSwitch(trips: number): Uint8Array {
  const file = fileURLToPath(new URL('../guests/switch-nvhe.S', import.meta.url))
  const text = readFileSync(file, 'utf8')
    .replace(/^\.set TRIPS,.*$/m, `.set TRIPS, ${trips}`)
    .replace(/^main:/m, 'work:')
  return buildSource(`${text}\n${timed}\nsetup:	ret\n	.ltorg\n`)
}
