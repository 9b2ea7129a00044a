// One run of a vCPU: from the host's state to the guest's and back. The order is that of __kvm_vcpu_run of nVHE.

// x0 = vCPU -> x0 = exit code. Keeps x19-x30.
vcpu_run:
	stp	x29, x30, [sp, #-32]!
	stp	x19, x20, [sp, #16]
	mov	x19, x0
	mrs	x20, tpidr_el2
	str	x19, [x20, #CTX_RUNNING]	// before the save: it decides whether the VM's MTE registers are switched

	phase	EL1
	mov	x0, x20
	bl	sysregs_save
.if POLICY_SWITCH_DSB
	dsb	nsh				// no walk of the host's translation may be under way under the guest's registers
.endif
	phase	GENERAL
	mov	x0, x19
	bl	vcpu_adjust_pc
	mark	MARK_OWNER, OWNER_VCPU | OWNER_EL1
	phase	EL1
	mov	x0, x19
	bl	sysregs_restore

	mark	MARK_OWNER, OWNER_VCPU | OWNER_EL2
	phase	EL2
	ldr	x0, =VTCR_VALUE
	msr	vtcr_el2, x0
	ldr	x0, [x19, #VCPU_VTTBR]
	msr	vttbr_el2, x0
	ldr	x0, [x19, #VCPU_HCR]
	msr	hcr_el2, x0
	mov	x0, #(MDCR_TDA | MDCR_TDOSA | MDCR_TDRA)
	msr	mdcr_el2, x0
	ldr	x0, =CPTR_RES1 | CPTR_TFP
	msr	cptr_el2, x0
	ldr	x0, =hyp_guest_vectors
	msr	vbar_el2, x0
	mov	x0, #CNTHCTL_GUEST
	msr	cnthctl_el2, x0
	gic_interface_restore x19, x0
	gic_lists_restore x19, x0

1:	phase	GENERAL
	mov	x0, x19
	bl	guest_enter
.if CFG_HYP_DRAWS && (CFG_MTE >= 2)
	.rept	CFG_HYP_DRAWS
	irg	x1, sp				// the hypervisor's own allocations, behind an exit
	.endr
.endif
	bl	guest_fixup
	cmp	x0, #FIXED_UP
	b.ne	2f
	mark	MARK_REENTRY
	b	1b
2:
	phase	EL2
	mrs	x1, esr_el2
	str	x1, [x19, #VCPU_ESR]
	mrs	x1, far_el2
	str	x1, [x19, #VCPU_FAR]
	mrs	x1, hpfar_el2
	str	x1, [x19, #VCPU_HPFAR]
	str	x0, [sp, #-16]!
	bl	fp_to_host

	phase	EL1
	mov	x0, x19
	bl	sysregs_save			// with the guest's HCR_EL2 and stage 2 still in place

	mark	MARK_OWNER, OWNER_EL2
	phase	EL2
	gic_lists_save x19, x0
	gic_interface_save x19, x0
	mov	x0, #CNTHCTL_HOST
	msr	cnthctl_el2, x0
.if POLICY_SWITCH_DSB
	dsb	nsh				// the same for the guest's walks
.endif
	ldr	x0, =HCR_HOST
	msr	hcr_el2, x0
	msr	mdcr_el2, xzr
	mov	x0, #CPTR_RES1
	msr	cptr_el2, x0
	ldr	x0, =hyp_host_vectors
	msr	vbar_el2, x0
	msr	vttbr_el2, xzr

	mark	MARK_OWNER, OWNER_EL1
	phase	EL1
	mov	x0, x20
	bl	sysregs_restore

	phase	GENERAL
	str	xzr, [x20, #CTX_RUNNING]
	ldr	x0, [sp], #16
	ldp	x19, x20, [sp, #16]
	ldp	x29, x30, [sp], #32
	ret
	.ltorg
