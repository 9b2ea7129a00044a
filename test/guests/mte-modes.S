// The four checking modes at EL2: a load and a store through a pointer of the wrong tag. For each: ESR_EL2 of the fault
// (0: none), whether the data moved, and TFSR_EL2 once it is synchronised; then the unchecked cases.
.set EL2_TCF, 0
.set EL2_ATA, 1
	.include "common.inc"

main:	stp	x29, x30, [sp, #-16]!
	ldr	x19, =BUF_TAGGED + (5 << 56)	// its granule's tag
	ldr	x20, =BUF_TAGGED + (6 << 56)	// a stale pointer
	stg	x19, [x19]
	mov	x21, #0
1:	ldr	x0, =SCTLR_EL2_V
	orr	x0, x0, x21, lsl #40
	msr	sctlr_el2, x0
	isb
	adr	x23, text_load
	bl	before
	ldr	x24, [x20]
	bl	after
	adr	x23, text_store
	bl	before
	str	x22, [x20]
	bl	after
	add	x21, x21, #1
	cmp	x21, #4
	b.ne	1b

	mov	x21, #1				// sync, from here on
	ldr	x0, =SCTLR_EL2_V + (1 << 40)
	msr	sctlr_el2, x0
	isb
	adr	x23, text_match
	bl	before
	ldr	x24, [x19]
	bl	after
	adr	x23, text_tco
	bl	before
	msr	tco, #1
	str	x22, [x20]
	msr	tco, #0
	bl	after
	adr	x23, text_untagged
	bl	before
	mov	x1, #TAGGED
	sub	x0, x20, x1
	str	x22, [x0]
	bl	after
	adr	x23, text_sp
	bl	before
	mov	x25, sp
	mov	sp, x20				// [SP, #imm] is never checked
	str	x22, [sp]
	mov	sp, x25
	bl	after
	ldp	x29, x30, [sp], #16
	ret

// Data 0x1111 in the granule, x24 = 0 and x22 = 0x2222 for the access.
before:	mov	x0, #0x1111
	str	x0, [x19]
	mov	x24, #0
	mov	x22, #0x2222
	mov	x26, #0
	msr	tfsr_el2, xzr
	isb
	ret

after:	str	x30, [sp, #-16]!
	dsb	nsh
	isb
	mrs	x27, tfsr_el2
	msr	tfsr_el2, xzr
	lsl	x0, x21, #3
	adr	x1, text_modes
	add	x0, x0, x1
	bl	puts
	mov	x0, x23
	bl	puts
	mov	x0, x26
	bl	puthex
	adr	x0, text_loaded
	bl	puts
	mov	x0, x24
	bl	puthex
	adr	x0, text_memory
	bl	puts
	ldr	x0, [x19]
	bl	puthex
	adr	x0, text_tfsr
	bl	puts
	mov	x0, x27
	bl	putdec
	bl	newline
	ldr	x30, [sp], #16
	ret

current_sync:
	mrs	x26, esr_el2
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
	eret
lower_sync:
	b	panic
text_modes:
	.ascii	"none \0\0\0sync \0\0\0async \0\0asym \0\0\0"
text_load:
	.asciz	"load esr "
text_store:
	.asciz	"store esr "
text_match:
	.asciz	"matching load esr "
text_tco:
	.asciz	"store with TCO esr "
text_untagged:
	.asciz	"store by the untagged alias esr "
text_sp:
	.asciz	"store by SP esr "
text_loaded:
	.asciz	" loaded "
text_memory:
	.asciz	" memory "
text_tfsr:
	.asciz	" tfsr "
	.balign	4
	.ltorg
