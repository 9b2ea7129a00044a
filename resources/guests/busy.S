// Guest "busy": after a mismatching store it stays in the guest, its asynchronous fault unread, for longer than the host's
// timer needs: an interrupt of the host falls into every round. Then it looks for the fault, and draws.

.set BUSY_COUNTS,   8000           // of CNTVCT_EL0

guest_busy:
	bl	g_boot
	ldr	x19, =G_HEAP + G_TAGGED
	mov	x20, x19
	ldg	x20, [x20]
	eor	x20, x20, #(1 << 56)

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	bl	g_fault_due
	str	x0, [x28, #D_EXPECT]
	cbz	x0, 2f
	str	x0, [x20]
2:	isb
	mrs	x21, cntvct_el0
3:	isb
	mrs	x0, cntvct_el0
	sub	x0, x0, x21
	mov	x1, #BUSY_COUNTS
	cmp	x0, x1
	b.lo	3b
	irg	x13, x19
	mov	x12, #0
	bl	g_check_draw
	bl	g_check_pair
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
.endif
	g_call	HC_YIELD
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done
	.ltorg
