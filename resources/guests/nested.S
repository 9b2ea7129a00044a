// Guest "nested": an UNDEFINED exception is injected into it, and the first checked access of its handler goes through a
// pointer with a wrong tag. A PE enters a handler with PSTATE.TCO = 1, so the access passes; where injection leaves TCO 0
// it faults inside the handler, and ELR_EL1, SPSR_EL1 and ESR_EL1 of the injected exception are gone.

guest_nested:
	bl	g_boot
	adr	x0, nested_vectors
	msr	vbar_el1, x0
	isb
	ldr	x19, =G_HEAP + G_TAGGED
	ldg	x19, [x19]
	eor	x20, x19, #(1 << 56)
	adr	x21, 2f
	adr	x22, 3f

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	str	xzr, [x28, #D_UNDEF]
	ldr	x0, =HC_UNDEF
	msr	nzcv, xzr
2:	hvc	#0
3:	ldr	x0, [x28, #D_UNDEF]		// the handler ran once
	cmp	x0, #1
	g_bad_if_ne
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done

nested_handler:
	mrs	x0, tco
	eor	x0, x0, #PSTATE_TCO
	cmp	x0, #0
	g_bad_if_ne
	ldr	x0, [x28, #D_UNDEF]
	add	x0, x0, #1
	str	x0, [x28, #D_UNDEF]
	mrs	x0, esr_el1
	ldr	x1, =ESR_IL			// EC 0
	cmp	x0, x1
	g_bad_if_ne
	mrs	x0, elr_el1
	cmp	x0, x21
	g_bad_if_ne
	mrs	x0, spsr_el1
	ldr	x1, =PSTATE_EL1H
	cmp	x0, x1
	g_bad_if_ne
	msr	elr_el1, x22
	msr	spsr_el1, x1
	eret
	sb

	.balign	2048
nested_vectors:
	.rept	4
	g_vector
	.endr
	.balign	128
	str	x20, [x20]			// checked, and with the wrong tag
	b	nested_handler
	.rept	11
	g_vector
	.endr
	.balign	128
	.ltorg
