// SIMD and floating-point registers: who traps an access and with which syndrome, for every EL, CPACR_EL1.FPEN, CPTR_EL2 in both
// of its layouts and TGE; and that loads, stores and moves carry what they should.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"

.set E2H,     1 << 34
.set TGE,     1 << 27
.set TFP,     1 << 10
.set FPEN1,   1 << 20
.set FPEN2,   2 << 20
.set FPEN3,   3 << 20
.set EL0T,    0x3c0
.set EL1H,    0x3c5
.set EL2H,    0x3c9
.set CALL,    0x77		// HVC of the EL1 vectors

main:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =SCTLR_EL2_RES1	// E2H changes the layout of the translation controls
	msr	sctlr_el2, x0
	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	ldr	x0, =el1_vectors
	msr	vbar_el1, x0
	isb
	ldr	x19, =cases
1:	ldr	x0, [x19]
	cbz	x0, 2f
	bl	puts
	bl	run_case
	bl	report
	add	x19, x19, #40
	b	1b
2:	bl	carry
	ldp	x29, x30, [sp], #16
	ret

// x19 = text, PSTATE, HCR_EL2, CPTR_EL2, CPACR_EL1 of a case. Gives x20 = ESR and x21 = EL of the exception (0: none).
run_case:
	ldp	x1, x2, [x19, #8]
	ldp	x3, x4, [x19, #24]
	msr	cpacr_el1, x4
	ldr	x0, =HCR_RW
	orr	x2, x2, x0
	msr	hcr_el2, x2
	isb
	msr	cptr_el2, x3
	isb
	mov	x20, #0
	mov	x21, #0
	cmp	x1, #EL2H
	b.eq	3f
	adr	x0, from_el1
	adr	x2, from_el0
	cmp	x1, #EL0T
	csel	x0, x2, x0, eq
	msr	elr_el2, x0
	msr	spsr_el2, x1
	eret
from_el1:
	fmov	d0, d1
	hvc	#1
from_el0:
	fmov	d0, d1
	svc	#1
3:	fmov	d0, d1
back:	ldr	x0, =HCR_RW		// x30 is as it was: nothing above calls
	msr	hcr_el2, x0
	isb
	mov	x0, #0x33ff
	msr	cptr_el2, x0
	isb
	ret

current_sync:
	mrs	x20, esr_el2
	mov	x21, #2
	b	back
lower_sync:
	mrs	x20, esr_el2
	mov	x21, #2
	ldr	x0, =HCR_RW
	msr	hcr_el2, x0
	isb
	lsr	x1, x20, #26
	cmp	x1, #0x15		// SVC under TGE: nothing trapped
	b.eq	none
	cmp	x1, #0x16
	b.ne	back
	and	x1, x20, #0xffff
	cmp	x1, #CALL
	b.ne	none
	mrs	x20, esr_el1		// an exception that EL1 took
	mov	x21, #1
	lsr	x1, x20, #26
	cmp	x1, #0x15
	b.ne	back
none:	mov	x21, #0
	b	back

report:	stp	x29, x30, [sp, #-16]!
	adr	x0, text_none
	cbz	x21, 1f
	adr	x0, text_el1
	cmp	x21, #1
	b.eq	1f
	adr	x0, text_el2
1:	bl	puts
	cbz	x21, 2f
	mov	x0, x20
	bl	puthex
2:	bl	newline
	ldp	x29, x30, [sp], #16
	ret
text_none:
	.asciz	": allowed"
text_el1:
	.asciz	": to EL1 "
text_el2:
	.asciz	": to EL2 "
	.balign	4

// Structures out of memory and back, an element, a constant and a pair: the sum tells them apart.
carry:	stp	x29, x30, [sp, #-16]!
	mov	x0, #0xffff
	msr	fpcr, xzr
	msr	fpsr, xzr
	ldr	x1, =pattern
	ldr	x2, =copy
	ld4	{v30.16b-v31.16b, v0.16b-v1.16b}, [x1]
	st1	{v30.16b, v31.16b, v0.16b, v1.16b}, [x2], #64
	movi	v2.4s, #0x5a, lsl #8
	mov	v2.h[3], w1
	orr	v3.16b, v2.16b, v30.16b
	fmov	x3, v3.d[1]
	str	x3, [x2], #8
	smov	x3, v31.b[15]
	str	x3, [x2], #8
	fmov	d4, #-2.5
	ldp	q5, q6, [x1, #32]
	st2	{v5.4h, v6.4h}, [x2], #16
	stp	d4, d6, [x2]
	ldr	x1, =copy
	mov	x3, #14
1:	ldr	x0, [x1], #8
	stp	x1, x3, [sp, #-16]!
	bl	puthex
	bl	newline
	ldp	x1, x3, [sp], #16
	subs	x3, x3, #1
	b.ne	1b
	ldp	x29, x30, [sp], #16
	ret

	.balign	2048
el1_vectors:
	.rept	16
	.balign	128
	hvc	#CALL
	.endr
	.balign	128

	.data
	.balign	8
.macro	access text, pstate, hcr, cptr, cpacr
	.quad	\text, \pstate, \hcr, \cptr, \cpacr
.endm
cases:
	.irp	fpen, 0, FPEN1, FPEN2, FPEN3
	access	text_el0_cpacr, EL0T, 0, 0, \fpen
	access	text_el1_cpacr, EL1H, 0, 0, \fpen
	.endr
	access	text_tfp, EL0T, 0, TFP, FPEN3
	access	text_tfp, EL1H, 0, TFP, FPEN3
	access	text_tfp, EL2H, 0, TFP, FPEN3
	access	text_both, EL1H, 0, TFP, 0
	access	text_tge, EL0T, TGE, 0, 0
	.irp	fpen, 0, FPEN1, FPEN2, FPEN3
	access	text_el0_e2h, EL0T, E2H, \fpen, FPEN3
	access	text_el1_e2h, EL1H, E2H, \fpen, FPEN3
	access	text_el2_e2h, EL2H, E2H, \fpen, FPEN3
	access	text_host, EL0T, E2H | TGE, \fpen, 0
	.endr
	.quad	0
text_el0_cpacr:
	.asciz	"EL0, CPACR_EL1.FPEN"
text_el1_cpacr:
	.asciz	"EL1, CPACR_EL1.FPEN"
text_tfp:
	.asciz	"CPTR_EL2.TFP"
text_both:
	.asciz	"both"
text_tge:
	.asciz	"TGE"
text_el0_e2h:
	.asciz	"EL0, CPTR_EL2.FPEN"
text_el1_e2h:
	.asciz	"EL1, CPTR_EL2.FPEN"
text_el2_e2h:
	.asciz	"EL2, CPTR_EL2.FPEN"
text_host:
	.asciz	"EL0 of a host, CPTR_EL2.FPEN"
	.balign	16
pattern:
	.set	byte, 0
	.rept	64
	.byte	(byte * 37 + 11) & 0xff
	.set	byte, byte + 1
	.endr
	.bss
	.balign	16
copy:	.space	128
	.text
	.ltorg
