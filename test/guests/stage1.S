// Accesses of EL2 to pages of each kind: what is permitted says nothing, what is not leaves its syndrome.
// Left out, as QEMU 10 permits it here: unaligned accesses to Device memory, alignment faults by DDI 0487 B2.10.2.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "translate.inc"

.set WINDOW,   0xc0000000
.set XN,       1 << 54

.macro try text, page
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text: "
	.popsection
	ldr	x0, =.Ltext\@
	bl	puts
	ldr	x19, =(WINDOW + \page * 0x1000)
.endm

main:	stp	x29, x30, [sp, #-16]!
	link	el2_table, 3, level2
	link	level2, 0, level3
	put	level3, 0, 0x42000000 | PAGE_BITS | NORMAL_BITS | XN
	put	level3, 1, 0x42001000 | PAGE_BITS | NORMAL_BITS | READ_ONLY
	put	level3, 2, 0x42002000 | PAGE_BITS
	put	level3, 3, 0x42003000 | (PAGE_BITS & ~(1 << 10))
	put	level3, 5, 0x10000000000 | PAGE_BITS
	put	level3, 6, 0x42006000 | (PAGE_BITS & ~2)
	dsb	sy
	isb
	ldr	x0, =0x42001000
	ldr	w1, ret_word
	str	w1, [x0]
	dc	cvau, x0
	dsb	sy
	ic	iallu
	dsb	sy
	isb
	try	"write", 0
	str	x1, [x19]
	bl	newline
	try	"unaligned", 0
	ldr	x1, [x19, #3]
	bl	newline
	try	"fetch, execute-never", 0
	adr	x25, 1f
	br	x19
1:	try	"write, read-only", 1
	str	x1, [x19, #0x18]
	try	"read, read-only", 1
	ldr	x1, [x19]
	bl	newline
	try	"atomic, read-only", 1
	ldadd	x1, x2, [x19]
	try	"fetch, read-only", 1
	blr	x19
	bl	newline
	try	"aligned, Device", 2
	ldr	w1, [x19, #4]
	bl	newline
	try	"no access flag", 3
	ldrb	w1, [x19, #5]
	try	"atomic, no access flag", 3
	swp	x1, x2, [x19]
	try	"fetch, no access flag", 3
	adr	x25, 1f
	br	x19
1:	try	"invalid", 4
	strb	w1, [x19, #7]
	try	"atomic, invalid", 4
	cas	x1, x2, [x19]
	try	"fetch, invalid", 4
	adr	x25, 1f
	br	x19
1:	try	"address beyond 40 bits", 5
	ldr	x1, [x19]
	try	"reserved entry of level 3", 6
	ldr	x1, [x19]
	try	"invalid at level 2", 512
	ldr	x1, [x19]
	msr	pan, #1
	try	"PAN has no effect on EL2 with E2H 0", 0
	ldr	x1, [x19]
	bl	newline
	msr	pan, #0
	ldp	x29, x30, [sp], #16
	ret
ret_word:
	ret

// Prints ESR_EL2 and FAR_EL2 and goes on behind the instruction, or at x25 after a fetch.
current_sync:
	stp	x0, x1, [sp, #-96]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x29, x30, [sp, #64]
	adr	x0, text_esr
	bl	puts
	mrs	x0, esr_el2
	bl	puthex
	adr	x0, text_far
	bl	puts
	mrs	x0, far_el2
	bl	puthex
	bl	newline
	mrs	x0, esr_el2
	lsr	x0, x0, #26
	cmp	x0, #0x21
	mrs	x0, elr_el2
	add	x0, x0, #4
	csel	x0, x25, x0, eq
	msr	elr_el2, x0
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x29, x30, [sp, #64]
	ldp	x0, x1, [sp], #96
	eret
text_esr:
	.asciz	"esr "
	.balign	4
lower_sync:
	b	panic

	.ltorg
	.bss
	.balign	4096
level2:	.space	4096
level3:	.space	4096
	.text
