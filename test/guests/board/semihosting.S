// Semihosting where there are no files: results and error numbers. The console's own output goes elsewhere on QEMU, so what
// is told goes by the UART. Run as a raw binary with the arguments `foo bar`.
	.include "start.inc"

	.macro	semi name, op, b0=0, b1=0, b2=0
	adrp	x28, block
	add	x28, x28, :lo12:block
	ldr	x2, =\b0
	ldr	x3, =\b1
	stp	x2, x3, [x28]
	ldr	x2, =\b2
	str	x2, [x28, #16]
	mov	x1, x28
	ldr	x0, =\op
	hlt	#0xf000
	mov	x19, x0
	tell	"\name", x19
	.endm

	.macro	errno
	mov	x0, #0x13
	mov	x1, #0
	hlt	#0xf000
	mov	x19, x0
	tell	"  errno", x19
	.endm

main:	stp	x29, x30, [sp, #-16]!
	semi	open_read, 1, tt, 0, 3
	semi	open_write, 1, tt, 4, 3
	semi	open_append, 1, tt, 8, 3
	semi	open_mode99, 1, tt, 99, 3
	errno
	semi	open_no_file, 1, nofile, 0, 6
	errno
	semi	istty_none, 9, 99
	errno
	semi	write_none, 5, 99, nofile, 6
	errno
	semi	close_none, 2, 99
	errno
	semi	command_line, 0x15, buffer, 64
	ldr	x19, =buffer
	add	x19, x19, #64
1:	ldrb	w20, [x19, #-1]!		// its end, whatever the file is called
	cbz	w20, 1b
	sub	x0, x19, #6
	bl	puts
	mov	w0, #10
	bl	putc
	semi	command_line_short, 0x15, buffer, 2
	errno
	semi	heap, 0x16, buffer
	ldr	x28, =buffer
	ldp	x19, x20, [x28]
	ldr	x21, =stack_top + 16 * 4096
	cmp	x19, x21			// behind the program, within a page
	cset	x22, hs
	add	x21, x21, #0x1000
	cmp	x19, x21
	cset	x23, ls
	tell	"  base behind the program", x22
	tell	"  and near", x23
	tell	"  limit", x20
	ldp	x19, x20, [x28, #16]
	tell	"  stack base", x19
	ldr	x19, [x28]
	sub	x20, x20, x19
	tell	"  stack limit - heap base", x20
	semi	tick_frequency, 0x31
	semi	elapsed, 0x30
	ldp	x29, x30, [sp], #16
	ret
	.ltorg
tt:	.asciz	":tt"
nofile:	.asciz	"nofile"

	.bss
	.balign	16
block:	.space	64
buffer:	.space	128
	.text
