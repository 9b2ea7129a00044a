// The interrupt controller as a program at EL1 without EL2, or at EL2, sees it: an SGI and the timers' PPIs to this PE and an
// SPI of the UART, each waited for in WFI with interrupts masked, acknowledged, and taken once as an exception.
	.include "start.inc"

.set GICD, 0x08000000
.set GICR, 0x080a0000

// Waits until something is pending, then acknowledges it and says what the interface said meanwhile
	.macro	expect_interrupt text
	say	"\text\n"
1:	wfi
	mrs	x19, isr_el1
	cbz	x19, 1b
	tell	" ISR", x19
	mrs	x19, icc_hppir1_el1
	tell	" HPPIR", x19
	mrs	x19, icc_rpr_el1
	tell	" RPR before", x19
	mrs	x26, icc_iar1_el1
	tell	" IAR", x26
	mrs	x19, icc_rpr_el1
	tell	" RPR", x19
	mrs	x19, icc_ap1r0_el1
	tell	" AP1R0", x19
	.endm

	.macro	end_interrupt
	msr	icc_eoir1_el1, x26
	isb
	mrs	x19, icc_rpr_el1
	tell	" RPR behind", x19
	mrs	x19, isr_el1
	tell	" ISR behind", x19
	mrs	x19, icc_iar1_el1
	tell	" spurious", x19
	.endm

main:	stp	x29, x30, [sp, #-16]!
	msr	daifset, #3
	mrs	x28, CurrentEL
	ldr	x9, =GICD
	mov	w10, #0x12			// affinity routing, Group 1
	str	w10, [x9]
	ldr	w19, [x9]
	tell	"GICD_CTLR", x19
	ldr	w19, [x9, #4]
	and	x19, x19, #0x7f
	tell	"GICD_TYPER", x19
	ldr	x9, =GICR
	str	wzr, [x9, #0x14]
1:	ldr	w10, [x9, #0x14]
	tbnz	w10, #2, 1b
	ldr	x19, [x9, #8]
	and	x19, x19, #0x10			// Last; this board has no LPIs
	tell	"GICR_TYPER", x19
	add	x9, x9, #0x10, lsl #12
	mov	w10, #-1
	str	w10, [x9, #0x80]		// all Group 1
	ldr	w10, =(1 << 30) | (1 << 27) | (1 << 26) | (1 << 3)
	str	w10, [x9, #0x100]
	ldr	w19, [x9, #0x100]
	tell	"GICR_ISENABLER0", x19
	mov	w10, #0x50
	strb	w10, [x9, #(0x400 + 3)]
	mov	w10, #0x60
	strb	w10, [x9, #(0x400 + 27)]
	cmp	x28, #8
	b.ne	2f
	mov	x9, #0xf
	msr	icc_sre_el2, x9
	ldr	x9, =(1 << 31) | (1 << 3) | (1 << 4) | (1 << 5)
	msr	hcr_el2, x9			// physical interrupts come to EL2
	isb
2:	mov	x9, #7
	msr	icc_sre_el1, x9
	isb
	mrs	x19, icc_sre_el1
	tell	"ICC_SRE_EL1", x19
	mov	x9, #0xf0
	msr	icc_pmr_el1, x9
	msr	icc_bpr1_el1, xzr
	mov	x9, #1
	msr	icc_igrpen1_el1, x9
	isb
	mrs	x19, icc_pmr_el1
	tell	"PMR", x19
	mrs	x19, icc_bpr1_el1
	tell	"BPR1", x19
	mrs	x19, icc_ctlr_el1
	tell	"CTLR", x19
	mrs	x19, icc_iar1_el1
	tell	"nothing pending", x19

	ldr	x9, =(3 << 24) | 1
	msr	icc_sgi1r_el1, x9
	isb
	expect_interrupt "SGI 3"
	end_interrupt

	mov	x9, #2000
	msr	cntv_tval_el0, x9
	mov	x9, #1
	msr	cntv_ctl_el0, x9
	isb
	expect_interrupt "virtual timer"
	msr	cntv_ctl_el0, xzr
	isb
	end_interrupt

	mov	x9, #2000
	msr	cntp_tval_el0, x9
	mov	x9, #1
	msr	cntp_ctl_el0, x9
	isb
	expect_interrupt "physical timer"
	msr	cntp_ctl_el0, xzr
	isb
	end_interrupt

	// An SGI below the priority mask waits; the mask lifted, it is taken as an exception.
	say	"masked by priority\n"
	mov	x9, #0x50
	msr	icc_pmr_el1, x9
	ldr	x9, =(3 << 24) | 1
	msr	icc_sgi1r_el1, x9
	isb
	mrs	x19, isr_el1
	tell	" ISR", x19
	mrs	x19, icc_iar1_el1
	tell	" IAR", x19
	mov	x9, #0xf0
	msr	icc_pmr_el1, x9
	isb
	adr	x9, own_vectors
	cmp	x28, #8
	b.ne	3f
	msr	vbar_el2, x9
3:	msr	vbar_el1, x9
	mov	x26, #0
	msr	daifclr, #2
	isb
	msr	daifset, #3
	tell	" taken", x26
	mrs	x26, icc_iar1_el1
	tell	" left", x26

	// The UART's receive interrupt, by loopback: SPI 33
	ldr	x9, =GICD
	mov	w10, #2
	str	w10, [x9, #0x84]
	str	w10, [x9, #0x104]
	mov	w10, #0xa0
	strb	w10, [x9, #(0x400 + 33)]
	ldr	x10, =0x6108
	str	xzr, [x9, x10]
	mov	x9, #0x09000000
	mov	w10, #0x10
	str	w10, [x9, #0x38]
	ldr	w10, =0x381
	str	w10, [x9, #0x30]
	mov	w10, #'A'
	str	w10, [x9]
	ldr	w10, =0x301
	str	w10, [x9, #0x30]
	expect_interrupt "UART"
	mov	x9, #0x09000000
	ldr	w10, [x9]
	end_interrupt
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

	.balign	2048
own_vectors:
	.rept	5
	.balign	128
	b	.
	.endr
	.balign	128				// IRQ from the same EL, with its own stack pointer
	mrs	x26, icc_iar1_el1
	msr	icc_eoir1_el1, x26
	isb
	eret
	.balign	2048
