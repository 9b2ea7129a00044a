// The floor of a world switch: ERET to EL1 and HVC back 2000 times, no register switched but ELR, SPSR and x0.
.set EL2_TCF, 0
.set EL2_ATA, 0
.set TRIPS,   2000
	.include "common.inc"
	.include "switch-guest.inc"

main:	stp	x29, x30, [sp, #-16]!
	bl	guest_init
	ldr	x9, =guest_context
	add	x1, x9, #C_SYS
	bl	load_el1
	ldr	x0, =HCR_GUEST
	msr	hcr_el2, x0
	ldr	x0, =guest_vttbr
	ldr	x0, [x0]
	msr	vttbr_el2, x0
	isb
	ldr	x19, =TRIPS
1:	bl	run_guest
	subs	x19, x19, #1
	b.ne	1b
	bl	guest_report
	ldp	x29, x30, [sp], #16
	ret

run_guest:
	str	x30, [sp, #-16]!
	ldr	x0, =guest_context
	ldp	x2, x3, [x0, #C_PC]
	msr	elr_el2, x2
	msr	spsr_el2, x3
	ldr	x0, [x0]
	eret

current_sync:
	b	panic
lower_sync:
	ldr	x1, =guest_context
	str	x0, [x1]
	mrs	x2, elr_el2
	mrs	x3, spsr_el2
	stp	x2, x3, [x1, #C_PC]
	ldr	x30, [sp], #16
	ret
	.ltorg
