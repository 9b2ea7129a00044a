// Syndromes: what each exception leaves in ESR, FAR (aborts only), ELR (as an offset from its instruction) and SPSR
// (TCO, IL, DAIF and mode), taken at EL2, at EL1 and at EL0, to EL1 or EL2. The handlers print at the EL they run at.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"

.set UNMAPPED,    0x1f00000000		// far above every mapping
.set SCRATCH,     0x42000000		// RAM behind the image
.set SCTLR_EL1_V, SCTLR_EL1_RES1 | SCTLR_MMU | SCTLR_ITFSB
.set HCR_TEST,    HCR_RW | (1 << 18) | (1 << 19)	// TID3, TSC; ATA = 0
.set EL0_VIEW,    0x80000000		// code as EL0 sees it lies this far above

// Before the one instruction that is to fault; behind it stands the label 6. x0 = argument, x27 = text, x26 = the
// instruction's address, x25 = where to go on.
.macro try text, argument=0
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text"
	.popsection
	ldr	x27, =.Ltext\@
	ldr	x0, =\argument
	adr	x26, 5f
	adr	x25, 6f
5:
.endm
// The same for a branch to x0, which is where the exception is taken.
.macro try_fetch text, argument
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text"
	.popsection
	ldr	x27, =.Ltext\@
	ldr	x0, =\argument
	mov	x26, x0
	adr	x25, 6f
	br	x0
6:
.endm

