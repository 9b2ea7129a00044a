// Operands that only the assembler can give: addresses, aliases, expressions, local labels, sections apart.
.section .text.start, "ax"
.global _start
ctx .req x28
.set CTX_PC, 0x100
.set FLAG, 1 << 3
_start:
	ldr	x0, =stack_top
	mov	sp, x0
	adr	x1, 1f
	adrp	x2, message
	add	x2, x2, :lo12:message
	ldr	CTX, =state
	stp	x0, x1, [ctx, #(CTX_PC + 2 * 8)]
	mov	x3, #(message_end - message)
	mov	x4, #FLAG | 1
	orr	x5, x4, #(FLAG << 4)
	and	x6, x5, #~FLAG
	cmp	x3, #'a'
	b.ne	2f
1:	tbz	x3, #3, 1b
	cbnz	x4, 1f
	bl	far
	b	.
	b	. + 8
1:	ldr	w7, 3f
	ldrsw	x8, =-5
	.unreq	ctx
2:	ret
3:	.word	0xcafe
	.text
far:	sub	sp, sp, #16
	.irp	n, 0, 1, 2
	mrs	x\n, far_el1
	.endr
	add	sp, sp, #16
	ret
	.size	far, . - far
	.section .rodata.text, "a"
message: .ascii "hello"
message_end:
	.data
state:	.quad	_start, far + 4, message_end - message, stack_top - 16
	.weak	absent
	.quad	absent
	.bss
	.balign	16
	.space	64
stack_top:
