// Guest "alloc": a tag allocator at EL1. Each round gives out and takes back four objects, sometimes uses one after its
// end, and yields; its own RGSR_EL1 stream, GCR_EL1 and TFSR_EL1 must come through every world switch untouched.

guest_alloc:
	bl	g_boot
	bl	g_check_heap
	g_say	g_text_up, g_text_up_end
	ldr	x0, =HC_TIME
	bl	g_probe
	ldr	x0, =HC_YIELD
	bl	g_probe
	g_call	HC_UNDEF

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	ldr	x19, =G_HEAP + G_TAGGED
	mov	x20, #4
2:	bl	alloc_object
	add	x19, x19, #256
	subs	x20, x20, #1
	b.ne	2b

	g_call	HC_TIME
	bl	g_check_pair
	bl	g_fault_due
	str	x0, [x28, #D_EXPECT]
	cbz	x0, 3f
	ldr	x11, =G_HEAP + G_TAGGED
	ldg	x11, [x11]
	eor	x11, x11, #(1 << 56)		// use after free: the slot has another tag by now
	ldr	x0, [x11]
	str	x0, [x11, #8]
3:	g_call	HC_YIELD			// an asynchronous fault is still pending here
	bl	alloc_harvest
	bl	g_check_pair

	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done

// x19 = slot of 64 bytes, Tagged address with tag 0. Out and back.
alloc_object:
	mov	x16, x30
	ldg	x11, [x19]
	gmi	x12, x11, xzr			// never the tag it had last
	irg	x13, x19, x12
	bl	g_check_draw
	stg	x13, [x13]
	stg	x13, [x13, #16]
	st2g	x13, [x13, #32]
	ldr	x0, [x28, #D_ROUND]
	str	x0, [x13]
	str	x13, [x13, #56]
	ldr	x1, [x13]
	cmp	x0, x1
	g_bad_if_ne
	ldr	x1, [x13, #56]
	cmp	x1, x13
	g_bad_if_ne
	ldg	x1, [x19]
	cmp	x1, x13
	g_bad_if_ne
	addg	x13, x13, #0, #1		// freed: the next allowed tag
	st2g	x13, [x13]
	st2g	x13, [x13, #32]
	ret	x16

// TFSR_EL1 holds the fault of this round, and only that.
alloc_harvest:
.if CFG_MTE_ASYNC
	dsb	nsh
	isb
	mrs	x0, tfsr_el1
	msr	tfsr_el1, xzr
	ldr	x1, [x28, #D_EXPECT]
	ldr	x2, [x28, #D_CHECKS]
	cmp	x2, #2
	csel	x1, x1, xzr, hs
	cmp	x0, x1
	g_bad_if_ne
	ldr	x1, [x28, #D_ASYNC]
	cmp	x0, #0
	cinc	x1, x1, ne
	str	x1, [x28, #D_ASYNC]
	mrs	x0, tfsre0_el1			// nothing ran at EL0
	cmp	x0, #0
	g_bad_if_ne
.endif
	ret
	.ltorg
