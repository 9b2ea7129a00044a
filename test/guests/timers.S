// The four timers of a PE and their interrupts by the GIC: status and line, WFI that a masked interrupt ends, the interrupt
// taken at EL2, masks, CNTVOFF_EL2; the event stream; a guest's virtual timer whose interrupt EL2 injects by a list register.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"

.set GICD,	0x08000000
.set GICR,	0x080a0000
.set GICR_SGI,	GICR + 0x10000
.set HCR_IMO,	1 << 4
.set HCR_FMO,	1 << 3
.set SOON,	20000000		// 20 ms at 1 GHz
.set PPIS,	(1 << 26) | (1 << 27) | (1 << 28) | (1 << 30)

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

// What a timer's registers say before and after it fires, and what the interrupt controller makes of it.
.macro fire text, tval, ctl
	say	"\text"
	bl	newline
	ldr	x0, =SOON
	msr	\tval, x0
	mov	x0, #1
	msr	\ctl, x0
	isb
	mrs	x19, \ctl
	show	"  ctl at first "
1:	wfi
	mrs	x19, \ctl
	tbz	x19, #2, 1b
	show	"  ctl after wfi "
	mrs	x19, isr_el1
	show	"  isr_el1 "
	mov	x0, #3
	msr	\ctl, x0
	isb
	mrs	x19, \ctl
	show	"  ctl masked "
	mrs	x19, isr_el1
	show	"  isr_el1 masked "
	mov	x0, #1
	msr	\ctl, x0
	isb
	mrs	x19, icc_iar1_el1
	show	"  intid "
	mrs	x20, isr_el1
	msr	\ctl, xzr
	isb
	msr	icc_eoir1_el1, x19
	isb
	mov	x19, x20
	show	"  isr_el1 while active "
	mrs	x19, isr_el1
	show	"  isr_el1 at the end "
	mrs	x19, icc_iar1_el1
	show	"  intid at the end "
	ldr	x0, =SOON
	msr	\tval, x0
	mov	x0, #1
	msr	\ctl, x0
	isb
	bl	wait_taken
.endm

main:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =vectors
	msr	vbar_el2, x0
	ldr	x0, =HCR_BASE | HCR_IMO
	msr	hcr_el2, x0
	isb
	bl	gic_init
	fire	"CNTHP", cnthp_tval_el2, cnthp_ctl_el2
	fire	"CNTP", cntp_tval_el0, cntp_ctl_el0
	fire	"CNTV", cntv_tval_el0, cntv_ctl_el0
	fire	"CNTHV", cnthv_tval_el2, cnthv_ctl_el2

	say	"CNTVOFF_EL2"
	bl	newline
	isb
	mrs	x0, cntpct_el0			// a virtual count of about 0
	msr	cntvoff_el2, x0
	ldr	x1, =1000000000000
	msr	cntv_cval_el0, x1
	mov	x1, #1
	msr	cntv_ctl_el0, x1
	isb
	mrs	x19, cntv_ctl_el0
	show	"  ctl, comparator ahead "
	msr	cntv_cval_el0, xzr
	isb
	mrs	x19, cntv_ctl_el0
	show	"  ctl, comparator 0 "
	mrs	x0, cntpct_el0			// a virtual count below 0, far above as an unsigned one
	ldr	x1, =1000000000000
	add	x0, x0, x1
	msr	cntvoff_el2, x0
	msr	cntv_cval_el0, x1
	isb
	mrs	x19, cntv_ctl_el0
	show	"  ctl, count wrapped "
	msr	cntv_ctl_el0, xzr
	msr	cntvoff_el2, xzr

	say	"event stream"
	bl	newline
	mov	x0, #3 + 4 + (15 << 4)		// EVNTEN, EVNTI 15: every 65 us
	msr	cnthctl_el2, x0
	isb
	mov	x20, #100
