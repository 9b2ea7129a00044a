// Virtual SError, IRQ and FIQ by HCR_EL2.{VSE,VI,VF}: what ISR_EL1 shows, which vector is taken at EL1 and what ESR_EL1 says,
// what ESB defers, what ends a WFI. EL1 runs with its MMU off; it asks EL2 by HVC to take a line down, or to end.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"

.set HCR_AMO,	1 << 5
.set HCR_IMO,	1 << 4
.set HCR_FMO,	1 << 3
.set HCR_VSE,	1 << 8
.set HCR_VI,	1 << 7
.set HCR_VF,	1 << 6
.set HCR_TWI,	1 << 13
.set ROUTED,	HCR_AMO | HCR_IMO | HCR_FMO
.set MASKED,	0x3c5			// EL1h, DAIF set
.set SYNDROME,	0x01001234		// VSESR_EL2: IDS and an ISS

.macro say text
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text"
	.popsection
	ldr	x0, =.Ltext\@
	bl	puts
.endm
// Prints a text and x19.
.macro show text
	say	"\text"
	mov	x0, x19
	bl	puthex
	bl	newline
.endm
// Runs EL1 or EL0 from a label until it asks for the end.
.macro guest text, label, hcr, spsr
	say	"\text"
	bl	newline
	ldr	x0, =HCR_BASE | \hcr
	adr	x1, \label
	mov	x2, #\spsr
	bl	run_guest
	mrs	x19, hcr_el2
	ubfx	x19, x19, #6, #3
	show	"  hcr_el2.vse,vi,vf "
.endm

main:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	ldr	x0, =el1_vectors
	msr	vbar_el1, x0
	msr	cntkctl_el1, xzr
	msr	mdscr_el1, xzr
	msr	cpacr_el1, xzr
	ldr	x0, =stack1_top
	msr	sp_el1, x0
	ldr	x0, =SYNDROME
	msr	vsesr_el2, x0
	msr	vdisr_el2, xzr
	msr	disr_el1, xzr
	guest	"masked at EL1, then unmasked one by one", one_by_one, ROUTED | HCR_VSE | HCR_VI | HCR_VF, MASKED
	guest	"an IRQ at EL0", at_el0, ROUTED | HCR_VI, 0
	guest	"an FIQ at EL0 that EL0 masks", at_el0, ROUTED | HCR_VF, 0x40
	guest	"nothing is routed to EL2", not_routed, HCR_VI | HCR_VF | HCR_VSE, 5
	guest	"only IRQ is routed to EL2", not_routed, HCR_IMO | HCR_VF | HCR_VSE, 5
	guest	"ESB with a masked SError", deferred, ROUTED | HCR_VSE, MASKED
	mrs	x19, vdisr_el2
	show	"  vdisr_el2 "
	mrs	x19, disr_el1
	show	"  disr_el1 at EL2 "
	guest	"ESB with an SError that is not masked", barrier, ROUTED | HCR_VSE, 0x2c5
	guest	"ESB without an SError", barrier, ROUTED, MASKED
	guest	"WFI with a masked virtual IRQ", wait, ROUTED | HCR_VI, MASKED
	guest	"WFI that is trapped", wait, ROUTED | HCR_TWI, MASKED
	guest	"WFI that would be trapped, with a masked virtual IRQ", wait, ROUTED | HCR_TWI | HCR_VI, MASKED
	guest	"pending at EL2, taken after the return", at_once, ROUTED | HCR_VI, 5
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// x0 = HCR_EL2, x1 = address, x2 = SPSR
run_guest:
	stp	x29, x30, [sp, #-16]!
	msr	hcr_el2, x0
	isb
	msr	elr_el2, x1
	msr	spsr_el2, x2
	eret

lower_sync:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el2
	ubfx	x1, x0, #26, #6
	cmp	x1, #1
	b.eq	trapped_wait
	cmp	x1, #0x16
	b.ne	panic
	ands	x0, x0, #0xffff
	b.eq	guest_ends
	mrs	x1, hcr_el2			// HVC #(1 << n): takes bits of HCR_EL2 down
	bic	x1, x1, x0
	msr	hcr_el2, x1
	isb
	ldp	x0, x1, [sp], #16
	eret
guest_ends:
	add	sp, sp, #16
	ldp	x29, x30, [sp], #16
	ret
trapped_wait:
	stp	x2, x3, [sp, #-16]!
	stp	x19, x30, [sp, #-16]!
	mov	x19, x0
	show	"  trapped, esr_el2 "
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
	ldp	x19, x30, [sp], #16
	ldp	x2, x3, [sp], #16
	ldp	x0, x1, [sp], #16
	eret
current_sync:
	b	panic
	.ltorg

one_by_one:
	mrs	x19, isr_el1
	show	"  isr_el1 "
	msr	daifclr, #2
	msr	daifset, #2
	msr	daifclr, #1
	msr	daifset, #1
	msr	daifclr, #4
	msr	daifset, #4
	mrs	x19, isr_el1
	show	"  isr_el1 "
	hvc	#0
at_el0:	nop
	svc	#0
not_routed:
	mrs	x19, isr_el1
	show	"  isr_el1 "
	hvc	#0
deferred:
	esb
	mrs	x19, disr_el1
	show	"  disr_el1 "
	mrs	x19, isr_el1
	show	"  isr_el1 "
	msr	daifclr, #4
	nop
	msr	daifset, #4
	msr	disr_el1, xzr
	mrs	x19, disr_el1
	show	"  disr_el1 "
	hvc	#0
barrier:
	esb
	mrs	x19, disr_el1
	show	"  disr_el1 "
	hvc	#0
wait:	wfi
	mrs	x19, isr_el1
	show	"  awake, isr_el1 "
	hvc	#0
at_once:
	hvc	#0
	.ltorg

// x0 = offset of the vector; x0 and x1 are on the stack
el1_taken:
	stp	x2, x3, [sp, #-16]!
	stp	x4, x5, [sp, #-16]!
	stp	x19, x30, [sp, #-16]!
	mov	x19, x0
	show	"  EL1 vector "
	and	x0, x19, #0x180
	cmp	x0, #0x80
	b.eq	1f
	cmp	x0, #0x100
	b.eq	2f
	mrs	x19, esr_el1
	show	"  esr_el1 "
	mrs	x0, esr_el1
	ubfx	x0, x0, #26, #6
	cmp	x0, #0x15
	b.ne	3f
	hvc	#0
1:	hvc	#HCR_VI
	b	3f
2:	hvc	#HCR_VF
3:	ldp	x19, x30, [sp], #16
	ldp	x4, x5, [sp], #16
	ldp	x2, x3, [sp], #16
	ldp	x0, x1, [sp], #16
	eret
	.ltorg

.macro entry offset
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mov	x0, #\offset
	b	el1_taken
.endm
	.balign	2048
el1_vectors:
	entry	0x000
	entry	0x080
	entry	0x100
	entry	0x180
	entry	0x200
	entry	0x280
	entry	0x300
	entry	0x380
	entry	0x400
	entry	0x480
	entry	0x500
	entry	0x580
	entry	0x600
	entry	0x680
	entry	0x700
	entry	0x780
	.balign	128
