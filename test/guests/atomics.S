// Four PEs at the same memory: counters by LDADD, LDAXR/STLXR, CAS, a ticket lock and a lock that is waited for in WFE; pairs by
// CASP and LDXP/STXP that others read and store in halves; tags of neighbouring granules. Run with -smp 4. Totals are known.
.set EL2_TCF, 0
.set EL2_ATA, 1
.set ROUNDS,  100
.set PES,     4
	.include "common.inc"
.set PAIRS,   BUF_TAGGED
.set TAGS,    BUF_TAGGED + 0x10000
.set GRANULES, 64

main:	stp	x29, x30, [sp, #-16]!
	mov	x20, #1
1:	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, x20
	ldr	x2, =second
	mov	x3, x20
	smc	#0
	add	x20, x20, #1
	cmp	x20, #PES
	b.lo	1b
	mov	x28, #0
	bl	work
	ldr	x19, =finished
2:	yield
	ldar	x0, [x19]
	cmp	x0, #PES
	b.ne	2b
	ldr	x19, =counters
	ldr	x20, =names
3:	mov	x0, x20
	bl	puts
	mov	x20, x0				// behind the zero
	ldr	x0, [x19], #64
	bl	putdec
	bl	newline
	ldrb	w0, [x20]
	cbnz	w0, 3b
	adr	x0, text_pair
	bl	puts
	ldr	x19, =PAIRS
	ldr	x0, [x19]
	bl	putdec
	mov	w0, #' '
	bl	putc
	ldr	x0, [x19, #8]
	bl	putdec
	mov	w0, #' '
	bl	putc
	ldr	x0, [x19, #64]
	bl	putdec
	mov	w0, #' '
	bl	putc
	ldr	x0, [x19, #72]
	bl	putdec
	bl	newline
	ldp	x29, x30, [sp], #16
	ret

second:	mov	x28, x0
	ldr	x0, =stacks_top
	sub	x0, x0, x28, lsl #12
	mov	sp, x0
	bl	cpu_init
	bl	work
	ldr	x0, =0x84000002			// CPU_OFF
	smc	#0
1:	wfe
	b	1b

// x28 = number of this PE
work:	stp	x29, x30, [sp, #-16]!
	ldr	x19, =counters
	ldr	x20, =PAIRS
	ldr	x21, =ROUNDS
	mov	x22, #1
	mov	x27, #0				// what went wrong
1:	ldadd	x22, x0, [x19]

	add	x1, x19, #64			// LDAXR, STLXR
2:	ldaxr	x0, [x1]
	add	x0, x0, #1
	stlxr	w2, x0, [x1]
	cbnz	w2, 2b

	add	x1, x19, #128			// CAS
	ldr	x0, [x1]
2:	mov	x2, x0
	add	x3, x0, #1
	casal	x0, x3, [x1]
	cmp	x0, x2
	b.ne	2b

	add	x1, x19, #192			// ticket lock
	ldr	x2, =ticket
	ldr	x3, =serving
	ldadda	x22, x4, [x2]
2:	ldar	x5, [x3]
	cmp	x4, x5
	b.ne	2b
	ldr	x0, [x1]
	add	x0, x0, #1
	str	x0, [x1]
	add	x5, x5, #1
	stlr	x5, [x3]

	add	x1, x19, #256			// a lock whose release ends the WFE by clearing the monitor
	ldr	x2, =lock
	sevl
2:	wfe
3:	ldaxr	w4, [x2]
	cbnz	w4, 2b
	stxr	w4, w22, [x2]
	cbnz	w4, 3b
	ldr	x0, [x1]
	add	x0, x0, #1
	str	x0, [x1]
	stlr	wzr, [x2]

	cmp	x28, #2
	b.hs	5f
	// PE 0 and 1: both halves go up as one, by CASP and by LDXP and STXP
	ldp	x0, x1, [x20]
2:	mov	x2, x0
	mov	x3, x1
	add	x4, x0, #1
	add	x5, x1, #1
	caspal	x0, x1, x4, x5, [x20]
	cmp	x0, x2
	ccmp	x1, x3, #0, eq
	b.ne	2b
2:	ldaxp	x0, x1, [x20]
	add	x0, x0, #1
	add	x1, x1, #1
	stlxp	w2, x0, x1, [x20]
	cbnz	w2, 2b
	// and only the first half of another pair, whose second half others store
	add	x10, x20, #64
	ldp	x0, x1, [x10]
2:	mov	x2, x0
	mov	x3, x1
	add	x4, x0, #1
	mov	x5, x1
	caspal	x0, x1, x4, x5, [x10]
	cmp	x0, x2
	ccmp	x1, x3, #0, eq
	b.ne	2b
	b	7f
	// PE 2 and 3: the halves as plain loads see them, in both orders
5:	ldr	x0, [x20]
	eor	x1, x0, x0
	add	x1, x20, x1
	ldr	x1, [x1, #8]
	cmp	x1, x0
	cinc	x27, x27, lo
	ldr	x1, [x20, #8]
	eor	x0, x1, x1
	ldr	x0, [x20, x0]
	cmp	x0, x1
	cinc	x27, x27, lo
2:	ldxp	x0, x1, [x20]
	cmp	x0, x1
	cinc	x27, x27, ne
	cmp	x28, #3
	b.eq	7f
	// PE 2: a plain store to the second half is never undone
	add	x0, x20, #72
	str	x21, [x0]
	.rept	4
	ldr	x1, [x0]
	cmp	x1, x21
	cinc	x27, x27, ne
	.endr

	// tags of every fourth granule, and those of the others stay theirs
7:	ldr	x9, =TAGS
	add	x9, x9, x28, lsl #4
	mov	x10, #(GRANULES / PES)
	and	x11, x21, #15
	lsl	x11, x11, #56
2:	stg	x11, [x9]
	ldg	x12, [x9]
	eor	x12, x12, x11
	tst	x12, #(15 << 56)
	cinc	x27, x27, ne
	add	x9, x9, #(PES * 16)
	subs	x10, x10, #1
	b.ne	2b
	ldr	x9, =TAGS
	add	x9, x9, x28, lsl #4
	mov	x10, #(GRANULES / PES)
2:	ldg	x12, [x9]
	eor	x12, x12, x11
	tst	x12, #(15 << 56)
	cinc	x27, x27, ne
	add	x9, x9, #(PES * 16)
	subs	x10, x10, #1
	b.ne	2b

	subs	x21, x21, #1
	b.ne	1b
	add	x1, x19, #320
	ldadd	x27, x0, [x1]
	ldr	x0, =finished
	ldaddal	x22, x1, [x0]
	ldp	x29, x30, [sp], #16
	ret

current_sync:
lower_sync:
	b	panic
names:	.asciz	"ldadd "
	.asciz	"ldaxr/stlxr "
	.asciz	"cas "
	.asciz	"ticket lock "
	.asciz	"wfe lock "
	.asciz	"wrong "
	.byte	0
text_pair:
	.asciz	"pairs "
	.balign	4
	.ltorg

	.data
	.balign	64
counters:
	.space	6 * 64
ticket:	.quad	0
	.balign	64
serving:
	.quad	0
	.balign	64
lock:	.quad	0
	.balign	64
finished:
	.quad	0
	.bss
	.balign	4096
	.space	4096 * PES
stacks_top:
	.space	4096
