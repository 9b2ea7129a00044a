// World switch EL2 <-> EL1 with the whole EL1 state and MTE, E2H = 0: 2000 round trips, then the guest's own count and
// what its RGSR_EL1 and GCR_EL1 are.
.set EL2_TCF, 0
.set EL2_ATA, 0
.set TRIPS,   2000
	.include "common.inc"
	.include "switch-guest.inc"

main:	stp	x29, x30, [sp, #-16]!
	bl	guest_init
	ldr	x19, =TRIPS
1:	bl	run_guest
	subs	x19, x19, #1
	b.ne	1b
	bl	guest_report
	ldr	x19, =guest_context
	adr	x0, text_pair
	bl	puts
	ldr	x0, [x19, #(C_SYS + 176)]
	bl	puthex
	mov	w0, #' '
	bl	putc
	ldr	x0, [x19, #(C_SYS + 184)]
	bl	puthex
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
text_pair:
	.asciz	"rgsr gcr "
	.balign	4

run_guest:
	ldr	x0, =host_context
	stp	x19, x20, [x0, #(C_X + 19 * 8)]
	stp	x21, x22, [x0, #(C_X + 21 * 8)]
	stp	x23, x24, [x0, #(C_X + 23 * 8)]
	stp	x25, x26, [x0, #(C_X + 25 * 8)]
	stp	x27, x28, [x0, #(C_X + 27 * 8)]
	stp	x29, x30, [x0, #(C_X + 29 * 8)]
	add	x1, x0, #C_SYS
	bl	save_el1
	ldr	x0, =HCR_GUEST
	msr	hcr_el2, x0
	ldr	x1, =guest_vttbr
	ldr	x1, [x1]
	msr	vttbr_el2, x1
	isb
	ldr	x0, =guest_context
	add	x1, x0, #C_SYS
	bl	load_el1
	ldp	x2, x3, [x0, #C_PC]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldp	x2, x3, [x0, #16]
	ldp	x4, x5, [x0, #32]
	ldp	x6, x7, [x0, #48]
	ldp	x8, x9, [x0, #64]
	ldp	x10, x11, [x0, #80]
	ldp	x12, x13, [x0, #96]
	ldp	x14, x15, [x0, #112]
	ldp	x16, x17, [x0, #128]
	ldp	x18, x19, [x0, #144]
	ldp	x20, x21, [x0, #160]
	ldp	x22, x23, [x0, #176]
	ldp	x24, x25, [x0, #192]
	ldp	x26, x27, [x0, #208]
	ldp	x28, x29, [x0, #224]
	ldr	x30, [x0, #240]
	ldp	x0, x1, [x0]
	eret

current_sync:
	b	panic
lower_sync:
	stp	x0, x1, [sp, #-16]!
	ldr	x0, =guest_context
	stp	x2, x3, [x0, #16]
	stp	x4, x5, [x0, #32]
	stp	x6, x7, [x0, #48]
	stp	x8, x9, [x0, #64]
	stp	x10, x11, [x0, #80]
	stp	x12, x13, [x0, #96]
	stp	x14, x15, [x0, #112]
	stp	x16, x17, [x0, #128]
	stp	x18, x19, [x0, #144]
	stp	x20, x21, [x0, #160]
	stp	x22, x23, [x0, #176]
	stp	x24, x25, [x0, #192]
	stp	x26, x27, [x0, #208]
	stp	x28, x29, [x0, #224]
	str	x30, [x0, #240]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x0, #C_PC]
	mrs	x4, esr_el2
	lsr	x5, x4, #26
	cmp	x5, #0x16
	b.ne	panic
	add	x1, x0, #C_SYS
	bl	save_el1
	ldr	x2, =HCR_BASE
	msr	hcr_el2, x2
	msr	vttbr_el2, xzr
	ldr	x0, =host_context
	add	x1, x0, #C_SYS
	bl	load_el1
	ldp	x19, x20, [x0, #(C_X + 19 * 8)]
	ldp	x21, x22, [x0, #(C_X + 21 * 8)]
	ldp	x23, x24, [x0, #(C_X + 23 * 8)]
	ldp	x25, x26, [x0, #(C_X + 25 * 8)]
	ldp	x27, x28, [x0, #(C_X + 27 * 8)]
	ldp	x29, x30, [x0, #(C_X + 29 * 8)]
	isb
	ret
	.ltorg
