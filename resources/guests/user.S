// Guest "user": a small kernel at EL1 and a task at EL0. The task draws two tags a round and sometimes mismatches: its
// asynchronous faults are TFSRE0_EL1's. In odd rounds it leaves EL0 straight to EL2 (a store to the doorbell), in even
// ones by SVC, and the kernel yields before it looks. The kernel's own LDTR and STTR are checked by TCF0 as well.

guest_user:
	bl	g_boot
	bl	g_check_heap
	g_say	g_text_up, g_text_up_end
	ldr	x0, =HC_TIME
	bl	g_probe
	ldr	x0, =HC_YIELD
	bl	g_probe
	adr	x0, user_svc
	str	x0, [x28, #D_SVC]
	mov	x0, #1				// the first round is announced here, each later one by user_svc
	str	x0, [x28, #D_ROUND]
	bl	g_fault_due
	str	x0, [x28, #D_EXPECT]
	mov	x1, #1				// x0 = mismatch in this round, x1 = round
	adr	x9, user_task
	ldr	x10, =G_CODE_EL0
	add	x9, x9, x10
	msr	elr_el1, x9
	mov	x9, #PSTATE_EL0
	msr	spsr_el1, x9
	eret
	sb

// EL0. x0 = 1: mismatch in this round; x1 = round. Its state is x19-x22.
user_task:
	ldr	x19, =G_HEAP_EL0 + G_TAGGED_EL0
1:	mov	x20, x0
	mov	x21, x1
	irg	x22, x19
	stg	x22, [x22]
	str	x21, [x22]
	ldr	x2, [x22]
	irg	x23, x19
	st2g	x23, [x23, #32]
	str	x21, [x23, #40]
	ldr	x3, [x23, #40]
	cbz	x20, 2f
	eor	x4, x22, #(1 << 56)
	ldr	x5, [x4]
	str	x5, [x4, #8]
2:	tbz	x21, #0, 3f
	ldr	x4, =G_DEVICE + DOORBELL_IPA
	str	wzr, [x4]			// straight to EL2
3:	mov	x0, x23
	mov	x1, x2
	mov	x2, x3
	svc	#0				// -> x0 = mismatch in the next round, x1 = round
	b	1b

// From EL0 by SVC: x0 = second pointer drawn, x1 and x2 = what the task loaded. Leaves x19-x24 to the task.
user_svc:
	mov	x13, x0
	ldr	x3, [x28, #D_ROUND]
	cmp	x1, x3
	g_bad_if_ne
	cmp	x2, x3
	g_bad_if_ne
	mrs	x25, elr_el1			// both are the guest's and go through the switch
	mrs	x26, spsr_el1
	tbnz	x3, #0, 1f
	g_call	HC_YIELD
	mrs	x0, elr_el1
	cmp	x0, x25
	g_bad_if_ne
	mrs	x0, spsr_el1
	cmp	x0, x26
	g_bad_if_ne
1:	msr	tco, #0				// set by the exception entry
	ldr	x0, [x28, #D_EXPECT]
	bl	user_harvest

	ldr	x1, [x28, #D_GCR]		// the first draw, then the second
	tbnz	x1, #16, 2f
	ldr	x0, [x28, #D_RGSR]
	bl	g_irg_model
	str	x0, [x28, #D_RGSR]
2:	mov	x12, #0
	bl	g_check_draw
	bl	g_check_pair

	ldr	x0, [x28, #D_EXPECT]
	cbz	x0, 3f
	ldr	x4, =G_HEAP_EL0 + G_TAGGED_EL0	// the kernel on behalf of the task
	ldg	x4, [x4]
	eor	x4, x4, #(1 << 56)
	ldtr	x5, [x4]			// a synchronous fault here is taken to EL1 and replaces ELR_EL1 and SPSR_EL1
	sttr	x5, [x4]
	g_call	HC_TIME
	mov	x0, #1
	bl	user_harvest

3:	ldr	x1, [x28, #D_ROUND]
	ldr	x2, [x28, #D_ROUNDS]
	cmp	x1, x2
	b.eq	g_done
	add	x1, x1, #1
	str	x1, [x28, #D_ROUND]
	bl	g_fault_due
	str	x0, [x28, #D_EXPECT]
	ldr	x1, [x28, #D_ROUND]
	msr	elr_el1, x25
	msr	spsr_el1, x26
	eret
	sb

// x0 = 1 where a fault is expected in TFSRE0_EL1. TFSR_EL1 is never set: the kernel's own accesses match.
user_harvest:
.if CFG_MTE_ASYNC
	dsb	nsh
	isb
	mrs	x1, tfsre0_el1
	msr	tfsre0_el1, xzr
	ldr	x2, [x28, #D_CHECKS]
	cmp	x2, #2
	csel	x0, x0, xzr, hs
	cmp	x0, x1
	g_bad_if_ne
	ldr	x2, [x28, #D_ASYNC]
	cmp	x1, #0
	cinc	x2, x2, ne
	str	x2, [x28, #D_ASYNC]
	mrs	x1, tfsr_el1
	cmp	x1, #0
	g_bad_if_ne
.endif
	ret
	.ltorg
