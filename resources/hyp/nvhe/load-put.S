// vcpu_load and vcpu_put, by the host at EL1: nothing but its keys and a VM's timer under mainline, which switches the whole EL1 state in every
// run. Two policies move a register of asynchronous tag faults here; what is still pending belongs to whoever has the register until
// then, so it is completed first.
.set TFSR_LOADPUT,   POLICY_TFSR_SWITCH && POLICY_TFSR_LOADPUT && CFG_MTE_ASYNC
.set TFSRE0_LOADPUT, POLICY_TFSRE0_SWITCH && POLICY_TFSRE0_LOADPUT && CFG_MTE_ASYNC

// x0 = vCPU. Uses x1-x3.
vcpu_load:
.if CFG_TIMERS
	mov	x3, x0
	ldr	x0, [x3, #VCPU_CNTVOFF]		// before CNTV_CVAL_EL0 counts by it
	hvc	#SET_CNTVOFF
	mov	x0, x3
	host_record x1
	ldr	x1, [x1, #H_INDEX]
	timer_load x0, x1, x2, x3
.endif
.if CFG_PAUTH
	host_pe x1, x2
	ptrauth_save_host x1, x2, x3
.endif
.if TFSR_LOADPUT || TFSRE0_LOADPUT
	ldr	w1, [x0, #VCPU_FLAGS]
	tbz	w1, #FLAG_MTE_BIT, 1f
	phase	MTE
	dsb	nsh
	isb
.if TFSR_LOADPUT
	host_pe x1, x2
	mrs	x2, tfsr_el1
	str	x2, [x1, #(PE_HOST + CTX_TFSR)]
	sysreg_restore tfsr_el1, CTX_TFSR
.endif
.if TFSRE0_LOADPUT
	sysreg_restore tfsre0_el1, CTX_TFSRE0
.endif
1:
.endif
	ret

// x0 = vCPU. Uses x1-x3.
vcpu_put:
.if CFG_TIMERS
	timer_put x0, x1
	mov	x3, x0
	mov	x0, xzr
	hvc	#SET_CNTVOFF
	mov	x0, x3
.endif
.if TFSR_LOADPUT || TFSRE0_LOADPUT
	ldr	w1, [x0, #VCPU_FLAGS]
	tbz	w1, #FLAG_MTE_BIT, 1f
	phase	MTE
	dsb	nsh
	isb
.if TFSR_LOADPUT
	sysreg_save tfsr_el1, CTX_TFSR
	host_pe x1, x2
	ldr	x2, [x1, #(PE_HOST + CTX_TFSR)]
	msr	tfsr_el1, x2
.endif
.if TFSRE0_LOADPUT
	sysreg_save tfsre0_el1, CTX_TFSRE0
.endif
1:
.endif
	ret
	.ltorg
