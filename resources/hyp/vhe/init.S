// EL2 of one PE under VHE: HCR_EL2.{E2H, TGE} = {1, 1}, and on to the host, which stays at EL2 and sets the rest up by the
// EL1 names (E2H redirects them).

	.text
// x19 = PE index. The MMU stays off.
hyp_init:
	ldr	x0, =hyp_pes
	add	x0, x0, x19, lsl #PE_SHIFT
	msr	tpidr_el2, x0
	ldr	x0, =hyp_stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #STACK_SHIFT
	mov	sp, x0
	ldr	x0, =HCR_HOST
	msr	hcr_el2, x0
	isb
	mrs	x0, hcr_el2
	tbz	x0, #HCR_E2H_SHIFT, boot_no_vhe
	msr	cptr_el2, xzr
	ldr	x0, =CNTHCTL_HOST
	msr	cnthctl_el2, x0
	msr	cntvoff_el2, xzr
	mov	x0, #ICC_SRE_EL2_ALL
	msr	icc_sre_el2, x0
	msr	mdcr_el2, xzr
	msr	hstr_el2, xzr
	msr	csselr_el1, xzr
	msr	mdscr_el1, xzr
	mrs	x0, midr_el1
	msr	vpidr_el2, x0
	mrs	x0, mpidr_el1
	msr	vmpidr_el2, x0
	ldr	x0, =VTCR_VALUE
	msr	vtcr_el2, x0
	msr	vttbr_el2, xzr
.if CFG_RAS
	msr	disr_el1, xzr			// UNKNOWN at reset; __guest_exit takes what it holds for a deferred error
.endif
	dsb	sy
	tlbi	alle2
	tlbi	alle1
	dsb	sy
	isb
	ldr	x0, =SCTLR_EL1_RES1 | SCTLR_EIS | SCTLR_EOS
	msr	sctlr_el1, x0
	isb
	ret

// x19 = PE index. To host_start at EL2 with its MMU off, x0 = PE index.
hyp_to_host:
	mov	x0, x19
	b	host_start

boot_no_vhe:
	ldr	x0, =boot_text_vhe
	b	boot_fail
	.ltorg

	.section .rodata, "a", %progbits
boot_text_vhe:	.asciz	"switchyard: the PE has no FEAT_VHE\n"
	.text
