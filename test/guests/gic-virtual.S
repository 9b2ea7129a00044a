// A hypervisor at EL2 gives interrupts to a guest at EL1 through list registers. The program runs straight through and
// changes its Exception level on the way: `to_el1` and `to_el2`. Both have the same addresses; MMU and stage 2 of EL1 are off.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "gic.inc"

.set A,           40			// a physical SPI
.set A_BIT,       1 << (A - 32)
.set MAINTENANCE, 25
.set HCR_GUEST,   HCR_BASE | HCR_IMO | HCR_FMO
.set VMCR_OPEN,   (0xf8 << 24) | (2 << 21) | (3 << 18) | 3	// both groups on, nothing masked
.set VEOIM,       1 << 9
.set VCBPR,       1 << 4

// ICH_HCR_EL2
.set EN,       1 << 0
.set UIE,      1 << 1
.set LRENPIE,  1 << 2
.set NPIE,     1 << 3
.set VGRP0EIE, 1 << 4
.set VGRP1EIE, 1 << 6
.set VGRP1DIE, 1 << 7
.set TC,       1 << 10
.set TALL0,    1 << 11
.set TALL1,    1 << 12
.set TDIR,     1 << 14

// A list register: Group 1 unless GROUP0 is added
.set PENDING,  1 << 62
.set ACTIVE,   1 << 63
.set BOTH,     3 << 62
.set GROUP1,   1 << 60
.set HW,       1 << 61
.set EOI,      1 << 41

.macro to_el1
	adr	x1, .Lel1\@
	msr	elr_el2, x1
	mov	x1, #0x3c5
	msr	spsr_el2, x1
	eret
.Lel1\@:
.endm
.macro to_el2
	hvc	#1
.endm
.macro list n, to, priority
	ldr	x0, =(\to) | (\priority << 48)
	msr	ich_lr\n\()_el2, x0
.endm
.macro maintenance_state
	system	ich_misr_el2
	system	ich_eisr_el2
	system	ich_elrsr_el2
.endm

main:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =HCR_GUEST
	msr	hcr_el2, x0
	ldr	x0, =vectors
	msr	vbar_el2, x0
	ldr	x0, =guest_vectors
	msr	vbar_el1, x0
	ldr	x0, =SCTLR_EL1_RES1
	msr	sctlr_el1, x0
	ldr	x0, =stack1_top
	msr	sp_el1, x0
	isb
	bl	registers
	mov	x0, #0
	bl	gic_init
	set_system icc_ctlr_el1, 2		// EL2 splits its ends, so that the guest's ends deactivate
	write	GICR_SGI + ISENABLER, 1 << MAINTENANCE
	bl	life
	bl	order
	bl	groups
	bl	ends
	bl	view
	bl	taken
	bl	maintenance
	bl	linked
	bl	traps
	bl	direct
	ldp	x29, x30, [sp], #16
	ret

// At EL2: nothing in the list registers, an open interface, ICH_HCR_EL2 = x0
fresh:	msr	ich_lr0_el2, xzr
	msr	ich_lr1_el2, xzr
	msr	ich_lr2_el2, xzr
	msr	ich_lr3_el2, xzr
	msr	ich_ap0r0_el2, xzr
	msr	ich_ap1r0_el2, xzr
	ldr	x1, =VMCR_OPEN
	msr	ich_vmcr_el2, x1
	msr	ich_hcr_el2, x0
	isb
	ret
.macro fresh hcr=EN
	ldr	x0, =\hcr
	bl	fresh
.endm

// At EL1: acknowledges, prints INTID and running priority
acknowledge:
	mov	x6, x30
	mov	x5, x7
	mrs	x0, icc_iar1_el1
	mov	x8, x6
	bl	put
	mrs	x0, icc_rpr_el1
	bl	put
	ret	x8

