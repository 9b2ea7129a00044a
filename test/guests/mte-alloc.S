// A pool of 64-byte objects given out and taken back with sync checks at EL2: 20 instructions an object, 64 KiB, twice.
// Prints the final RGSR_EL1 and the sum of what was loaded.
.set EL2_TCF, 1
.set EL2_ATA, 1
.set POOL,    0x10000
.set PASSES,  2
	.include "common.inc"

main:	stp	x29, x30, [sp, #-16]!
	mov	x0, #1				// exclude tag 0, RRND = 0
	msr	gcr_el1, x0
	ldr	x0, =0xace100
	msr	rgsr_el1, x0
	isb
	ldr	x9, =PASSES
	ldr	x12, =BUF_TAGGED
	ldr	x13, =POOL
	add	x13, x12, x13
	mov	x0, x12				// tags are UNKNOWN at reset
3:	st2g	x12, [x0], #32
	cmp	x0, x13
	b.ne	3b
	mov	x8, #0
2:	mov	x0, x12
1:	ldg	x1, [x0]
	gmi	x2, x1, xzr
	irg	x3, x0, x2
	stg	x3, [x3]
	stg	x3, [x3, #16]
	st2g	x3, [x3, #32]
	str	x9, [x3]
	str	x9, [x3, #56]
	ldr	x4, [x3]
	ldr	x5, [x3, #56]
	ldg	x6, [x3]
	eor	x6, x6, x3
	add	x8, x8, x4
	add	x8, x8, x5
	addg	x7, x3, #0, #1
	st2g	x7, [x7]
	st2g	x7, [x7, #32]
	add	x0, x0, #64
	cmp	x0, x13
	b.ne	1b
	subs	x9, x9, #1
	b.ne	2b
	mrs	x19, rgsr_el1
	mov	x20, x8
	adr	x0, text_rgsr
	bl	puts
	mov	x0, x19
	bl	puthex
	bl	newline
	adr	x0, text_sum
	bl	puts
	mov	x0, x20
	bl	putdec
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
text_rgsr:
	.asciz	"rgsr_el1 "
text_sum:
	.asciz	"sum "
	.balign	4
current_sync:
	b	panic
lower_sync:
	b	panic
	.ltorg
