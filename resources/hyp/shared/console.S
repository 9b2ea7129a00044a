// PL011 output and the way out of the machine. Usable at EL2 and at EL1: both map the board at the same addresses.
// Each function uses x0-x7 only.

// x0 = zero-terminated text
console_puts:
	ldr	x1, =UART_BASE
1:	ldrb	w2, [x0], #1
	cbz	w2, 2f
	str	w2, [x1]
	b	1b
2:	ret

// x0 = address, x1 = bytes
console_write:
	ldr	x2, =UART_BASE
1:	cbz	x1, 2f
	ldrb	w3, [x0], #1
	str	w3, [x2]
	sub	x1, x1, #1
	b	1b
2:	ret

// w0 = character
console_putc:
	ldr	x1, =UART_BASE
	str	w0, [x1]
	ret

// x0 = value, printed in decimal
console_decimal:
	sub	sp, sp, #32
	add	x2, sp, #31
	strb	wzr, [x2]
	mov	x3, #10
1:	udiv	x4, x0, x3
	msub	x5, x4, x3, x0
	add	x5, x5, #'0'
	strb	w5, [x2, #-1]!
	mov	x0, x4
	cbnz	x0, 1b
	ldr	x1, =UART_BASE
2:	ldrb	w4, [x2], #1
	cbz	w4, 3f
	str	w4, [x1]
	b	2b
3:	add	sp, sp, #32
	ret

// x0 = value, printed as 0x and 16 digits
console_hex:
	ldr	x1, =UART_BASE
	mov	w3, #'0'
	str	w3, [x1]
	mov	w3, #'x'
	str	w3, [x1]
	mov	x2, #60
1:	lsr	x3, x0, x2
	and	x3, x3, #15
	cmp	x3, #10
	add	x4, x3, #'0'
	add	x5, x3, #('a' - 10)
	csel	x3, x4, x5, lo
	str	w3, [x1]
	subs	x2, x2, #4
	b.ge	1b
	ret

// x0 = exit code. Semihosting SYS_EXIT; a machine without it is switched off by PSCI.
machine_exit:
	ldr	x1, =machine_exit_block
	mov	x2, #0x0026			// ADP_Stopped_ApplicationExit
	movk	x2, #0x0002, lsl #16
	stp	x2, x0, [x1]
	mov	x0, #0x18
	hlt	#0xf000
	ldr	x0, =PSCI_OFF
	smc	#0
1:	b	1b
	.ltorg

	.data
	.balign	16
machine_exit_block:
	.quad	0, 0
	.text