registers:
	stp	x29, x30, [sp, #-16]!
	line	"vtr, hcr, vmcr, misr, eisr, elrsr:"
	system	ich_vtr_el2
	system	ich_hcr_el2
	system	ich_vmcr_el2
	maintenance_state
	bl	newline
	line	"written: vmcr, hcr, lr, ap0r0, ap1r0:"
	set_system ich_vmcr_el2, 0xf8fc0213
	system	ich_vmcr_el2
	set_system ich_vmcr_el2, 0
	system	ich_vmcr_el2
	set_system ich_hcr_el2, 0xfffffffff80000ff
	system	ich_hcr_el2
	set_system ich_hcr_el2, 0
	ldr	x0, =BOTH | HW | GROUP1 | (0xff << 48) | (0x3ff << 32) | 0x12345
	msr	ich_lr3_el2, x0
	system	ich_lr3_el2
	set_system ich_ap0r0_el2, 0x80000001
	system	ich_ap0r0_el2
	system	ich_ap1r0_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

life:	stp	x29, x30, [sp, #-16]!
	fresh
	list	0, PENDING | GROUP1 | 72, 0x80
	line	"pending, as EL1 sees it:"
	to_el1
	system	icc_hppir1_el1
	system	icc_hppir0_el1
	system	isr_el1
	system	icc_rpr_el1
	bl	newline
	line	"acknowledged:"
	bl	acknowledge
	system	icc_ap1r0_el1
	system	isr_el1
	bl	acknowledge
	bl	newline
	to_el2
	line	"as EL2 sees it:"
	system	ich_lr0_el2
	system	ich_ap1r0_el2
	system	icc_rpr_el1
	system	icc_ap1r0_el1
	maintenance_state
	bl	newline
	to_el1
	set_system icc_eoir1_el1, 72
	line	"ended:"
	system	icc_rpr_el1
	to_el2
	system	ich_lr0_el2
	system	ich_hcr_el2
	maintenance_state
	bl	newline
	line	"pending and active:"
	list	0, BOTH | GROUP1 | 72, 0x80
	set_system ich_ap1r0_el2, 1 << 16
	to_el1
	bl	acknowledge
	set_system icc_eoir1_el1, 72
	bl	acknowledge
	set_system icc_eoir1_el1, 72
	bl	acknowledge
	to_el2
	bl	newline
	line	"the interface off:"
	fresh	0
	list	0, PENDING | GROUP1 | 72, 0x80
	to_el1
	system	isr_el1
	bl	acknowledge
	to_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

order:	stp	x29, x30, [sp, #-16]!
	fresh
	line	"by priority, then by list register:"
	list	0, PENDING | GROUP1 | 90, 0x80
	list	1, PENDING | GROUP1 | 70, 0x80
	list	2, PENDING | GROUP1 | 80, 0x20
	to_el1
	bl	acknowledge
	set_system icc_eoir1_el1, 80
	bl	acknowledge
	set_system icc_eoir1_el1, 90
	bl	acknowledge
	set_system icc_eoir1_el1, 70
	bl	acknowledge
	to_el2
	bl	newline
	line	"preemption:"
	fresh
	list	0, PENDING | GROUP1 | 70, 0x70
	to_el1
	bl	acknowledge
	to_el2
	list	1, PENDING | GROUP1 | 71, 0x60
	to_el1
	set_system icc_bpr1_el1, 5
	bl	acknowledge			// the same group priority
	set_system icc_bpr1_el1, 4
	bl	acknowledge
	system	icc_ap1r0_el1
	set_system icc_eoir1_el1, 71
	system	icc_rpr_el1
	set_system icc_eoir1_el1, 70
	system	icc_rpr_el1
	to_el2
	bl	newline
	line	"masked:"
	fresh
	list	0, PENDING | GROUP1 | 70, 0x70
	to_el1
	set_system icc_pmr_el1, 0x70
	system	icc_hppir1_el1
	system	isr_el1
	bl	acknowledge
	set_system icc_pmr_el1, 0xff
	system	icc_pmr_el1
	bl	acknowledge
	to_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

groups:	stp	x29, x30, [sp, #-16]!
	fresh
	line	"group 0 more urgent:"
	list	0, PENDING | GROUP1 | 70, 0x80
	list	1, PENDING | 71, 0x40
	to_el1
	system	isr_el1
	system	icc_hppir1_el1
	bl	acknowledge
	system	icc_iar0_el1
	system	icc_ap0r0_el1
	set_system icc_eoir0_el1, 71
	bl	acknowledge
	set_system icc_eoir1_el1, 70
	to_el2
	system	ich_lr0_el2
	system	ich_lr1_el2
	bl	newline
	line	"group enables:"
	fresh
	list	0, PENDING | GROUP1 | 70, 0x80
	list	1, PENDING | 71, 0x40
	to_el1
	set_system icc_igrpen0_el1, 0
	system	isr_el1
	set_system icc_igrpen1_el1, 0
	system	isr_el1
	set_system icc_igrpen0_el1, 1
	system	isr_el1
	to_el2
	system	ich_vmcr_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

ends:	stp	x29, x30, [sp, #-16]!
	fresh
	line	"drop and deactivation split:"
	list	0, PENDING | GROUP1 | 70, 0x80
	to_el1
	set_system icc_ctlr_el1, 2
	bl	acknowledge
	set_system icc_eoir1_el1, 70
	system	icc_rpr_el1
	to_el2
	system	ich_lr0_el2
	to_el1
	set_system icc_dir_el1, 70
	to_el2
	system	ich_lr0_el2
	system	ich_hcr_el2
	bl	newline
	line	"ends that name nothing:"
	fresh
	list	0, PENDING | GROUP1 | 70, 0x80
	to_el1
	bl	acknowledge
	set_system icc_eoir1_el1, 1023
	system	icc_rpr_el1
	set_system icc_dir_el1, 70
	set_system icc_eoir1_el1, 99
	system	icc_rpr_el1
	set_system icc_eoir1_el1, 99		// nothing active any more: not counted
	to_el2
	system	ich_lr0_el2
	system	ich_hcr_el2
	bl	newline
	line	"counted by dir:"
	fresh
	to_el1
	set_system icc_dir_el1, 99
	set_system icc_ctlr_el1, 2
	set_system icc_dir_el1, 99
	set_system icc_dir_el1, 98
	set_system icc_dir_el1, 1021
	to_el2
	system	ich_hcr_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

view:	stp	x29, x30, [sp, #-16]!
	fresh
	line	"EL1 writes, EL2 reads:"
	to_el1
	set_system icc_pmr_el1, 0xa8
	set_system icc_bpr0_el1, 4
	set_system icc_bpr1_el1, 6
	set_system icc_ctlr_el1, 3
	set_system icc_igrpen0_el1, 0
	set_system icc_ap1r0_el1, 0x1000
	system	icc_bpr1_el1
	set_system icc_bpr1_el1, 7		// ignored: common
	to_el2
	system	ich_vmcr_el2
	system	ich_ap1r0_el2
	system	icc_pmr_el1
	system	icc_ctlr_el1
	system	icc_igrpen0_el1
	bl	newline
	line	"EL2 writes, EL1 reads:"
	set_system ich_vmcr_el2, (0x50 << 24) | (3 << 21) | (4 << 18) | VEOIM | 1
	set_system ich_ap1r0_el2, 0x400
	to_el1
	system	icc_pmr_el1
	system	icc_bpr0_el1
	system	icc_bpr1_el1
	system	icc_ctlr_el1
	system	icc_igrpen0_el1
	system	icc_igrpen1_el1
	system	icc_rpr_el1
	system	icc_sre_el1
	to_el2
	bl	newline
	line	"group 1 virtual only:"
	fresh
	ldr	x0, =HCR_BASE | HCR_IMO
	msr	hcr_el2, x0
	to_el1
	set_system icc_igrpen1_el1, 0
	system	icc_igrpen0_el1
	set_system icc_igrpen0_el1, 0
	to_el2
	system	ich_vmcr_el2
	system	icc_igrpen0_el1
	system	icc_igrpen1_el1
	set_system icc_igrpen0_el1, 1
	ldr	x0, =HCR_GUEST
	msr	hcr_el2, x0
	isb
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Virtual interrupts as exceptions at EL1
taken:	stp	x29, x30, [sp, #-16]!
	fresh
	line	"masked by PSTATE, then taken:"
	list	0, PENDING | GROUP1 | 72, 0x80
	to_el1
	nop
	bl	read_journal
	msr	daifclr, #3
	bl	wait_journal
	msr	daifset, #3
	to_el2
	system	ich_lr0_el2
	bl	newline
	line	"two, one of each group:"
	list	0, PENDING | GROUP1 | 72, 0x80
	list	1, PENDING | 73, 0x40
	to_el1
	msr	daifclr, #3
1:	ldr	x0, =journal
	ldr	x0, [x0]
	cmp	x0, #2
	b.ne	1b
	bl	read_journal
	msr	daifset, #3
	to_el2
	bl	newline
	line	"wfi woken by a virtual interrupt:"
	list	0, PENDING | GROUP1 | 72, 0x80
	to_el1
	wfi
	bl	acknowledge
	set_system icc_eoir1_el1, 72
	to_el2
	bl	newline
	line	"HCR_EL2.VI without a list register:"
	ldr	x0, =HCR_GUEST | (1 << 7)
	msr	hcr_el2, x0
	isb
	to_el1
	system	isr_el1
	bl	acknowledge
	to_el2
	ldr	x0, =HCR_GUEST
	msr	hcr_el2, x0
	isb
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// The maintenance interrupt comes to EL2 while EL1 runs. Its handler notes MISR, EISR and ELRSR, and turns the causes off.
maintenance:
	stp	x29, x30, [sp, #-16]!
	line	"end that asks for it:"
	fresh
	list	0, PENDING | GROUP1 | EOI | 72, 0x80
	list	1, ACTIVE | GROUP1 | EOI | 73, 0x90
	to_el1
	bl	acknowledge
	set_system icc_eoir1_el1, 72
	bl	wait_journal
	to_el2
	system	ich_lr0_el2
	maintenance_state
	bl	newline
	line	"no maintenance with HW:"
	fresh
	list	0, HW | EOI | 72, 0x80
	maintenance_state
	bl	newline
	line	"underflow:"
	fresh
	list	0, PENDING | GROUP1 | 72, 0x80
	list	3, PENDING | GROUP1 | 73, 0x90
	set_system ich_hcr_el2, EN | UIE
	maintenance_state
	to_el1
	bl	acknowledge
	set_system icc_eoir1_el1, 72
	bl	wait_journal
	to_el2
	bl	newline
	line	"none pending:"
	fresh
	list	0, PENDING | GROUP1 | 72, 0x80
	set_system ich_hcr_el2, EN | NPIE
	to_el1
	bl	acknowledge
	bl	wait_journal
	to_el2
	bl	newline
	line	"an end without a list register:"
	fresh
	list	0, PENDING | GROUP1 | 72, 0x80
	set_system ich_hcr_el2, EN | LRENPIE
	to_el1
	bl	acknowledge
	set_system icc_eoir1_el1, 99
	bl	wait_journal
	to_el2
	bl	newline
	line	"group 1 disabled, enabled:"
	fresh	EN | VGRP1DIE
	to_el1
	set_system icc_igrpen1_el1, 0
	bl	wait_journal
	to_el2
	set_system ich_hcr_el2, EN | VGRP1EIE
	to_el1
	set_system icc_igrpen1_el1, 1
	bl	wait_journal
	to_el2
	bl	newline
	line	"group 0 enabled, read only:"
	fresh	VGRP0EIE
	maintenance_state
	word	GICR_SGI + ISPENDR
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// A physical SPI goes to EL2, which gives it to EL1 with HW = 1.
linked:	stp	x29, x30, [sp, #-16]!
	line	"physical to virtual:"
	fresh
	ldr	x0, =link
	mov	x1, #1
	str	x1, [x0]
	to_el1
	msr	daifclr, #3
	pend_spi A
	bl	wait_journal2			// EL2's entry, then EL1's
	msr	daifset, #3
	spi_states				// EL1 has ended it
	to_el2
	system	ich_lr0_el2
	system	icc_rpr_el1
	bl	newline
	line	"active until EL1 ends it:"
	to_el1
	pend_spi A
	pend_spi A
	spi_states
	bl	read_journal
	bl	acknowledge
	spi_states
	to_el2
	ldr	x0, =link
	str	xzr, [x0]
	write	GICD + ICPENDR + 4, A_BIT
	to_el1
	set_system icc_eoir1_el1, 72
	spi_states
	to_el2
	system	ich_lr0_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Traps: each prints ESR_EL2 and goes on behind the instruction
traps:	stp	x29, x30, [sp, #-16]!
	line	"without ich_hcr: sgi1r, sgi0r, asgi1r:"
	fresh
	to_el1
	msr	icc_sgi1r_el1, xzr
	msr	icc_sgi0r_el1, xzr
	msr	icc_asgi1r_el1, xzr
	mrs	x0, icc_pmr_el1
	mrs	x0, icc_igrpen1_el1
	msr	icc_dir_el1, xzr
	to_el2
	bl	newline
	line	"tc:"
	fresh	EN | TC
	to_el1
	mrs	x0, icc_pmr_el1
	msr	icc_pmr_el1, x0
	mrs	x0, icc_rpr_el1
	mrs	x0, icc_ctlr_el1
	msr	icc_dir_el1, xzr
	msr	icc_sgi1r_el1, xzr
	mrs	x0, icc_iar1_el1
	to_el2
	bl	newline
	line	"tall0:"
	fresh	EN | TALL0
	to_el1
	mrs	x0, icc_iar0_el1
	mrs	x0, icc_hppir0_el1
	mrs	x0, icc_bpr0_el1
	mrs	x0, icc_ap0r0_el1
	mrs	x0, icc_igrpen0_el1
	msr	icc_eoir0_el1, x0
	mrs	x0, icc_iar1_el1
	mrs	x0, icc_pmr_el1
	to_el2
	bl	newline
	line	"tall1:"
	fresh	EN | TALL1
	to_el1
	mrs	x0, icc_iar1_el1
	mrs	x0, icc_hppir1_el1
	mrs	x0, icc_bpr1_el1
	mrs	x0, icc_ap1r0_el1
	mrs	x0, icc_igrpen1_el1
	msr	icc_eoir1_el1, x0
	mrs	x0, icc_iar0_el1
	mrs	x0, icc_ctlr_el1
	to_el2
	bl	newline
	line	"tdir:"
	fresh	EN | TDIR
	to_el1
	msr	icc_dir_el1, xzr
	mrs	x0, icc_rpr_el1
	to_el2
	bl	newline
	line	"undefined at EL1: ich_hcr, ich_lr0, icc_sre_el2, read of eoir1, write of iar1:"
	fresh
	to_el1
	mrs	x0, ich_hcr_el2
	mrs	x0, ich_lr0_el2
	mrs	x0, icc_sre_el2
	mrs	x0, S3_0_C12_C12_1
	msr	S3_0_C12_C12_0, x0
	to_el2
	mrs	x0, S3_0_C12_C8_5		// ICC_AP0R1_EL1
	mrs	x0, S3_4_C12_C12_4		// ICH_LR4_EL2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Without IMO and FMO EL1 has the physical interface, and the interrupts go to EL1.
direct:	stp	x29, x30, [sp, #-16]!
	line	"EL1 on the physical interface:"
	fresh
	list	0, PENDING | GROUP1 | 72, 0x20
	ldr	x0, =HCR_BASE
	msr	hcr_el2, x0
	isb
	to_el1
	pend_spi A
	system	isr_el1
	system	icc_hppir1_el1
	set_system icc_ctlr_el1, 0
	msr	daifclr, #3
	bl	wait_journal
	msr	daifset, #3
	spi_states
	to_el2
	system	ich_lr0_el2
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Waits for one entry (or two), prints the entries and empties the journal; read_journal does not wait. Uses x9-x11.
wait_journal2:
	mov	x0, #2
	b	1f
wait_journal:
	mov	x0, #1
1:	ldr	x9, =journal
2:	ldr	x1, [x9]
	cmp	x1, x0
	b.lo	2b
read_journal:
	mov	x11, x30
	ldr	x9, =journal
	ldr	x10, [x9]
	str	xzr, [x9], #8
3:	cbz	x10, 4f
	ldr	x0, [x9], #8
	bl	put
	sub	x10, x10, #1
	b	3b
4:	ret	x11

// x0 = an entry. Uses x1, x2.
note:	ldr	x2, =journal
	ldr	x1, [x2]
	add	x1, x1, #1
	str	x0, [x2, x1, lsl #3]
	str	x1, [x2]
	ret
	.ltorg

.macro save
	stp	x0, x1, [sp, #-64]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x7, x30, [sp, #48]
.endm
.macro restore
	ldp	x7, x30, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #64
.endm

// hvc #1: goes on at EL2. Anything else is printed and skipped.
lower_sync:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el2
	ldr	x1, =0x5a000001
	cmp	x0, x1
	b.ne	1f
	mrs	x1, elr_el2
	mov	x7, x1
	ldp	x0, x1, [sp], #16
	br	x7
1:	ldp	x0, x1, [sp], #16
	b	skip
current_sync:
skip:	save
	mrs	x0, esr_el2
	bl	put
	mrs	x0, elr_el2
	add	x0, x0, #4
	msr	elr_el2, x0
	restore
	eret

// An IRQ that goes to EL2: 0x10000 and INTID; of the maintenance interrupt MISR, EISR and ELRSR in digits above.
lower_irq:
	save
	mrs	x3, icc_iar1_el1
	orr	x0, x3, #0x10000
	cmp	x3, #MAINTENANCE
	b.ne	1f
	mrs	x1, ich_misr_el2
	orr	x0, x0, x1, lsl #20
	mrs	x1, ich_eisr_el2
	orr	x0, x0, x1, lsl #28
	mrs	x1, ich_elrsr_el2
	orr	x0, x0, x1, lsl #32
	bl	note
	mov	x1, #EN
	msr	ich_hcr_el2, x1
	mrs	x1, ich_eisr_el2
	tbz	x1, #0, 2f
	msr	ich_lr0_el2, xzr
2:	isb
	msr	icc_eoir1_el1, x3
	msr	icc_dir_el1, x3
	b	3f
1:	bl	note
	ldr	x1, =link
	ldr	x1, [x1]
	cbz	x1, 2b
	ldr	x1, =PENDING | HW | GROUP1 | (0x80 << 48) | (A << 32) | 72
	msr	ich_lr0_el2, x1
	msr	icc_eoir1_el1, x3		// a priority drop only
3:	isb
	restore
	eret
	.ltorg

// At EL1
guest_irq:
	save
	mrs	x3, icc_iar1_el1
	mov	x0, x3
	bl	note
	msr	icc_eoir1_el1, x3
	isb
	restore
	eret
guest_fiq:
	save
	mrs	x3, icc_iar0_el1
	orr	x0, x3, #0x1000
	bl	note
	msr	icc_eoir0_el1, x3
	isb
	restore
	eret
// An UNDEFINED instruction of EL1
guest_sync:
	save
	mrs	x0, esr_el1
	bl	put
	mrs	x0, elr_el1
	add	x0, x0, #4
	msr	elr_el1, x0
	restore
	eret

	.balign	2048
vectors:
	.rept	4
	vector
	.endr
	vector	current_sync
	.rept	3
	vector
	.endr
	vector	lower_sync
	vector	lower_irq
	.rept	6
	vector
	.endr
	.balign	2048
guest_vectors:
	.rept	4
	vector	guest_bad
	.endr
	vector	guest_sync
	vector	guest_irq
	vector	guest_fiq
	.rept	9
	vector	guest_bad
	.endr
	.balign	128
guest_bad:
	hvc	#0xbad

	.data
	.balign	64
link:	.quad	0
	.balign	512
journal:
	.space	512
	.text
