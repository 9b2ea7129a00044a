// One run of a loaded vCPU, called by the host. The order is that of __kvm_vcpu_run of VHE: the EL1 state is in the PE already.

// x0 = vCPU, x1 = its index -> x0 = exit code. Keeps x19-x30.
vcpu_run:
	stp	x29, x30, [sp, #-48]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	mov	x19, x0
	mrs	x20, tpidr_el2
	mov	x22, x1
	mrs	x21, daif
	msr	daifset, #15
	mov	x0, x20
	sysreg_save mdscr_el1, CTX_MDSCR

	mark	MARK_OWNER, OWNER_VCPU | OWNER_EL2
	phase	EL2
	ldr	x0, [x19, #VCPU_HCR]
	msr	hcr_el2, x0
	mov	x0, #(MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)
	msr	mdcr_el2, x0
	ldr	x0, =CPTR_GUEST
	msr	cpacr_el1, x0			// CPTR_EL2
	ldr	x0, =hyp_guest_vectors
	msr	vbar_el1, x0			// VBAR_EL2
	gic_lists_restore x19, x0

	phase	GENERAL
	mov	x0, x19
	bl	vcpu_adjust_pc
	mov	x0, x19
	sysreg_restore mdscr_el1, CTX_MDSCR
	el2_return_restore

1:	bl	guest_enter
	mark	MARK_RETURN
	host_probe_signs
	host_probe_draws
	mte_late_restore
	bl	guest_fixup
	cmp	x0, #FIXED_UP
	b.ne	2f
	mov	x0, x19
	mark	MARK_ENTRY, 22
	b	1b
2:	phase	EL2
	mrs	x1, esr_el2
	str	x1, [x19, #VCPU_ESR]
	mrs	x1, far_el2
	str	x1, [x19, #VCPU_FAR]
	mrs	x1, hpfar_el2
	str	x1, [x19, #VCPU_HPFAR]
	mov	x22, x0
	bl	fp_to_host
	mov	x0, x19
	sysreg_save mdscr_el1, CTX_MDSCR
	el2_return_save

	mark	MARK_OWNER, OWNER_EL2
	phase	EL2
	gic_lists_save x19, x0
	ldr	x0, =HCR_HOST
	msr	hcr_el2, x0
	msr	mdcr_el2, xzr
	msr	cpacr_el1, xzr
	ldr	x0, =host_vectors
	msr	vbar_el1, x0
	phase	GENERAL
	mov	x0, x20
	sysreg_restore mdscr_el1, CTX_MDSCR
	mov	x0, x22
	msr	daif, x21
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x29, x30, [sp], #48
	isb					// what was written here, before the host relies on it; the last event of every run
	ret
	.ltorg
