// The virtualization host extensions: what HCR_EL2.E2H makes of register names, the EL12 and EL02 names, the layouts of
// CNTHCTL_EL2 and CPTR_EL2; and what {E2H,TGE} = {1,1} makes of EL0: routing, traps, masks, PAN, exception return.
// EL2 runs with its MMU off from the start on, since E2H changes the layout of TCR_EL2.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"

.set GICD,	0x08000000
.set GICR,	0x080a0000
.set GICR_SGI,	GICR + 0x10000
.set HCR_E2H,	1 << 34
.set HCR_TGE,	1 << 27
.set SCTLR_HOST, 0x30500800		// RES1 while E2H is 1
.set SPAN,	1 << 23
.set nTWI,	1 << 16
.set DZE,	1 << 14
.set EL0_OPEN,	0			// EL0t, nothing masked
.set EL0_CLOSED, 0x3c0

.macro say text
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text"
	.popsection
	ldr	x0, =.Ltext\@
	bl	puts
.endm
.macro show text
	say	"\text"
	mov	x0, x19
	bl	puthex
	bl	newline
.endm
// Writes 1 by the name of EL1, 2 by that of EL12, both shifted to where the register has storage; then, with E2H = 0, prints
// what the registers of EL1 and EL2 hold there.
.macro redirected text, name, shift
	say	"\text"
	bl	host_on
	mrs	x22, \name\()_el2
	mov	x0, #1 << \shift
	msr	\name\()_el1, x0
	mov	x0, #2 << \shift
	msr	\name\()_el12, x0
	isb
	mrs	x20, \name\()_el2
	mrs	x21, \name\()_el12
	bl	host_off
	mrs	x23, \name\()_el1
	mrs	x24, \name\()_el2
	msr	\name\()_el2, x22
	isb
	ubfx	x19, x20, #\shift, #2
	show	" by el2 "
	ubfx	x19, x21, #\shift, #2
	show	"  by el12 "
	ubfx	x19, x23, #\shift, #2
	show	"  el1 "
	ubfx	x19, x24, #\shift, #2
	show	"  el2 "
.endm
// Runs EL0 of a host from a label until an exception.
.macro task text, label, spsr
	say	"\text"
	bl	newline
	adr	x0, \label
	mov	x1, #\spsr
	bl	run_task
.endm

