// Guest "heir": it waits until another VM has ended, then reads the tags of a page before it writes any. The page may have
// been the other's: its data is zero, and its tags must be too.

guest_heir:
	bl	g_boot
1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	g_call	HC_YIELD
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b

	ldr	x19, =G_HEAP + G_TAGGED
	mov	x20, #(4096 / 16)
2:	mov	x0, x19
	ldg	x0, [x0]
	cmp	x0, x19
	g_bad_if_ne
	ldp	x0, x1, [x19], #16
	orr	x0, x0, x1
	cmp	x0, #0
	g_bad_if_ne
	subs	x20, x20, #1
	b.ne	2b
	b	g_done
	.ltorg
