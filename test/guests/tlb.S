// TLB maintenance: each form makes a changed page of EL2 visible, and an ASID or a VMID needs none.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "translate.inc"

.set WINDOW,   0xc0000000
.set PAGE_ONE, 0x42000000
.set PAGE_TWO, 0x42001000

// Maps the window to the first page and reads, maps it to the second, maintains, and reads again.
.macro form text, op, operand
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text "
	.popsection
	put	level3, 0, PAGE_ONE | PAGE_BITS | NORMAL_BITS
	dsb	sy
	tlbi	alle2
	dsb	sy
	isb
	ldr	x19, =WINDOW
	ldr	x20, [x19]
	put	level3, 0, PAGE_TWO | PAGE_BITS | NORMAL_BITS
	dsb	sy
	\op	\operand
	dsb	sy
	isb
	ldr	x21, [x19]
	ldr	x0, =.Ltext\@
	bl	puts
	mov	x0, x20
	bl	putdec
	adr	x0, text_then
	bl	puts
	mov	x0, x21
	bl	putdec
	bl	newline
.endm

main:	stp	x29, x30, [sp, #-16]!
	link	el2_table, 3, level2
	link	level2, 0, level3
	ldr	x0, =PAGE_ONE
	mov	x1, #1
	str	x1, [x0]
	mov	x1, #2
	str	x1, [x0, #4096]
	ldr	x22, =(WINDOW >> 12)
	ldr	x23, =(WINDOW >> 12) | (1 << 46)	// range: TG 4 KiB, 2 pages
	form	"ALLE2", tlbi, alle2
	form	"ALLE2IS", tlbi, alle2is
	form	"ALLE2OS", tlbi, alle2os
	form	"VAE2", "tlbi	vae2,", x22
	form	"VAE2IS", "tlbi	vae2is,", x22
	form	"VAE2OS", "tlbi	vae2os,", x22
	form	"VALE2", "tlbi	vale2,", x22
	form	"VALE2IS", "tlbi	vale2is,", x22
	form	"VALE2OS", "tlbi	vale2os,", x22
	form	"RVAE2", "tlbi	rvae2,", x23
	form	"RVAE2IS", "tlbi	rvae2is,", x23
	form	"RVAE2OS", "tlbi	rvae2os,", x23
	form	"RVALE2", "tlbi	rvale2,", x23
	form	"RVALE2IS", "tlbi	rvale2is,", x23
	form	"RVALE2OS", "tlbi	rvale2os,", x23
	ldp	x29, x30, [sp], #16
	ret
text_then:
	.asciz	" then "
	.balign	4

current_sync:
lower_sync:
	b	panic

	.ltorg
	.bss
	.balign	4096
level2:	.space	4096
level3:	.space	4096
	.text
