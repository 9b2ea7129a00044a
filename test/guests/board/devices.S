// What answers on the board, and the UART by itself: registers, FIFO, raw interrupts, in loopback.
	.include "start.inc"

	.macro	read address, size=w
	ldr	x19, =\address
	mov	x25, #0
	mov	x26, #0
	.ifc	\size, w
	ldr	w26, [x19]
	.endif
	.ifc	\size, x
	ldr	x26, [x19]
	.endif
	.ifc	\size, h
	ldrh	w26, [x19]
	.endif
	.ifc	\size, b
	ldrb	w26, [x19]
	.endif
	mov	x0, x19
	bl	puthex
	cbz	x25, 9911f
	tell	" aborts", x21
	b	9912f
9911:	tell	"", x26
9912:
	.endm

	.macro	write address, value
	ldr	x19, =\address
	ldr	w20, =\value
	str	w20, [x19]
	.endm

	.macro	state
	mov	x19, #0x09000000
	ldr	w20, [x19, #0x18]
	ldr	w21, [x19, #0x3c]
	ldr	w22, [x19, #0x40]
	orr	x20, x20, x21, lsl #16
	orr	x20, x20, x22, lsl #32
	tell	" MIS, RIS, FR", x20
	.endm

main:	stp	x29, x30, [sp, #-16]!
	.irp	a, 0, 0x07fffffc, 0x08010000, 0x09001000, 0x09011000, 0x09030000, 0x09040000, 0x09080000, 0x0a000000, 0x0a003e00
	read	\a
	.endr
	.irp	a, 0x0a004000, 0x0b000000, 0x0c000000, 0x10000000, 0x3eff0000, 0x3f000000, 0x4010008000, 0x100000000
	read	\a
	.endr
	say	"virtio\n"
	.irp	a, 0x0a000004, 0x0a000008, 0x0a00000c, 0x0a000010, 0x0a000070, 0x0a000100, 0x0a0001fc
	read	\a
	.endr
	read	0x0a000000, x
	read	0x0a000000, h
	say	"clock\n"
	.irp	a, 0x09010004, 0x09010008, 0x0901000c, 0x09010010, 0x09010014, 0x09010018, 0x0901001c, 0x09010fe0, 0x09010ffc
	read	\a
	.endr
	read	0x09010fe0, x
	say	"uart\n"
	.irp	a, 0x09000018, 0x09000020, 0x09000024, 0x0900002c, 0x09000030, 0x09000034, 0x09000038, 0x09000048, 0x09000ff4
	read	\a
	.endr
	read	0x09000fe0, x
	read	0x09000fe2, h
	read	0x09000019, b
	write	0x09000024, 0xffffffff
	read	0x09000024
	write	0x09000028, 0xffffffff
	read	0x09000028
	write	0x09000038, 0x10
	write	0x09000044, 0x7ff
	state
	write	0x09000030, 0x381		// loopback
	write	0x09000000, 'A'
	write	0x09000030, 0x301
	state
	read	0x09000000
	state
	write	0x0900002c, 0x70		// FIFO
	mov	x28, #0
1:	write	0x09000030, 0x381
	mov	x19, #0x09000000
	add	w20, w28, #'a'
	str	w20, [x19]
	write	0x09000030, 0x301
	state
	add	x28, x28, #1
	cmp	x28, #16
	b.ne	1b
	write	0x09000044, 0x10
	state
	mov	x28, #0
2:	read	0x09000000
	state
	add	x28, x28, #1
	cmp	x28, #16
	b.ne	2b
	ldp	x29, x30, [sp], #16
	ret
	.ltorg
