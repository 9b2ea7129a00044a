// Two tokens go round four PEs as interrupts: an SGI, and an SPI that each PE routes to the next one. PEs without a token
// wait in WFI. Nothing may be lost, whatever is in between. Run with -smp 4.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "gic.inc"

.set PES,  4
.set LAPS, 150
.set SGI,  1
.set SPI,  40
.set STACK, 4096

main:	stp	x29, x30, [sp, #-16]!
	mov	x19, #1
1:	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, x19
	ldr	x2, =other
	mov	x3, x19
	smc	#0
	add	x19, x19, #1
	cmp	x19, #PES
	b.ne	1b
	mov	x0, #0
	bl	set_up
2:	ldr	x0, =ready			// the others can take interrupts
	ldar	x0, [x0]
	cmp	x0, #PES
	b.ne	2b
	set_system icc_sgi1r_el1, (SGI << 24) | 1
	pend_spi SPI
	// The idle loop: look with interrupts masked, wait, let them in.
3:	msr	daifset, #3
	ldr	x0, =counts
	ldp	x1, x2, [x0]
	add	x1, x1, x2
	cmp	x1, #2 * LAPS
	b.eq	4f
	wfi
	msr	daifclr, #3
	b	3b
4:	ldr	x19, =counts
	mov	x20, #0
5:	line	"pe, sgis, spis:"
	value	x20
	ldr	x0, [x19], #8
	bl	putdec_blank
	ldr	x0, [x19], #8
	bl	putdec_blank
	bl	newline
	add	x20, x20, #1
	cmp	x20, #PES
	b.ne	5b
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

putdec_blank:
	stp	x0, x30, [sp, #-16]!
	mov	w0, #' '
	bl	putc
	ldp	x0, x30, [sp], #16
	b	putdec

other:	mov	x20, x0
	ldr	x1, =stacks
	mov	x2, #STACK
	madd	x1, x0, x2, x1
	mov	sp, x1
	bl	cpu_init
	mov	x0, x20
	bl	set_up
	msr	daifclr, #3
1:	wfi
	b	1b
	.ltorg

// x0 = number of this PE
set_up:	mov	x8, x30
	mov	x9, x0
	ldr	x0, =HCR_BASE | HCR_IMO | HCR_FMO
	msr	hcr_el2, x0
	ldr	x0, =vectors
	msr	vbar_el2, x0
	msr	tpidr_el2, x9
	mov	x0, x9
	bl	gic_init
	ldr	x0, =ready
	mov	x1, #1
	ldaddl	x1, x2, [x0]
	ret	x8
	.ltorg

irq:	stp	x0, x1, [sp, #-64]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	mrs	x0, icc_iar1_el1
	mrs	x1, tpidr_el2
	ldr	x2, =counts
	add	x2, x2, x1, lsl #4
	cmp	x0, #SPI
	cset	x3, eq
	ldr	x4, [x2, x3, lsl #3]
	add	x4, x4, #1
	str	x4, [x2, x3, lsl #3]
	cmp	x4, #LAPS
	ccmp	x1, #0, #0, eq			// the last lap ends at PE 0
	b.eq	2f
	add	x1, x1, #1
	cmp	x1, #PES
	csel	x1, xzr, x1, eq
	cbnz	x3, 1f
	mov	x4, #1				// SGI to the next
	lsl	x4, x4, x1
	orr	x4, x4, #(SGI << 24)
	dsb	ish
	msr	icc_sgi1r_el1, x4
	b	2f
1:	ldr	x4, =GICD + IROUTER + SPI * 8
	str	x1, [x4]
	msr	icc_eoir1_el1, x0
	isb
	ldr	x4, =GICD + ISPENDR + 4
	mov	w5, #1 << (SPI - 32)
	str	w5, [x4]
	b	3f
2:	msr	icc_eoir1_el1, x0
3:	isb
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #64
	eret
	.ltorg

current_sync:
lower_sync:
	b	panic

	.balign	2048
vectors:
	.rept	5
	vector
	.endr
	vector	irq
	.rept	10
	vector
	.endr
	.balign	128

	.data
	.balign	64
ready:	.quad	0
	.balign	64
counts:	.space	16 * PES
	.bss
	.balign	4096
stacks:	.space	STACK * PES		// that of PE n ends at n * STACK
	.text
