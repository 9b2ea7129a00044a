// Guest "keeper": one value of its own in every MTE register, and a draw as the first instruction behind each way out of
// the guest and back. Short on purpose: it is run in every legal execution, not once.

guest_keeper:
	bl	g_boot
	ldr	x0, [x28, #D_INDEX]		// by hand: no fault has set these
	adr	x1, keeper_values
	and	x0, x0, #3
	add	x1, x1, x0, lsl #1
	ldrb	w2, [x1]
	ldrb	w3, [x1, #1]
	stp	x2, x3, [x28, #D_TFSR]
.if CFG_MTE_ASYNC
	msr	tfsr_el1, x2
	msr	tfsre0_el1, x3
.endif
	ldr	x19, =G_HEAP + G_TAGGED
	mov	x0, x19
	ldg	x0, [x0]			// first touch of the page: the tag of nobody
	cmp	x0, x19
	g_bad_if_ne

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	g_call_and_draw HC_TIME		// served without vcpu_put
	bl	keeper_object
	g_call_and_draw SMCCC_WORKAROUND_1		// answered at EL2 without a switch
	bl	keeper_object
	g_call_and_draw HC_UNDEF		// comes back through the guest's own handler
	bl	keeper_object
	g_call_and_draw HC_YIELD		// another vCPU runs here
	bl	keeper_object
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	dsb	nsh				// a last look: what was on its way, whosever it was, has arrived
	isb
	bl	keeper_look
	b	g_done

// x13 = drawn by the first instruction behind the call. The object is tagged, used and left.
keeper_object:
	mov	x16, x30
	mov	x12, #0
	bl	g_check_draw
	st2g	x13, [x13]
	str	x13, [x13]
	ldr	x0, [x13]
	cmp	x0, x13
	g_bad_if_ne
	bl	g_check_pair
	bl	keeper_look
	ret	x16

// TFSR_EL1 and TFSRE0_EL1 hold what the guest wrote by hand.
keeper_look:
.if CFG_MTE_ASYNC
	mrs	x0, tfsr_el1
	ldr	x1, [x28, #D_TFSR]
	cmp	x0, x1
	g_bad_if_ne
	mrs	x0, tfsre0_el1
	ldr	x1, [x28, #D_TFSRE0]
	cmp	x0, x1
	g_bad_if_ne
.endif
	ret

// TFSR_EL1 and TFSRE0_EL1 of vCPU 0 to 3 (and again): no two have the same, and a foreign bit shows in the first.
keeper_values:
	.byte	2, 0, 1, 3, 3, 1, 0, 2
	.ltorg
