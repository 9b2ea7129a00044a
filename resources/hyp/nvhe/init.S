// EL2 of one PE under nVHE: its own translation, one table for all PEs, and the way down to the host at EL1.

	.text
// The value is complete before its first use: a literal keeps what the symbol holds where it is written.
// EL2 itself runs untagged: ATA = 0 and TCF = 0, so no instruction of it draws a tag or is checked. A hypervisor that is to
// draw tags (CFG_HYP_DRAWS) has ATA = 1.
.set HYP_SCTLR, SCTLR_EL2_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I
.if CFG_RAS
.set HYP_SCTLR, HYP_SCTLR | SCTLR_IESB
.endif
.if CFG_HYP_DRAWS && (CFG_MTE >= 2)
.set HYP_SCTLR, HYP_SCTLR | SCTLR_ATA
.endif
.if POLICY_EL2_ITFSB
.set HYP_SCTLR, HYP_SCTLR | SCTLR_ITFSB
.endif
.if POLICY_EL2_EIS
.set HYP_SCTLR, HYP_SCTLR | SCTLR_EIS
.endif
.if POLICY_EL2_EOS
.set HYP_SCTLR, HYP_SCTLR | SCTLR_EOS
.endif

// x19 = PE index. Sets up EL2 of this PE; returns with the MMU on.
hyp_init:
	ldr	x0, =hyp_pes
	add	x0, x0, x19, lsl #PE_SHIFT
	msr	tpidr_el2, x0
	ldr	x0, =hyp_stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #STACK_SHIFT
	mov	sp, x0
	ldr	x0, =hyp_host_vectors
	msr	vbar_el2, x0
	ldr	x0, =HCR_HOST
	msr	hcr_el2, x0
	isb
	mov	x0, #CPTR_RES1
	msr	cptr_el2, x0
	mov	x0, #CNTHCTL_HOST
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #ICC_SRE_EL2_ALL
	msr	icc_sre_el2, x0
	msr	mdcr_el2, xzr
	msr	hstr_el2, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	mrs	x1, tpidr_el2
	str	x0, [x1, #(PE_HOST + CTX_MPIDR)]	// never changes, so it is restored and not saved
	ldr	x0, =VTCR_VALUE
	msr	vtcr_el2, x0
	msr	vttbr_el2, xzr
	ldr	x0, =MAIR_VALUE
	msr	mair_el2, x0
	ldr	x0, =TCR_EL2_VALUE
	msr	tcr_el2, x0
	ldr	x0, =hyp_table
	msr	ttbr0_el2, x0
.if CFG_MTE_ASYNC
	msr	tfsr_el2, xzr
.endif
.if CFG_RAS
	msr	disr_el1, xzr			// UNKNOWN at reset; __guest_exit takes what it holds for a deferred error
.endif
	dsb	sy
	tlbi	alle2
	tlbi	alle1
	dsb	sy
	isb
	ldr	x0, =HYP_SCTLR
	msr	sctlr_el2, x0
	isb
	ret

// x19 = PE index. To host_start at EL1 with its MMU off, x0 = PE index.
hyp_to_host:
	ldr	x0, =SCTLR_EL1_RES1 | SCTLR_EIS | SCTLR_EOS
	msr	sctlr_el1, x0
	msr	csselr_el1, xzr
	msr	mdscr_el1, xzr
	ldr	x0, =host_start
	msr	elr_el2, x0
	mov	x0, #PSTATE_EL1H
	msr	spsr_el2, x0
	mov	x0, x19
	eret
	sb
	.ltorg

	.data
	.balign	4096
hyp_table:
	.quad	0x00000000 | PT_BLOCK | ATTR_DEVICE | PT_AF | PT_EL2_AP1 | PT_EL2_XN
	.quad	0x40000000 | PT_BLOCK | ATTR_NORMAL | PT_AF | PT_SH | PT_EL2_AP1
	.space	4096 - 16
	.text