main:	stp	x29, x30, [sp, #-16]!
	try "el2 svc"
	svc	#0x11
6:	try "el2 hvc"
	hvc	#0x22
6:	try "el2 udf"
	udf	#0
6:	try "el2 brk"
	brk	#7
6:	try "el2 sctlr_el12 with E2H 0"
	mrs	x1, sctlr_el12
6:	try "el2 ldar across 16 bytes", SCRATCH + 12
	ldar	x1, [x0]
6:	try "el2 ldr unmapped", UNMAPPED + 0x123
	ldr	x1, [x0]
6:	try "el2 strb unmapped", UNMAPPED + 0x456
	strb	w1, [x0]
6:	try_fetch "el2 fetch unmapped", UNMAPPED
	try_fetch "el2 fetch execute-never", SCRATCH + TAGGED
	ldr	x0, =0x3cd			// EL3h: an illegal return
	msr	spsr_el2, x0
	try "el2 illegal return"
	adr	x1, 7f
	mov	x26, x1
	msr	elr_el2, x1
	eret
7:	nop
6:
	// EL1
	ldr	x0, =SCTLR_EL1_V
	msr	sctlr_el1, x0
	ldr	x0, =TCR_EL1_V
	msr	tcr_el1, x0
	ldr	x0, =MAIR_V
	msr	mair_el1, x0
	ldr	x0, =el1_table
	msr	ttbr0_el1, x0
	ldr	x0, =el1_vectors
	msr	vbar_el1, x0
	msr	cpacr_el1, xzr
	msr	cntkctl_el1, xzr
	msr	mdscr_el1, xzr
	ldr	x0, =stack1_top
	msr	sp_el1, x0
	ldr	x0, =HCR_TEST
	msr	hcr_el2, x0
	dsb	sy
	tlbi	alle1
	dsb	sy
	isb
	adr	x0, el1_part
	msr	elr_el2, x0
	mov	x0, #0x3c5
	msr	spsr_el2, x0
	eret
	.ltorg

el1_part:
	try "el1 svc"
	svc	#0x33
6:	try "el1 hvc"
	hvc	#0x44
6:	try "el1 smc trapped by TSC"
	smc	#0x55
6:	try "el1 udf"
	udf	#0
6:	try "el1 brk"
	brk	#0xffff
6:	try "el1 mrs hcr_el2"
	mrs	x1, hcr_el2
6:	try "el1 mrs id_aa64pfr1_el1 trapped by TID3"
	mrs	x7, id_aa64pfr1_el1
6:	try "el1 mrs gcr_el1 trapped by ATA"
	mrs	x9, gcr_el1
6:	try "el1 msr tfsre0_el1 trapped by ATA"
	msr	tfsre0_el1, x10
6:	try "el1 ldr unmapped", UNMAPPED + 8
	ldr	x1, [x0]
6:	try "el1 str unmapped", UNMAPPED + 16
	str	x1, [x0]
6:	try "el1 str read-only", SCRATCH + EL0_VIEW
	str	x1, [x0]
6:	try "el1 ldtr of EL1 data", SCRATCH
	ldtr	x1, [x0]
6:	try "el1 dc zva unmapped", UNMAPPED + 0x40
	dc	zva, x0
6:	try "el1 ldar across 16 bytes", SCRATCH + 12
	ldar	x1, [x0]
6:	try_fetch "el1 fetch unmapped", UNMAPPED
	try_fetch "el1 fetch execute-never", SCRATCH + EL0_VIEW
	adr	x0, el0_part
	ldr	x1, =EL0_VIEW
	add	x0, x0, x1
	msr	elr_el1, x0
	mov	x0, #0x3c0
	msr	spsr_el1, x0
	eret
	.ltorg

el0_part:
	try "el0 svc"
	svc	#0x66
6:	try "el0 hvc"
	hvc	#0
6:	try "el0 udf"
	udf	#0
6:	try "el0 brk"
	brk	#1
6:	try "el0 mrs sctlr_el1"
	mrs	x1, sctlr_el1
6:	try "el0 mrs cntvct_el0 with EL0VCTEN 0"
	mrs	x1, cntvct_el0
6:	try "el0 dc zva with DZE 0", SCRATCH
	dc	zva, x0
6:	try "el0 ldr of EL1 data", SCRATCH
	ldr	x1, [x0]
6:	try "el0 str read-only", SCRATCH + EL0_VIEW
	str	x1, [x0]
6:	try "el0 ldr unmapped", UNMAPPED
	ldr	x1, [x0]
6:	try_fetch "el0 fetch execute-never", SCRATCH
	svc	#0xff			// the end
	.ltorg

// Prints the line from x20 ESR, x21 FAR, x22 ELR, x23 SPSR, x24 the EL that took it.
report:	str	x30, [sp, #-16]!
	mov	x0, x27
	bl	puts
	adr	x0, text_to
	bl	puts
	mov	x0, x24
	bl	putdec
	adr	x0, text_syndrome
	bl	puts
	mov	x0, x20
	bl	puthex
	ubfx	x0, x20, #26, #6		// EC 0x20, 0x21, 0x24, 0x25: FAR says where
	mov	x1, #5
	bic	x0, x0, x1
	cmp	x0, #0x20
	b.ne	1f
	adr	x0, text_fault
	bl	puts
	mov	x0, x21
	bl	puthex
1:	adr	x0, text_offset
	bl	puts
	sub	x0, x22, x26
	bl	putdec
	adr	x0, text_state
	bl	puts
	ldr	x0, =0x021003df			// TCO, IL, DAIF, mode
	and	x0, x23, x0
	bl	puthex
	bl	newline
	ldr	x30, [sp], #16
	ret
text_to:	.asciz	": to EL"
text_syndrome:	.asciz	" esr "
text_fault:	.asciz	" far "
text_offset:	.asciz	" elr +"
text_state:	.asciz	" spsr "
	.balign	4
	.ltorg

current_sync:
lower_sync:
	mrs	x20, esr_el2
	mrs	x21, far_el2
	mrs	x22, elr_el2
	mrs	x23, spsr_el2
	mov	x24, #2
	bl	report
	msr	elr_el2, x25
	and	x23, x23, #~(1 << 20)		// not IL again
	msr	spsr_el2, x23
	eret

el1_sync:
	mrs	x20, esr_el1
	mrs	x21, far_el1
	mrs	x22, elr_el1
	mrs	x23, spsr_el1
	ldr	x0, =0x560000ff
	cmp	x20, x0
	b.ne	1f
	mov	x0, #0
	b	exit_code
1:	mov	x24, #1
	bl	report
	msr	elr_el1, x25
	msr	spsr_el1, x23
	eret
el1_unexpected:
	hvc	#0xbad
	.ltorg

	.balign	2048
el1_vectors:
	.rept	4
	vector el1_unexpected
	.endr
	vector el1_sync
	.rept	3
	vector el1_unexpected
	.endr
	vector el1_sync
	.rept	7
	vector el1_unexpected
	.endr
	.balign	128

	.data
	.balign	4096
// The board; RAM for EL1; nothing; RAM for EL0, read-only and executable there
el1_table:
	.quad	0x00000000 + (1 << 10) + (0 << 2) + 1 + (1 << 54) + (1 << 53)
	.quad	0x40000000 + (1 << 10) + (3 << 8) + (1 << 2) + 1 + (1 << 54)
	.quad	0
	.quad	0x40000000 + (1 << 10) + (3 << 8) + (1 << 2) + (3 << 6) + 1 + (1 << 53)
	.space	4096 - 32
	.text
