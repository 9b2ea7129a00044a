// Guest "floats": it uses FP and Advanced SIMD registers, whose first use in a run traps and is fixed up inside the
// hypervisor's run loop. Its registers are its own, and so is the tag that it draws right behind the trap.

.set D_PATTERN,     512            // 32 bytes written, and 32 read back

guest_floats:
	bl	g_boot
	mrs	x0, cpacr_el1
	orr	x0, x0, #(3 << 20)
	msr	cpacr_el1, x0
	isb
	ldr	x19, =G_HEAP + G_TAGGED
	ldr	x20, [x28, #D_INDEX]
	add	x20, x20, #1
	add	x22, x28, #D_PATTERN

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	orr	x21, x0, x20, lsl #32		// another pattern in each VM and round
	mvn	x0, x21
	stp	x21, x0, [x22]
	stp	x0, x21, [x22, #16]
	ldp	q0, q31, [x22]			// traps
	irg	x13, x19
	mov	x12, #0
	bl	g_check_draw
	bl	g_check_pair
	ldr	x0, [x28, #D_ROUND]
	and	x0, x0, #0x1f
	msr	fpsr, x0
	g_call	HC_YIELD			// others use theirs
	stp	q0, q31, [x22, #32]
	mrs	x1, fpsr
	ldr	x0, [x28, #D_ROUND]
	and	x0, x0, #0x1f
	cmp	x0, x1
	g_bad_if_ne
	mvn	x0, x21
	ldp	x1, x2, [x22, #32]
	cmp	x1, x21
	g_bad_if_ne
	cmp	x2, x0
	g_bad_if_ne
	ldp	x1, x2, [x22, #48]
	cmp	x1, x0
	g_bad_if_ne
	cmp	x2, x21
	g_bad_if_ne
	bl	g_check_pair
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done
	.ltorg
