// The host's own accesses with a wrong tag, and its looks at TFSR_EL1 (its own faults) and TFSRE0_EL1 (its task's).

// 1 where TFSRE0_EL1 is the guest's from vcpu_load to vcpu_put: what it holds of the host's task is collected before.
.set HOST_TASK_EARLY, HYP_VHE || POLICY_TFSRE0_LOADPUT

// What a round of mismatches leaves in the two registers.
.set HOST_LEAVES_TFSR, 0
.set HOST_LEAVES_TFSRE0, 0
.if (CFG_HOST_CHECKS >= 2) && CFG_HOST_ATA && !CFG_HOST_TCO
.if (CFG_HOST_FAULT_BY & FAULT_STORE) || ((CFG_HOST_CHECKS == 2) && (CFG_HOST_FAULT_BY & FAULT_LOAD))
.set HOST_LEAVES_TFSR, 1
.endif
.endif
.if (CFG_HOST_TCF0 >= 2) && (CFG_HOST_FAULT_BY & FAULT_TASK) && !CFG_HOST_TCO
.set HOST_LEAVES_TFSRE0, 1
.endif

// x20 = vCPU about to be loaded, or (CFG_HOST_FAULT_LOADED) just loaded. At every CFG_HOST_FAULTS-th load of each vCPU, use
// after free: of CFG_HOST_FAULT_BY a load, a store, and a store on behalf of the host's task (STTR: TCF0, TFSRE0_EL1). An
// asynchronous one is still pending at the HVC. Uses x0-x2, x9-x13.
host_faults_make:
.if (CFG_MTE >= 2) && CFG_HOST_FAULTS && (CFG_HOST_CHECKS || CFG_HOST_TCF0)
	ldr	x0, [x20, #VCPU_LOADS]
	mov	x1, #CFG_HOST_FAULTS
	udiv	x2, x0, x1
	msub	x2, x2, x1, x0
	cbnz	x2, 1f
	host_record x9
	mov	x0, #1
	str	x0, [x9, #H_EXPECT]
	ldr	x11, [x9, #H_POOL]
	ldg	x11, [x11]
	eor	x11, x11, #(1 << 56)		// a stale pointer: any tag but the one the slot has now
	mov	x12, #(TAGGED_EL0 - TAGGED)
	add	x12, x11, x12
.if HOST_TASK_EARLY && !CFG_HOST_FAULT_LOADED && (CFG_HOST_FAULT_BY & FAULT_TASK)
	mov	x13, x30
	sttr	x0, [x12]
	bl	host_task_harvest
	mov	x30, x13
.endif
.if CFG_HOST_FAULT_BY & FAULT_LOAD
	ldr	x0, [x11]
.endif
.if CFG_HOST_FAULT_BY & FAULT_STORE
	str	x0, [x11]
.endif
.if (CFG_HOST_FAULT_BY & FAULT_TASK) && (!HOST_TASK_EARLY || CFG_HOST_FAULT_LOADED)
	sttr	x0, [x12]
.endif
1:
.endif
	ret

.if HOST_TASK_EARLY
// x9 = host's record. Its task's fault must be there now. Uses x0, x1, x10.
host_task_harvest:
.if CFG_MTE_ASYNC && CFG_HOST_READS_TFSR
	dsb	nsh
	isb
	mrs	x0, tfsre0_el1
	msr	tfsre0_el1, xzr
	ldr	x10, [x9, #H_BAD]
	ldr	x1, [x9, #H_ASYNC]
	cmp	x0, #HOST_LEAVES_TFSRE0
	cinc	x10, x10, ne
	cmp	x0, #0
	cinc	x1, x1, ne
	str	x10, [x9, #H_BAD]
	str	x1, [x9, #H_ASYNC]
.endif
	ret
.endif

// Where the kernel was entered from itself by an interrupt: what ITFSB has completed is collected. Uses x0, x1, x9.
host_faults_entry:
.if CFG_MTE_ASYNC && CFG_HOST_READS_TFSR
	mrs	x0, tfsr_el1
	cbz	x0, 1f
	msr	tfsr_el1, xzr
	host_record x9
	ldr	x1, [x9, #H_SEEN]
	orr	x1, x1, x0
	str	x1, [x9, #H_SEEN]
1:
.endif
	ret

// After vcpu_put: asynchronous faults are collected and cleared. The bit must be there after a mismatch of the host's own,
// and never otherwise. Uses x0, x1, x9-x12.
host_faults_harvest:
.if CFG_MTE_ASYNC && CFG_HOST_READS_TFSR
	host_record x9
	ldr	x10, [x9, #H_BAD]
	ldr	x11, [x9, #H_ASYNC]
	ldr	x12, [x9, #H_EXPECT]
	str	xzr, [x9, #H_EXPECT]
	dsb	nsh
	isb
	mrs	x0, tfsr_el1
	msr	tfsr_el1, xzr
	ldr	x1, [x9, #H_SEEN]
	str	xzr, [x9, #H_SEEN]
	orr	x0, x0, x1
.if HOST_LEAVES_TFSR
	cmp	x0, x12
.else
	cmp	x0, #0
.endif
	cinc	x10, x10, ne
	cmp	x0, #0
	cinc	x11, x11, ne
.if !HOST_TASK_EARLY
	mrs	x0, tfsre0_el1
.if HOST_LEAVES_TFSRE0
	cmp	x0, x12
.else
	cmp	x0, #0
.endif
	cinc	x10, x10, ne
	cmp	x0, #0
	cinc	x11, x11, ne
.endif
	msr	tfsre0_el1, xzr			// where it was the guest's: on the way to the task
	str	x10, [x9, #H_BAD]
	str	x11, [x9, #H_ASYNC]
.endif
	ret
	.ltorg
