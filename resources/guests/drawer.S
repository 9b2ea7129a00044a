// Guest "drawer": each round it draws sixteen tags, writes them down as one line, and tags an object with each; behind its
// yield all of them must still be there. What it prints is its RGSR_EL1 stream and nothing else.

.set D_LINE,        512            // sixteen characters
.set D_POINTERS,    1024           // sixteen pointers

guest_drawer:
	bl	g_boot
	bl	g_check_heap
1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	ldr	x19, =G_HEAP + G_TAGGED
	mov	x20, #0
2:	irg	x13, x19
	mov	x12, #0
	bl	g_check_draw
	stg	x13, [x13]
	str	x13, [x13]
	add	x0, x28, #D_POINTERS
	str	x13, [x0, x20, lsl #3]
	ubfx	x0, x13, #56, #4
	add	x1, x0, #'0'
	add	x2, x0, #('a' - 10)
	cmp	x0, #10
	csel	x1, x1, x2, lo
	add	x0, x28, #D_LINE
	strb	w1, [x0, x20]
	add	x19, x19, #16
	add	x20, x20, #1
	cmp	x20, #16
	b.ne	2b
	add	x1, x28, #D_LINE
	mov	x2, #16
	g_call	HC_PUTS
	g_call	HC_YIELD			// saved here, it goes on in another machine

	mov	x20, #0
3:	add	x0, x28, #D_POINTERS
	ldr	x13, [x0, x20, lsl #3]
	mov	x0, x13
	ldg	x0, [x0]
	cmp	x0, x13
	g_bad_if_ne
	ldr	x0, [x13]
	cmp	x0, x13
	g_bad_if_ne
	add	x20, x20, #1
	cmp	x20, #16
	b.ne	3b
	bl	g_check_pair
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done
	.ltorg