1:	wfe
	subs	x20, x20, #1
	b.ne	1b
	mov	x0, #3
	msr	cnthctl_el2, x0
	isb
	say	"  100 WFE ended"
	bl	newline
	sevl
	wfe
	sev
	wfe
	say	"  SEVL and SEV end a WFE"
	bl	newline

	say	"a guest"
	bl	newline
	mov	x0, #1
	msr	ich_hcr_el2, x0
	ldr	x0, =(0xff << 24) | 2		// VPMR, VENG1
	msr	ich_vmcr_el2, x0
	msr	cnthctl_el2, xzr
	msr	cntkctl_el1, xzr
	ldr	x0, =HCR_BASE | HCR_IMO | HCR_FMO
	msr	hcr_el2, x0
	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	ldr	x0, =el1_vectors
	msr	vbar_el1, x0
	msr	mdscr_el1, xzr
	msr	cpacr_el1, xzr
	ldr	x0, =stack1_top
	msr	sp_el1, x0
	adr	x0, guest
	msr	elr_el2, x0
	mov	x0, #0x3c5
	msr	spsr_el2, x0
	stp	x29, x30, [sp, #-16]!
	isb
	eret
guest_ended:
	ldp	x29, x30, [sp], #16
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Unmasks IRQ between waits until one was taken, and prints it.
wait_taken:
	stp	x29, x30, [sp, #-16]!
1:	wfi
	msr	daifclr, #2
	isb
	msr	daifset, #2
	ldr	x1, =taken
	ldr	x19, [x1]
	cbz	x19, 1b
	str	xzr, [x1]
	show	"  taken, intid "
	ldp	x29, x30, [sp], #16
	ret

irq_at_el2:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, icc_iar1_el1
	ldr	x1, =taken
	str	x0, [x1]
	msr	cnthp_ctl_el2, xzr
	msr	cntp_ctl_el0, xzr
	msr	cntv_ctl_el0, xzr
	msr	cnthv_ctl_el2, xzr
	isb
	msr	icc_eoir1_el1, x0
	ldp	x0, x1, [sp], #16
	eret

// The guest's timer: masked until the guest sets it anew, and its interrupt put into a list register.
irq_from_el1:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, icc_iar1_el1
	mov	x1, #3
	msr	cntv_ctl_el0, x1
	ldr	x1, =(1 << 62) | (1 << 60) | (0xa0 << 48) | 27
	msr	ich_lr0_el2, x1
	isb
	msr	icc_eoir1_el1, x0
	ldp	x0, x1, [sp], #16
	eret

lower_sync:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el2
	ubfx	x1, x0, #26, #6
	cmp	x1, #0x16
	b.eq	2f
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
2:	add	sp, sp, #16
	b	guest_ended
current_sync:
	b	panic
	.ltorg

guest:	mrs	x0, cntp_ctl_el0		// EL1PCEN and EL1PCTEN are 0
	mrs	x0, cntpct_el0
	mov	x0, #0xff
	msr	icc_pmr_el1, x0
	mov	x0, #1
	msr	icc_igrpen1_el1, x0
	ldr	x0, =SOON
	msr	cntv_tval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
1:	wfi					// masked at EL1, the physical interrupt still goes to EL2
	mrs	x19, isr_el1
	cbz	x19, 1b
	show	"  isr_el1 at EL1 "
	msr	daifclr, #2
	nop
	msr	daifset, #2
	mrs	x19, isr_el1
	show	"  isr_el1 at the end "
	mrs	x19, cntv_ctl_el0
	show	"  cntv_ctl_el0 as EL2 left it "
	hvc	#0
	.ltorg

irq_at_el1:
	stp	x0, x1, [sp, #-16]!
	stp	x2, x3, [sp, #-16]!
	stp	x19, x30, [sp, #-16]!
	mrs	x19, icc_iar1_el1
	msr	icc_eoir1_el1, x19
	show	"  virtual interrupt, intid "
	ldp	x19, x30, [sp], #16
	ldp	x2, x3, [sp], #16
	ldp	x0, x1, [sp], #16
	eret

gic_init:
	ldr	x0, =GICD
	mov	w1, #0x12			// affinity routing, Group 1
	str	w1, [x0]
	ldr	x0, =GICR
	str	wzr, [x0, #0x14]		// GICR_WAKER: awake
1:	ldr	w1, [x0, #0x14]
	tbnz	w1, #2, 1b
	ldr	x0, =GICR_SGI
	mov	w1, #-1
	str	w1, [x0, #0x80]			// GICR_IGROUPR0: Group 1
	ldr	w1, =PPIS
	str	w1, [x0, #0x100]		// GICR_ISENABLER0
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

	.balign	2048
vectors:
	.rept	4
	vector
	.endr
	vector current_sync
	vector irq_at_el2
	vector
	vector
	vector lower_sync
	vector irq_from_el1
	.rept	6
	vector
	.endr
	.balign	2048
el1_vectors:
	.rept	5
	vector el1_unexpected
	.endr
	vector irq_at_el1
	.rept	10
	vector el1_unexpected
	.endr
	.balign	128
el1_unexpected:
	hvc	#1

	.data
	.balign	8
taken:	.quad	0
	.text