main:	stp	x29, x30, [sp, #-16]!
	mrs	x0, sctlr_el2
	bic	x0, x0, #1
	msr	sctlr_el2, x0
	isb
	tlbi	alle2
	dsb	sy
	isb
	ldr	x0, =vectors
	msr	vbar_el2, x0
	isb

	redirected "vbar", vbar, 12
	redirected "esr", esr, 3
	redirected "far", far, 3
	redirected "elr", elr, 3
	redirected "spsr", spsr, 6
	redirected "mair", mair, 3
	redirected "ttbr0", ttbr0, 12
	redirected "afsr0", afsr0, 0

	say	"cpacr and cptr"
	bl	newline
	bl	host_on
	mov	x0, #3 << 20
	msr	cpacr_el1, x0
	mov	x0, #1 << 20
	msr	cpacr_el12, x0
	isb
	mrs	x20, cptr_el2
	bl	host_off
	mrs	x21, cpacr_el1
	ubfx	x19, x20, #20, #2
	show	"  cptr_el2.fpen "
	ubfx	x19, x21, #20, #2
	show	"  cpacr_el1.fpen "
	mov	x0, #0x33ff
	msr	cptr_el2, x0
	isb

	say	"timers"
	bl	newline
	bl	host_on
	mov	x0, #0x123
	msr	cntp_cval_el0, x0
	mov	x0, #0x456
	msr	cntp_cval_el02, x0
	mov	x0, #0x789
	msr	cntv_cval_el0, x0
	mov	x0, #0xabc
	msr	cntv_cval_el02, x0
	mov	x0, #0xc02			// EL1PTEN, EL1PCTEN, EL0VCTEN
	msr	cntkctl_el1, x0
	mov	x0, #0x301			// EL0PTEN, EL0VTEN, EL0PCTEN
	msr	cntkctl_el12, x0
	isb
	mrs	x25, cnthv_cval_el2
	mrs	x26, cnthctl_el2
	bl	host_off
	mrs	x19, cnthp_cval_el2
	show	"  cnthp_cval_el2 "
	mrs	x19, cntp_cval_el0
	show	"  cntp_cval_el0 "
	mov	x19, x25
	show	"  cnthv_cval_el2 "
	mrs	x19, cntv_cval_el0
	show	"  cntv_cval_el0 "
	and	x19, x26, #0xfff
	show	"  cnthctl_el2 "
	mrs	x19, cntkctl_el1
	and	x19, x19, #0xfff
	show	"  cntkctl_el1 "

	say	"a host and its tasks"
	bl	newline
	bl	gic_init
	bl	host_on
	ldr	x0, =HCR_BASE | HCR_E2H | HCR_TGE
	msr	hcr_el2, x0
	isb
	mov	x0, #0
	msr	cnthctl_el2, x0
	mov	x0, #3
	msr	cntkctl_el12, x0
	ldr	x0, =SCTLR_HOST | SPAN
	msr	sctlr_el2, x0
	isb
	task	"svc", task_svc, EL0_CLOSED
	task	"udf", task_udf, EL0_CLOSED
	task	"hvc", task_hvc, EL0_CLOSED
	task	"mrs cntvct_el0, CNTHCTL_EL2.EL0VCTEN 0", task_count, EL0_CLOSED
	task	"wfi, SCTLR_EL2.nTWI 0", task_wait, EL0_CLOSED
	task	"dc zva, SCTLR_EL2.DZE 0", task_zero, EL0_CLOSED
	mov	x0, #2
	msr	cnthctl_el2, x0
	ldr	x0, =SCTLR_HOST | nTWI | DZE
	msr	sctlr_el2, x0
	isb
	task	"mrs cntvct_el0, CNTHCTL_EL2.EL0VCTEN 1; SPAN 0", task_count, EL0_CLOSED
	task	"dc zva, SCTLR_EL2.DZE 1", task_zero, EL0_CLOSED
	say	"an interrupt that EL0 masks"
	bl	newline
	bl	soon
	adr	x0, task_spin
	mov	x1, #EL0_CLOSED
	bl	run_task
	say	"and one that it does not"
	bl	newline
	bl	soon
	adr	x0, task_loop
	mov	x1, #EL0_OPEN
	bl	run_task
	msr	cnthp_ctl_el2, xzr
	say	"a return to EL1 while TGE is 1"
	bl	newline
	adr	x0, task_svc
	mov	x1, #0x3c5
	bl	run_task
	ldr	x0, =SCTLR_EL2_RES1
	msr	sctlr_el2, x0
	isb

	say	"EL1 while E2H is 1 and TGE is 0"
	bl	newline
	ldr	x0, =HCR_BASE | HCR_E2H
	msr	hcr_el2, x0
	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el12, x0
	ldr	x0, =el1_vectors
	msr	vbar_el12, x0
	isb
	adr	x0, kernel
	mov	x1, #0x3c5
	bl	run_task
	bl	host_off
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

host_on:
	ldr	x0, =HCR_BASE | HCR_E2H
	b	1f
host_off:
	ldr	x0, =HCR_BASE
1:	msr	hcr_el2, x0
	isb
	tlbi	alle2
	dsb	sy
	isb
	ret

// x0 = address, x1 = SPSR; returns after the exception was reported
run_task:
	stp	x29, x30, [sp, #-16]!
	adr	x28, 1f
	msr	elr_el2, x0
	msr	spsr_el2, x1
	isb
1:	eret

// An interrupt of CNTHP in 0.05 ms
soon:	ldr	x0, =50000
	msr	cnthp_tval_el2, x0
	mov	x0, #1
	msr	cnthp_ctl_el2, x0
	isb
	ret

task_svc:
	svc	#0x21
task_udf:
	udf	#0
task_hvc:
	hvc	#0
task_count:
	mrs	x1, cntvct_el0
	svc	#0x22
task_wait:
	wfi
	svc	#0x23
task_zero:
	ldr	x1, =0x42000000
	dc	zva, x1
	svc	#0x24
task_spin:					// 0.15 ms
	mrs	x2, cntvct_el0
	ldr	x3, =150000
	add	x2, x2, x3
1:	mrs	x3, cntvct_el0
	cmp	x3, x2
	b.lo	1b
	svc	#0x25
task_loop:
	b	.
kernel:	svc	#0x26
	.ltorg

// x27 = vector offset, x26 = PSTATE.PAN; the exception ends the run of a task
taken:	mov	x19, x27
	show	"  vector "
	and	x19, x27, #0x180
	cmp	x19, #0x80
	b.eq	1f
	mrs	x19, esr_el2
	show	"  esr_el2 "
	b	2f
1:	mrs	x19, icc_iar1_el1
	msr	cnthp_ctl_el2, xzr
	isb
	msr	icc_eoir1_el1, x19
	show	"  intid "
2:	mrs	x19, spsr_el2
	ldr	x0, =0x001003df			// IL, DAIF, mode
	and	x19, x19, x0
	show	"  spsr_el2 "
	lsr	x19, x26, #22
	show	"  pan "
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// SVC of EL1 went to EL1, which asks EL2
el1_svc:
	hvc	#0x31

gic_init:
	ldr	x0, =GICD
	mov	w1, #0x12
	str	w1, [x0]
	ldr	x0, =GICR
	str	wzr, [x0, #0x14]
1:	ldr	w1, [x0, #0x14]
	tbnz	w1, #2, 1b
	ldr	x0, =GICR_SGI
	mov	w1, #-1
	str	w1, [x0, #0x80]
	mov	w1, #1 << 26
	str	w1, [x0, #0x100]
	mov	x1, #0xf
	msr	icc_sre_el2, x1
	isb
	mov	x1, #0xf0
	msr	icc_pmr_el1, x1
	mov	x1, #1
	msr	icc_igrpen1_el1, x1
	isb
	ret
	.ltorg

.macro entry offset
	.balign	128
	mrs	x26, pan
	msr	pan, #0
	mov	x27, #\offset
	b	taken
.endm
	.balign	2048
vectors:
	.rept	4
	vector
	.endr
	entry	0x200
	.rept	3
	vector
	.endr
	entry	0x400
	entry	0x480
	.rept	6
	vector
	.endr
	.balign	2048
el1_vectors:
	.rept	4
	vector
	.endr
	.balign	128
	b	el1_svc
	.rept	11
	vector
	.endr
	.balign	128

current_sync:
lower_sync:
	b	panic
	.ltorg
