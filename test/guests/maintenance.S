// Two PEs: one changes a page's mapping and a function's code, the other uses them. Once the maintenance of the first is
// complete (DSB), the other never sees what was there before. Run with -smp 2.
.set EL2_TCF, 0
.set EL2_ATA, 0
.set ROUNDS,  60
	.include "common.inc"
.set WINDOW,  0xc0000000			// entry 3 of el2_table: one page, of el2_level3
.set PAGE_A,  0x42000000
.set PAGE_B,  0x42001000
.set STALE,   0xdead
.set CODE,    0x42010000			// executed where it is: EL2 maps it by a block

main:	stp	x29, x30, [sp, #-16]!
	bl	tables
	bl	write_code
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, #1
	ldr	x2, =second
	mov	x3, #0
	smc	#0
	adr	x0, text_tlb
	bl	puts
	bl	remap
	bl	newline
	adr	x0, text_code
	bl	puts
	bl	rewrite
	bl	newline
	adr	x0, text_branch
	bl	puts
	bl	patch
	bl	newline
	ldp	x29, x30, [sp], #16
	ret

// Level 2 and 3 for the window
tables:	ldr	x0, =el2_level2
	ldr	x1, =el2_level3
	orr	x2, x1, #3
	str	x2, [x0]
	orr	x2, x0, #3
	ldr	x3, =el2_table
	str	x2, [x3, #24]
	dsb	ish
	ret

// x0 = page or 0: what the window shows from now on
map:	cbz	x0, 1f
	mov	x1, #((1 << 10) + (3 << 8) + (1 << 6) + (1 << 2) + 3)
	orr	x0, x0, x1
1:	ldr	x1, =el2_level3
	str	x0, [x1]
	dsb	ishst
	ldr	x1, =(WINDOW >> 12)
	tlbi	vae2is, x1
	dsb	ish
	isb
	ret

// The page behind the window alternates. The one that was taken away holds STALE once the invalidation is complete, and its
// good value again only when the other PE has confirmed that it uses the new one.
remap:	stp	x29, x30, [sp, #-16]!
	ldr	x20, =PAGE_A
	ldr	x21, =PAGE_B
	ldr	x19, =ROUNDS
	ldr	x22, =round
	ldr	x23, =confirmed
1:	str	x19, [x21]
	mov	x0, #0
	bl	map				// break
	mov	x0, x21
	bl	map				// make
	mov	x0, #STALE
	str	x0, [x20]
	stlr	x19, [x22]
2:	ldar	x0, [x23]
	cmp	x0, x19
	b.ne	2b
	mov	x0, x20
	mov	x20, x21
	mov	x21, x0
	subs	x19, x19, #1
	b.ne	1b
	stlr	xzr, [x22]
	b	verdict

// The function returns the round's number.
rewrite:
	stp	x29, x30, [sp, #-16]!
	ldr	x19, =ROUNDS
	ldr	x22, =round
	ldr	x23, =confirmed
	ldr	x20, =CODE
1:	ldr	w0, =0xd2800000			// mov x0, #0
	orr	w0, w0, w19, lsl #5
	str	w0, [x20]
	dc	cvau, x20
	dsb	ish
	ic	ivau, x20
	dsb	ish
	stlr	x19, [x22]
2:	ldar	x0, [x23]
	cmp	x0, x19
	b.ne	2b
	subs	x19, x19, #1
	b.ne	1b
	stlr	xzr, [x22]
	b	verdict

// A branch is changed while the other PE executes it: it goes to one of the two places (B2.2.5, concurrent modification).
patch:	stp	x29, x30, [sp, #-16]!
	mov	x19, #(ROUNDS * 4)
	ldr	x22, =round
	ldr	x20, =(CODE + 64)
1:	ldr	w0, =0x14000001			// b .+4
	tst	x19, #1
	cinc	w0, w0, ne			// b .+8
	str	w0, [x20]
	dc	cvau, x20
	dsb	ish
	ic	ivau, x20
	dsb	ish
	subs	x19, x19, #1
	b.ne	1b
	mov	x0, #1
	stlr	x0, [x22]
	b	verdict

// What the other PE counted
verdict:
	ldr	x0, =done
1:	ldar	x1, [x0]
	cbz	x1, 1b
	stlr	xzr, [x0]
	ldr	x0, =wrong
	ldr	x0, [x0]
	bl	putdec
	ldp	x29, x30, [sp], #16
	ret

write_code:
	ldr	x20, =CODE
	ldr	w0, =0xd2800000
	ldr	w1, =0xd65f03c0			// ret
	stp	w0, w1, [x20]
	ldr	w0, =0x14000001			// b .+4
	str	w0, [x20, #64]
	ldr	w0, =0xd2800020			// mov x0, #1
	str	w0, [x20, #68]
	ldr	w0, =0xb27f0000			// orr x0, x0, #2
	str	w0, [x20, #72]
	str	w1, [x20, #76]
	dc	cvau, x20
	add	x1, x20, #64
	dc	cvau, x1
	dsb	ish
	ic	ivau, x20
	ic	ivau, x1
	dsb	ish
	isb
	ret

second:	ldr	x0, =stack1_top
	mov	sp, x0
	bl	cpu_init
	ldr	x22, =round
	ldr	x23, =confirmed
	ldr	x20, =WINDOW
	mov	x24, #0				// wrong
	mov	x25, #(ROUNDS + 1)		// the round confirmed last
1:	ldar	x1, [x22]			// the window
	cbz	x1, 2f
	ldr	x0, [x20]			// STALE would be the old page behind the invalidation
	cmp	x0, #ROUNDS
	cinc	x24, x24, hi
	ldar	x1, [x22]
	cbz	x1, 3f
	cmp	x1, x25
	b.eq	1b
	ldr	x0, [x20]			// the round has come, so the mapping has
	cmp	x0, x1
	cinc	x24, x24, ne
	mov	x25, x1
	stlr	x25, [x23]
	b	1b
2:	cmp	x25, #(ROUNDS + 1)		// not yet begun
	b.eq	1b
3:	bl	report

	ldr	x20, =CODE			// the function
	mov	x25, #0
1:	ldar	x1, [x22]
	cbz	x1, 2f
	cmp	x1, x25
	b.eq	1b
	isb
	mov	x25, x1
	blr	x20
	cmp	x0, x25
	cinc	x24, x24, ne
	stlr	x25, [x23]
	b	1b
2:	cbz	x25, 1b
	bl	report

	add	x20, x20, #64			// the branch
1:	mov	x0, #0
	blr	x20
	cmp	x0, #2				// the second way
	ccmp	x0, #3, #4, ne			// the first
	cinc	x24, x24, ne
	ldar	x1, [x22]
	cbz	x1, 1b
	stlr	xzr, [x22]
	bl	report
	ldr	x0, =0x84000002			// CPU_OFF
	smc	#0
1:	wfe
	b	1b

report:	ldr	x0, =wrong
	str	x24, [x0]
	mov	x24, #0
	ldr	x0, =done
	mov	x1, #1
	stlr	x1, [x0]
	ret

// A translation fault of the window while its mapping is broken: the access is made again.
current_sync:
	mrs	x3, esr_el2
	and	x3, x3, #0x3c
	cmp	x3, #4
	b.ne	panic
	mrs	x3, far_el2
	cmp	x3, x20
	b.ne	panic
	eret
lower_sync:
	b	panic
text_tlb:
	.asciz	"stale translations "
text_code:
	.asciz	"stale instructions "
text_branch:
	.asciz	"neither way "
	.balign	4
	.ltorg

	.data
	.balign	64
round:	.quad	0
	.balign	64
confirmed:
	.quad	0
	.balign	64
done:	.quad	0
wrong:	.quad	0
	.bss
	.balign	4096
el2_level2:
	.space	4096
el2_level3:
	.space	4096
