// Hardware management of access flag and dirty state (FEAT_HAFDBS) by EL2's own accesses; each line is a descriptor's
// bits 11:0 and DBM, or a syndrome.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "translate.inc"

.set WINDOW,   0xc0000000
.set DBM,      1 << 51
.set NOT_YET,  0x42000000 | (PAGE_BITS & ~(1 << 10)) | NORMAL_BITS
.set CLEAN,    NOT_YET | READ_ONLY | DBM
.set TCR_HA,   TCR_EL2_V | (1 << 21)
.set TCR_HD,   TCR_HA | (1 << 22)

.macro fresh value
	put	level3, 0, \value
	dsb	sy
	tlbi	alle2
	dsb	sy
	isb
	ldr	x19, =WINDOW
.endm
.macro entry text
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text "
	.popsection
	dsb	sy
	ldr	x0, =.Ltext\@
	bl	puts
	ldr	x0, =level3
	ldr	x0, [x0]
	bl	puthex
	bl	newline
.endm

main:	stp	x29, x30, [sp, #-16]!
	link	el2_table, 3, level2
	link	level2, 0, level3
	fresh	NOT_YET
	ldr	x1, [x19]
	entry	"HA 0, read"
	control	tcr_el2, TCR_HA
	fresh	NOT_YET
	ldr	x1, [x19]
	entry	"HA, read"
	fresh	NOT_YET
	str	x1, [x19]
	entry	"HA, write"
	fresh	NOT_YET | READ_ONLY
	str	x1, [x19]
	entry	"HA, write to a read-only page"
	fresh	CLEAN
	str	x1, [x19]
	entry	"HA without HD, write to a clean page"
	control	tcr_el2, TCR_HD
	fresh	CLEAN
	ldr	x1, [x19]
	entry	"HD, read of a clean page"
	str	x1, [x19]
	entry	"HD, then a write"
	fresh	CLEAN
	ldadd	x1, x2, [x19]
	entry	"HD, atomic"
	fresh	CLEAN
	dc	zva, x19
	entry	"HD, DC ZVA"
	fresh	CLEAN
	prfm	pldl1keep, [x19]
	ldxr	x1, [x19]
	entry	"HD, LDXR"
	stxr	w2, x1, [x19]
	entry	"HD, STXR"
	fresh	CLEAN & ~DBM
	str	x1, [x19]
	entry	"HD, write to a page without DBM"
	control	tcr_el2, TCR_EL2_V
	isb
	ldp	x29, x30, [sp], #16
	ret

// Prints ESR_EL2 and goes on behind the instruction.
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
	bl	newline
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
	ldp	x2, x3, [sp, #16]
	ldp	x4, x5, [sp, #32]
	ldp	x6, x7, [sp, #48]
	ldp	x29, x30, [sp, #64]
	ldp	x0, x1, [sp], #96
	eret
text_esr:
	.asciz	"abort, esr "
	.balign	4
lower_sync:
	b	panic

	.ltorg
	.bss
	.balign	4096
level2:	.space	4096
level3:	.space	4096
	.text
