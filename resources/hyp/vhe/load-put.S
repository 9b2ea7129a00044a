// A vCPU's EL1 state goes into the PE when the host loads it, and out when the host puts it: in between the host itself
// has no use for these registers. The order is that of vcpu_load and vcpu_put under VHE.

// x0 = vCPU. Uses x1-x3.
vcpu_load:
	mark	MARK_HYP, 1
	mrs	x3, tpidr_el2
	mov	x1, x0
.if CFG_PAUTH
	mov	x0, x3
	ptrauth_save_host x0, x2, x3
	mrs	x3, tpidr_el2
.endif
	mov	x0, x3
	user_state_save				// of the host's task
	mov	x0, x1
	phase	EL1
	mark	MARK_OWNER, OWNER_VCPU | OWNER_EL1
	user_state_restore
	el1_state_restore
	phase	EL2
	mov	x1, #CNTHCTL_GUEST
	msr	cnthctl_el2, x1
	ldr	x1, =VTCR_VALUE
	msr	vtcr_el2, x1
	ldr	x1, [x0, #VCPU_VTTBR]
	msr	vttbr_el2, x1
.if CFG_TIMERS
	gic_interface_restore x0, x1
	ldr	x1, [x0, #VCPU_CNTVOFF]		// before CNTV_CVAL_EL0 counts by it
	msr	cntvoff_el2, x1
	isb
	host_record x1
	ldr	x1, [x1, #H_INDEX]
	timer_load x0, x1, x2, x3
.endif
	mark	MARK_HYP, 0
	ret

// x0 = vCPU. Uses x1-x3.
vcpu_put:
	mark	MARK_HYP, 1
.if CFG_TIMERS
	phase	EL2
	timer_put x0, x1
	msr	cntvoff_el2, xzr
	gic_interface_save x0, x1
.endif
	phase	EL1
	el1_state_save
	user_state_save
	mark	MARK_OWNER, OWNER_EL1
	mrs	x0, tpidr_el2
	user_state_restore
	sysreg_restore vmpidr_el2, CTX_MPIDR
	phase	EL2
	mov	x1, #CNTHCTL_HOST
	msr	cnthctl_el2, x1
	msr	vttbr_el2, xzr
	mark	MARK_HYP, 0
	ret
	.ltorg
