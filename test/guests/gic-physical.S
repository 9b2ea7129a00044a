// Interrupts at EL2, without a guest: states, priorities, groups, ends, SGIs, and the exceptions that they cause. Run with
// -smp 2. First everything with PSTATE masking all and by reading registers, then with interrupts taken.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "gic.inc"

// A, B and C are SPIs that nothing drives.
.set A,  40
.set B,  41
.set C,  42
.set A_BIT, 1 << (A - 32)

main:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =HCR_BASE | HCR_IMO | HCR_FMO
	msr	hcr_el2, x0
	ldr	x0, =vectors
	msr	vbar_el2, x0
	isb
	bl	identification
	mov	x0, #0
	bl	gic_init
	bl	states
	bl	priorities
	bl	masks
	bl	groups
	bl	ends
	bl	inputs
	bl	software
	bl	taken
	bl	other
	ldp	x29, x30, [sp], #16
	ret

identification:
	stp	x29, x30, [sp, #-16]!
	line	"gicd ctlr, A3V No1N ITLinesNumber, ArchRev:"
	word	GICD + CTLR
	ldr	x0, =GICD
	ldr	w0, [x0, #4]
	ldr	w1, =0x0300001f
	and	w0, w0, w1
	bl	put
	word	GICD + 0xffe8
	bl	newline
	line	"gicr affinity, number, last:"
	ldr	x19, =GICR
	ldr	w0, [x19, #12]
	bl	put
	ldr	w0, [x19, #8]
	and	w0, w0, #0xfffffff0
	and	w0, w0, #0x00ffffff
	bl	put
	add	x19, x19, #GICR_STRIDE
	ldr	w0, [x19, #12]
	bl	put
	ldr	w0, [x19, #8]
	and	w0, w0, #0xfffffff0
	and	w0, w0, #0x00ffffff
	bl	put
	bl	newline
	line	"reset: waker, groups, ctlr, pmr, bpr0, bpr1, igrpen1, rpr, sre:"
	word	GICR + 0x14
	word	GICR_SGI + IGROUPR
	system	icc_ctlr_el1
	system	icc_pmr_el1
	system	icc_bpr0_el1
	system	icc_bpr1_el1
	system	icc_igrpen1_el1
	system	icc_rpr_el1
	system	icc_sre_el1
	system	icc_sre_el2
	bl	newline
	line	"written with ones: pmr, bpr0, bpr1, ctlr:"
	mov	x0, #-1
	msr	icc_pmr_el1, x0
	msr	icc_bpr0_el1, x0
	msr	icc_bpr1_el1, x0
	msr	icc_ctlr_el1, x0
	isb
	system	icc_pmr_el1
	system	icc_bpr0_el1
	system	icc_bpr1_el1
	system	icc_ctlr_el1
	bl	newline
	line	"id_aa64pfr0_el1.GIC:"
	mrs	x0, id_aa64pfr0_el1
	ubfx	x0, x0, #24, #4
	bl	put
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Acknowledges and prints INTID and running priority.
acknowledge:
	stp	x29, x30, [sp, #-16]!
	system	icc_iar1_el1
	system	icc_rpr_el1
	ldp	x29, x30, [sp], #16
	ret

states:	stp	x29, x30, [sp, #-16]!
	line	"inactive:"
	spi_states
	system	icc_hppir1_el1
	system	isr_el1
	bl	newline
	pend_spi A
	line	"pending:"
	spi_states
	system	icc_hppir1_el1
	system	isr_el1
	bl	newline
	line	"active:"
	bl	acknowledge
	system	icc_ap1r0_el1
	spi_states
	system	isr_el1
	bl	newline
	pend_spi A
	line	"active and pending:"
	spi_states
	system	icc_hppir1_el1
	bl	acknowledge
	system	isr_el1
	bl	newline
	set_system icc_eoir1_el1, A
	line	"ended, pending:"
	spi_states
	system	icc_rpr_el1
	system	isr_el1
	bl	newline
	write	GICD + ICPENDR + 4, A_BIT
	line	"cleared:"
	spi_states
	system	isr_el1
	bl	acknowledge
	bl	newline
	write	GICD + ICENABLER + 4, A_BIT
	pend_spi A
	line	"disabled:"
	spi_states
	system	icc_hppir1_el1
	bl	newline
	write	GICD + ISENABLER + 4, A_BIT
	write	GICD + ISACTIVER + 4, A_BIT
	line	"made active:"
	spi_states
	system	icc_hppir1_el1
	bl	newline
	write	GICD + ICACTIVER + 4, A_BIT
	write	GICD + ICPENDR + 4, A_BIT
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

priorities:
	stp	x29, x30, [sp, #-16]!
	priority_spi A, 0x80
	priority_spi B, 0x60
	priority_spi C, 0x40
	line	"most urgent first:"
	pend_spi A
	pend_spi C
	pend_spi B
	bl	acknowledge
	bl	acknowledge			// 1023: the others are less urgent
	set_system icc_eoir1_el1, C
	bl	acknowledge
	set_system icc_eoir1_el1, B
	bl	acknowledge
	set_system icc_eoir1_el1, A
	system	icc_rpr_el1
	bl	newline
	line	"preemption:"
	pend_spi A
	bl	acknowledge
	pend_spi B
	bl	acknowledge
	pend_spi C
	bl	acknowledge
	system	icc_ap1r0_el1
	set_system icc_eoir1_el1, C
	system	icc_rpr_el1
	set_system icc_eoir1_el1, B
	system	icc_rpr_el1
	set_system icc_eoir1_el1, A
	system	icc_rpr_el1
	bl	newline
	priority_spi A, 0x70
	priority_spi B, 0x60
	line	"same group priority:"
	set_system icc_bpr1_el1, 5		// 0x60 and 0x70 differ in the subpriority
	pend_spi A
	bl	acknowledge
	pend_spi B
	system	isr_el1
	bl	acknowledge
	set_system icc_bpr1_el1, 4
	bl	acknowledge
	set_system icc_eoir1_el1, B
	set_system icc_eoir1_el1, A
	system	icc_rpr_el1
	bl	newline
	line	"subpriority decides who is first:"
	set_system icc_bpr1_el1, 7
	pend_spi A
	pend_spi B
	bl	acknowledge
	set_system icc_eoir1_el1, B
	bl	acknowledge
	set_system icc_eoir1_el1, A
	bl	newline
	line	"cbpr:"
	set_system icc_bpr0_el1, 3
	set_system icc_ctlr_el1, 1
	system	icc_bpr1_el1
	pend_spi A
	bl	acknowledge
	pend_spi B
	bl	acknowledge
	set_system icc_eoir1_el1, B
	set_system icc_eoir1_el1, A
	set_system icc_ctlr_el1, 0
	set_system icc_bpr0_el1, 0
	set_system icc_bpr1_el1, 0
	system	icc_rpr_el1
	bl	newline
	priority_spi A, 0x80
	priority_spi B, 0x80
	priority_spi C, 0x80
	line	"equal, the lower number first:"
	pend_spi C
	pend_spi A
	pend_spi B
	set_system icc_sgi1r_el1, (5 << 24) | 1
	bl	acknowledge
	set_system icc_eoir1_el1, 5
	bl	acknowledge
	set_system icc_eoir1_el1, A
	bl	acknowledge
	set_system icc_eoir1_el1, B
	bl	acknowledge
	set_system icc_eoir1_el1, C
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

masks:	stp	x29, x30, [sp, #-16]!
	pend_spi A
	line	"pmr 0x80 and 0x88:"
	set_system icc_pmr_el1, 0x80
	system	isr_el1
	system	icc_hppir1_el1
	bl	acknowledge
	set_system icc_pmr_el1, 0x88
	system	isr_el1
	bl	acknowledge
	set_system icc_eoir1_el1, A
	set_system icc_pmr_el1, 0xff
	bl	newline
	pend_spi A
	line	"group enables, cpu and distributor:"
	set_system icc_igrpen1_el1, 0
	system	isr_el1
	bl	acknowledge
	set_system icc_igrpen1_el1, 1
	system	isr_el1
	write	GICD + CTLR, 1
	system	isr_el1
	bl	acknowledge
	write	GICD + CTLR, 3
	system	isr_el1
	bl	acknowledge
	set_system icc_eoir1_el1, A
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

groups:	stp	x29, x30, [sp, #-16]!
	write	GICD + IGROUPR + 4, ~A_BIT
	pend_spi A
	line	"group 0 alone:"
	system	isr_el1
	system	icc_hppir1_el1
	system	icc_hppir0_el1
	bl	acknowledge
	system	icc_iar0_el1
	system	icc_rpr_el1
	system	icc_ap0r0_el1
	set_system icc_eoir1_el1, A		// the wrong group: ignored
	system	icc_rpr_el1
	set_system icc_eoir0_el1, A
	system	icc_rpr_el1
	spi_states
	bl	newline
	priority_spi B, 0x40
	pend_spi A
	pend_spi B
	line	"group 1 more urgent:"
	system	isr_el1
	system	icc_iar0_el1
	bl	acknowledge
	set_system icc_eoir1_el1, B
	system	isr_el1
	system	icc_iar0_el1
	set_system icc_eoir0_el1, A
	bl	newline
	line	"group 1 preempts group 0:"
	pend_spi A
	system	icc_iar0_el1
	pend_spi B
	bl	acknowledge
	system	icc_ap0r0_el1
	system	icc_ap1r0_el1
	set_system icc_eoir0_el1, A		// group 1 is the running one
	system	icc_rpr_el1
	set_system icc_eoir1_el1, B
	set_system icc_eoir0_el1, A
	system	icc_rpr_el1
	spi_states
	bl	newline
	write	GICD + IGROUPR + 4, -1
	priority_spi B, 0x80
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

ends:	stp	x29, x30, [sp, #-16]!
	line	"eoimode 1:"
	set_system icc_ctlr_el1, 2
	pend_spi A
	bl	acknowledge
	set_system icc_eoir1_el1, A
	system	icc_rpr_el1
	spi_states
	pend_spi A
	bl	acknowledge			// still active
	pend_spi B
	bl	acknowledge			// but the priority was dropped
	set_system icc_eoir1_el1, B
	set_system icc_dir_el1, B
	set_system icc_dir_el1, A
	spi_states
	bl	acknowledge
	set_system icc_eoir1_el1, A
	set_system icc_dir_el1, 1023
	spi_states
	set_system icc_dir_el1, A
	set_system icc_ctlr_el1, 0
	bl	newline
	line	"ends that name nothing:"
	pend_spi A
	bl	acknowledge
	set_system icc_eoir1_el1, 1023
	system	icc_rpr_el1
	set_system icc_eoir1_el1, 1020
	system	icc_rpr_el1
	set_system icc_eoir1_el1, 500
	system	icc_rpr_el1
	set_system icc_eoir1_el1, A
	system	icc_rpr_el1
	set_system icc_eoir1_el1, A		// none is active
	system	icc_rpr_el1
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

inputs:	stp	x29, x30, [sp, #-16]!
	line	"configuration: sgis, ppis, spis:"
	word	GICR_SGI + ICFGR
	word	GICR_SGI + ICFGR + 4
	word	GICD + ICFGR + 8
	write	GICR_SGI + ICFGR, 0
	write	GICD + ICFGR + 8, -1
	word	GICR_SGI + ICFGR
	word	GICD + ICFGR + 8
	bl	newline
	line	"edge-triggered:"
	pend_spi A
	bl	acknowledge
	pend_spi A
	spi_states
	write	GICD + ICPENDR + 4, A_BIT
	spi_states
	set_system icc_eoir1_el1, A
	spi_states
	bl	newline
	write	GICD + ICFGR + 8, 0
	line	"bytes and words of priorities:"
	write	GICD + IPRIORITYR + 44, 0x10203040
	ldr	x19, =GICD + IPRIORITYR + 44
	ldrb	w0, [x19, #1]
	bl	put
	mov	w0, #0x50
	strb	w0, [x19, #2]
	ldr	w0, [x19]
	bl	put
	write	GICD + IPRIORITYR, -1
	word	GICD + IPRIORITYR
	bl	newline
	line	"reserved and legacy:"
	word	GICD + IGROUPR
	word	GICD + ISENABLER
	word	GICD + 0x820
	word	GICD + 0xf00
	word	GICD + 0xd04
	word	GICD + 0xe08
	word	GICD + 0x7000
	word	GICR_SGI + 0x84
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// SGIs, to this PE
software:
	stp	x29, x30, [sp, #-16]!
	line	"sgi:"
	set_system icc_sgi1r_el1, (3 << 24) | 1
	word	GICR_SGI + ISPENDR
	bl	acknowledge
	word	GICR_SGI + ISPENDR
	word	GICR_SGI + ISACTIVER
	set_system icc_sgi1r_el1, (3 << 24) | 1
	word	GICR_SGI + ISPENDR
	set_system icc_eoir1_el1, 3
	bl	acknowledge
	set_system icc_eoir1_el1, 3
	bl	acknowledge
	bl	newline
	line	"sgi of the other group, nobody, elsewhere:"
	set_system icc_sgi0r_el1, (3 << 24) | 1
	set_system icc_asgi1r_el1, (3 << 24) | 1
	set_system icc_sgi1r_el1, 3 << 24
	set_system icc_sgi1r_el1, (3 << 24) | (1 << 16) | 1
	set_system icc_sgi1r_el1, (3 << 24) | (1 << 40)	// all but this one, and the other PE is off
	word	GICR_SGI + ISPENDR
	word	GICR_SGI + GICR_STRIDE + ISPENDR
	bl	newline
	line	"sgi of group 0:"
	write	GICR_SGI + IGROUPR, ~(1 << 3)
	set_system icc_sgi1r_el1, (3 << 24) | 1
	word	GICR_SGI + ISPENDR
	set_system icc_asgi1r_el1, (3 << 24) | 1
	word	GICR_SGI + ISPENDR
	system	icc_iar0_el1
	set_system icc_eoir0_el1, 3
	set_system icc_sgi0r_el1, (3 << 24) | 1
	system	icc_iar0_el1
	set_system icc_eoir0_el1, 3
	write	GICR_SGI + IGROUPR, -1
	bl	newline
	line	"sgi by the redistributor:"
	write	GICR_SGI + ISPENDR, 1 << 9
	bl	acknowledge
	set_system icc_eoir1_el1, 9
	write	GICR_SGI + ISPENDR, 1 << 9
	write	GICR_SGI + ICPENDR, 1 << 9
	bl	acknowledge
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// Interrupts as exceptions. Each leaves its number with the kind in bit 12 and the running priority above, in `journal`.
taken:	stp	x29, x30, [sp, #-16]!
	line	"masked by PSTATE, then taken:"
	pend_spi A
	bl	read_journal
	msr	daifclr, #3
	bl	wait_journal
	msr	daifset, #3
	bl	newline
	line	"taken at once:"
	msr	daifclr, #3
	pend_spi B
	bl	wait_journal
	msr	daifset, #3
	bl	newline
	write	GICD + IGROUPR + 4, ~A_BIT
	line	"fiq:"
	pend_spi A
	msr	daifclr, #2			// I only
	nop
	bl	read_journal
	msr	daifclr, #1
	bl	wait_journal
	msr	daifset, #3
	bl	newline
	write	GICD + IGROUPR + 4, -1
	line	"nested:"
	priority_spi A, 0x80
	priority_spi B, 0x40
	ldr	x0, =nest
	mov	x1, #A
	str	x1, [x0]
	msr	daifclr, #3
	pend_spi A
1:	ldr	x0, =journal
	ldr	x0, [x0]
	cmp	x0, #2
	b.ne	1b
	msr	daifset, #3
	ldr	x0, =nest
	str	xzr, [x0]
	bl	read_journal
	priority_spi B, 0x80
	bl	newline
	line	"wfi, masked:"
	pend_spi A
	wfi
	bl	acknowledge
	set_system icc_eoir1_el1, A
	bl	newline
	line	"not to EL2 without IMO:"
	ldr	x0, =HCR_BASE
	msr	hcr_el2, x0
	isb
	pend_spi A
	msr	daifclr, #3
	nop
	bl	read_journal
	system	isr_el1
	msr	daifset, #3
	ldr	x0, =HCR_BASE | HCR_IMO | HCR_FMO
	msr	hcr_el2, x0
	isb
	bl	acknowledge
	set_system icc_eoir1_el1, A
	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

// With another PE: SGIs there and back, SPIs that are routed there.
other:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, #1
	ldr	x2, =second
	mov	x3, #0
	smc	#0
	bl	wait_second
	line	"answered by the other:"
	msr	daifclr, #3
	set_system icc_sgi1r_el1, (6 << 24) | 2
	bl	wait_journal
	set_system icc_sgi1r_el1, (7 << 24) | (1 << 40)
	bl	wait_journal
	msr	daifset, #3
	bl	newline
	line	"routed to the other:"
	write	GICD + IROUTER + A * 8, 1
	msr	daifclr, #3
	pend_spi A
	bl	wait_journal			// the answer
	msr	daifset, #3
	ldr	x0, =GICD + IROUTER + A * 8
	ldr	x0, [x0]
	bl	put
	bl	newline
	line	"routed nowhere, then here:"
	write	GICD + IROUTER + A * 8, 5
	pend_spi A
	spi_states
	system	icc_hppir1_el1
	write	GICD + IROUTER + A * 8, 0
	bl	acknowledge
	set_system icc_eoir1_el1, A
	bl	newline
	line	"the other saw:"
	ldr	x19, =journal + 512
	ldr	x20, [x19], #8
1:	cbz	x20, 2f
	ldr	x0, [x19], #8
	bl	put
	sub	x20, x20, #1
	b	1b
2:	bl	newline
	ldp	x29, x30, [sp], #16
	ret
	.ltorg

wait_second:
	ldr	x0, =ready
1:	ldar	w1, [x0]
	cbz	w1, 1b
	ret

// Waits for an entry, prints the entries and empties the journal; read_journal does not wait.
wait_journal:
	ldr	x1, =journal
1:	ldar	x0, [x1]
	cbz	x0, 1b
read_journal:
	stp	x29, x30, [sp, #-16]!
	ldr	x19, =journal
	ldr	x20, [x19]
	str	xzr, [x19], #8
1:	cbz	x20, 2f
	ldr	x0, [x19], #8
	bl	put
	sub	x20, x20, #1
	b	1b
2:	ldp	x29, x30, [sp], #16
	ret

second:	ldr	x0, =stack1_top
	mov	sp, x0
	bl	cpu_init
	ldr	x0, =HCR_BASE | HCR_IMO | HCR_FMO
	msr	hcr_el2, x0
	ldr	x0, =vectors
	msr	vbar_el2, x0
	mov	x0, #1
	bl	gic_init
	msr	daifclr, #3
	ldr	x0, =ready
	mov	w1, #1
	stlr	w1, [x0]
1:	wfi
	b	1b
	.ltorg

irq:	stp	x0, x1, [sp, #-96]!
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x30, [sp, #48]
	mrs	x0, elr_el2
	mrs	x1, spsr_el2
	stp	x0, x1, [sp, #64]
	mrs	x6, icc_iar1_el1
	mov	x0, #0
	bl	note
	mrs	x0, mpidr_el1
	tst	x0, #0xff
	b.eq	1f
	ldr	x0, =(8 << 24) | 1		// the other PE answers with SGI 8
	msr	icc_sgi1r_el1, x0
	b	2f
1:	ldr	x0, =nest
	ldr	x0, [x0]
	cmp	x0, x6
	b.ne	2f
	msr	daifclr, #3			// something more urgent comes in between
	ldr	x0, =GICD + ISPENDR + 4
	mov	w1, #1 << (B - 32)
	str	w1, [x0]
3:	ldr	x0, =journal
	ldr	x0, [x0]
	cmp	x0, #2
	b.ne	3b
	msr	daifset, #3
2:	msr	icc_eoir1_el1, x6
	isb
	ldp	x0, x1, [sp, #64]
	msr	elr_el2, x0
	msr	spsr_el2, x1
	ldp	x6, x30, [sp, #48]
	ldp	x4, x5, [sp, #32]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #96
	eret

fiq:	stp	x0, x1, [sp, #-96]!
	stp	x2, x3, [sp, #16]
	stp	x6, x30, [sp, #48]
	mrs	x6, icc_iar0_el1
	mov	x0, #1 << 12
	bl	note
	msr	icc_eoir0_el1, x6
	ldp	x6, x30, [sp, #48]
	ldp	x2, x3, [sp, #16]
	ldp	x0, x1, [sp], #96
	eret

// x6 = INTID, x0 = kind: an entry in this PE's journal
note:	orr	x0, x0, x6
	mrs	x1, icc_rpr_el1
	orr	x0, x0, x1, lsl #16
	mrs	x1, mpidr_el1
	and	x1, x1, #1
	ldr	x2, =journal
	add	x2, x2, x1, lsl #9
	ldr	x1, [x2]
	add	x1, x1, #1
	str	x0, [x2, x1, lsl #3]
	stlr	x1, [x2]
	ret
	.ltorg

current_sync:
lower_sync:
	b	panic

	.balign	2048
vectors:
	.rept	4
	vector
	.endr
	vector
	vector	irq
	vector	fiq
	.rept	9
	vector
	.endr
	.balign	128

	.data
	.balign	64
ready:	.quad	0
nest:	.quad	0
	.balign	512
journal:
	.space	1024
	.text
