// Guest "prober": a VM without MTE that does what it can to get at it. It turns on tag access and asynchronous checks of its
// own EL1, writes tags, draws, and stores through pointers whose tags match nothing. None of it may have an effect that it,
// or anybody else, can see.

guest_prober:
	bl	g_boot
	bl	plain_look
	mrs	x0, sctlr_el1
	ldr	x1, =SCTLR_ATA | SCTLR_ATA0 | (2 << SCTLR_TCF_SHIFT) | (2 << SCTLR_TCF0_SHIFT)
	orr	x0, x0, x1
	msr	sctlr_el1, x0
	isb
	ldr	x19, =G_HEAP + G_TAGGED

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
.if CFG_MTE >= 2				// else the instructions themselves do not exist
	orr	x13, x19, #(6 << 56)
	stg	x13, [x13]
	mov	x0, x19
	ldg	x0, [x0]
	cmp	x0, x19
	g_bad_if_ne
	irg	x0, x19
	cmp	x0, x19
	g_bad_if_ne
.endif
	orr	x14, x19, #(7 << 56)
	ldr	x0, =HC_YIELD
	str	x0, [x14]			// nothing between the store and the way out
	hvc	#0
	ldr	x20, [x28, #D_UNDEF]
	dsb	nsh
	isb
	mrs	x0, tfsr_el1			// UNDEFINED
	ldr	x0, [x28, #D_UNDEF]
	sub	x0, x0, x20
	cmp	x0, #1
	g_bad_if_ne
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done
	.ltorg
