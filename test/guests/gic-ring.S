// Two tokens go round four PEs as interrupts: an SGI, and an SPI that each PE routes to the next one. PEs without a token
// wait in WFI. Nothing may be lost, whatever is in between. Before, all of them change their own bytes and bits of the same
// words of the distributor at once. Run with -smp 4.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "gic.inc"

.set PES,  4
.set LAPS, 150
.set SGI,  1
.set SPI,  40
.set OWN,  48				// SPI of PE 0 for what only it changes
.set CHANGES, 60
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
4:	line	"bytes and bits lost:"
	ldr	x0, =lost
	ldr	x0, [x0]
	bl	put
	bl	newline
	ldr	x19, =counts
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
	ldr	x0, =initialised		// gic_init writes what all of them share
	mov	x1, #1
	ldaddl	x1, x2, [x0]
1:	ldar	x1, [x0]
	cmp	x1, #PES
	b.ne	1b
	bl	change
	ldr	x0, =ready
	mov	x1, #1
	ldaddl	x1, x2, [x0]
	ret	x8
	.ltorg

// x9 = number of this PE: its priority byte, and its bits of enables and pending states, each read back
change:	mov	x10, #CHANGES
	ldr	x11, =GICD
	add	x1, x9, #OWN - 32
	mov	w12, #1
	lsl	w12, w12, w1			// its bit
	add	x13, x11, #IPRIORITYR + OWN
	add	x13, x13, x9			// its byte
	mov	x14, #0				// what was lost
1:	and	w1, w10, #0xff
	strb	w1, [x13]
	ldrb	w2, [x13]
	cmp	w1, w2
	cinc	x14, x14, ne
	str	w12, [x11, #ISENABLER + 4]
	str	w12, [x11, #ISPENDR + 4]
	ldr	w2, [x11, #ISENABLER + 4]
	ldr	w3, [x11, #ISPENDR + 4]
	and	w2, w2, w3
	tst	w2, w12
	cinc	x14, x14, eq
	str	w12, [x11, #ICPENDR + 4]
	str	w12, [x11, #ICENABLER + 4]
	ldr	w2, [x11, #ISENABLER + 4]
	ldr	w3, [x11, #ISPENDR + 4]
	orr	w2, w2, w3
	tst	w2, w12
	cinc	x14, x14, ne
	subs	x10, x10, #1
	b.ne	1b
	ldr	x1, =lost
	ldadd	x14, x2, [x1]
	ret
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
initialised:
	.quad	0
lost:	.quad	0
	.balign	64
counts:	.space	16 * PES
	.bss
	.balign	4096
stacks:	.space	STACK * PES		// that of PE n ends at n * STACK
	.text
