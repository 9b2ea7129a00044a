// Guest "edge": its mismatching store is the last instruction before it leaves for EL2, so that the fault may still be on
// its way when EL2 has control. Where the store is made is the experiment's choice: EL1, EL1 with VA bit 55 set, or EL0.

guest_edge:
	bl	g_boot
	ldr	x20, [x28, #D_PLACE]
	cmp	x20, #PLACE_EL0
	b.eq	edge_el0
	ldr	x19, =G_HEAP + G_TAGGED
	cmp	x20, #PLACE_EL1_HIGH
	b.ne	1f
	bl	g_map_high
	ldr	x0, =G_HIGH
	add	x19, x19, x0
1:	mov	x13, x19
	ldg	x13, [x13]			// the right tag; also the page's first touch
	eor	x14, x13, #(1 << 56)

2:	bl	edge_round
	cmp	x0, #0
	csel	x12, x14, x13, ne
	ldr	x0, =HC_YIELD
	str	x0, [x12]
	hvc	#0
	bl	edge_harvest
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	2b
	b	g_done

// -> x0 = 1 where this round has a mismatch. Uses x1-x3.
edge_round:
	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	mov	x4, x30
	bl	g_fault_due
	str	x0, [x28, #D_EXPECT]
	ret	x4

// The bit of this round's fault is in the register of the EL that made it, at the place of its VA bit 55; no other is set.
edge_harvest:
.if CFG_MTE_ASYNC
	ldr	x2, [x28, #D_EXPECT]
	ldr	x3, [x28, #D_CHECKS]
	cmp	x3, #2
	csel	x2, x2, xzr, hs
	mov	x3, #0
	cmp	x20, #PLACE_EL1_HIGH
	csel	x4, x2, xzr, eq
	add	x2, x2, x4			// TF1
	cmp	x20, #PLACE_EL0
	csel	x3, x2, xzr, eq
	csel	x2, xzr, x2, eq
	dsb	nsh
	isb
	mrs	x0, tfsr_el1
	mrs	x1, tfsre0_el1
	msr	tfsr_el1, xzr
	msr	tfsre0_el1, xzr
	cmp	x0, x2
	g_bad_if_ne
	cmp	x1, x3
	g_bad_if_ne
	orr	x0, x0, x1
	ldr	x1, [x28, #D_ASYNC]
	cmp	x0, #0
	cinc	x1, x1, ne
	str	x1, [x28, #D_ASYNC]
.endif
	ret

// A task at EL0 stores and goes straight to EL2 by the doorbell; then it asks its kernel for the next round.
edge_el0:
	adr	x0, edge_svc
	str	x0, [x28, #D_SVC]
	ldr	x13, =G_HEAP_EL0 + G_TAGGED_EL0
	ldg	x13, [x13]
	eor	x14, x13, #(1 << 56)
	adr	x9, edge_task
	ldr	x10, =G_CODE_EL0
	add	x9, x9, x10
	msr	elr_el1, x9
	mov	x9, #PSTATE_EL0
	msr	spsr_el1, x9
edge_start_round:
	bl	edge_round
	cmp	x0, #0
	csel	x12, x14, x13, ne
	eret
	sb

edge_task:
	ldr	x11, =G_DEVICE + DOORBELL_IPA
1:	str	x0, [x12]
	str	wzr, [x11]
	svc	#0
	b	1b

edge_svc:
	msr	tco, #0				// set by the exception entry
	bl	edge_harvest
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	edge_start_round
	b	g_done
	.ltorg
