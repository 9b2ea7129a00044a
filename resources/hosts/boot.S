// The host, at EL1 or (VHE) at EL2: its translation, its tags, its vectors. One copy runs on every PE.

.set HOST_SCTLR, SCTLR_EL1_RES1 | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I
.if HYP_VHE && CFG_RAS
.set HOST_SCTLR, HOST_SCTLR | SCTLR_IESB
.endif
// Under VHE this is SCTLR_EL2, and the policy says how entries to EL2 behave.
.if !HYP_VHE || POLICY_EL2_ITFSB
.set HOST_SCTLR, HOST_SCTLR | SCTLR_ITFSB
.endif
.if !HYP_VHE || POLICY_EL2_EIS
.set HOST_SCTLR, HOST_SCTLR | SCTLR_EIS
.endif
.if !HYP_VHE || POLICY_EL2_EOS
.set HOST_SCTLR, HOST_SCTLR | SCTLR_EOS
.endif
.if CFG_MTE >= 2
.set HOST_SCTLR, HOST_SCTLR | SCTLR_ATA | SCTLR_ATA0
.set HOST_SCTLR, HOST_SCTLR | (CFG_HOST_CHECKS << SCTLR_TCF_SHIFT) | (CFG_HOST_TCF0 << SCTLR_TCF0_SHIFT)
.endif

.if CFG_PAUTH
.set HOST_SCTLR, HOST_SCTLR | SCTLR_ENIA
.endif

// With the MMU off, x0 = PE index. Under VHE every EL1 name here is the register of EL2.
	mark	MARK_OWNER, OWNER_PAIR | OWNER_EL1 | OWNER_EL2
host_start:
	mov	x19, x0
	ldr	x0, =host_stacks
	add	x1, x19, #1
	add	x0, x0, x1, lsl #STACK_SHIFT
	mov	sp, x0
	ldr	x20, =host_pes
	add	x20, x20, x19, lsl #H_SHIFT
.if HYP_VHE
	mrs	x0, tpidr_el2
	str	x20, [x0, #PE_RECORD]
.else
	msr	tpidr_el1, x20
.endif
	ldr	x0, =host_vectors
	msr	vbar_el1, x0
	ldr	x0, =MAIR_VALUE
	msr	mair_el1, x0
	ldr	x0, =TCR_EL1_VALUE
	msr	tcr_el1, x0
	ldr	x0, =host_table
	msr	ttbr0_el1, x0
	msr	ttbr1_el1, xzr
	msr	contextidr_el1, xzr
	msr	cpacr_el1, xzr
.if !HYP_VHE
	msr	cntkctl_el1, xzr		// VHE: CNTHCTL_EL2, which is set
.endif
	dsb	sy
	tlbi	vmalle1
	dsb	sy
	isb
	host_keys_init
	ldr	x0, =HOST_SCTLR
	msr	sctlr_el1, x0
	isb
	bl	host_tags_init
	bl	host_interrupts_init

	cbnz	x19, 2f
	bl	vms_init
	ldr	x0, =host_ready
	mov	x1, #1
	stlr	x1, [x0]
	b	3f
2:	ldr	x0, =host_ready
4:	yield
	ldar	x1, [x0]
	cbz	x1, 4b
3:	bl	host_loop

	ldr	x0, =host_parked		// Release: the counters of this PE before the PE itself
	mov	x1, #1
	ldaddl	x1, x2, [x0]
	cbnz	x19, 6f
5:	yield
	ldar	x1, [x0]
	cmp	x1, #CFG_PES
	b.ne	5b
	bl	host_summary
	mov	x0, #0
	b	machine_exit
6:	ldr	x0, =PSCI_CPU_OFF
	smc	#0
7:	wfe
	b	7b
	.ltorg

.macro host_vector target=host_unexpected
	.balign	128
	b	\target
.endm

	.balign	2048
host_vectors:
	.rept	4
	host_vector
	.endr
	host_vector host_fault_el1		// synchronous, from EL1 with SP_EL1
	host_vector host_irq
	host_vector
	host_vector host_serror
.if CFG_HOST_TASK && (CFG_MTE >= 2)
	host_vector host_from_task
.else
	host_vector
.endif
	.rept	7
	host_vector
	.endr
	.balign	128

// A tag check fault is counted and its instruction skipped: every one of them is deliberate. Anything else ends the
// machine.
host_fault_el1:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el1
	lsr	x1, x0, #26
	cmp	x1, #EC_DABT_CUR
	b.ne	host_unexpected
	and	x0, x0, #0x3f
	cmp	x0, #DFSC_TAG
	b.ne	host_unexpected
	host_record x0
	ldr	x1, [x0, #H_SYNC]
	add	x1, x1, #1
	str	x1, [x0, #H_SYNC]
	mrs	x0, elr_el1
	add	x0, x0, #4
	msr	elr_el1, x0
	ldp	x0, x1, [sp], #16
	eret
	sb

host_unexpected:
	ldr	x0, =host_text_panic
	bl	console_puts
	mrs	x0, esr_el1
	bl	console_hex
	ldr	x0, =host_text_elr
	bl	console_puts
	mrs	x0, elr_el1
	bl	console_hex
	ldr	x0, =host_text_far
	bl	console_puts
	mrs	x0, far_el1
	bl	console_hex
	mov	w0, #10
	bl	console_putc
	mov	x0, #3
	b	machine_exit
	.ltorg

	.section .rodata, "a", %progbits
host_text_panic:	.asciz	"switchyard: host panic: ESR_EL1 "
host_text_elr:		.asciz	" ELR_EL1 "
host_text_far:		.asciz	" FAR_EL1 "

	.data
	.balign	4096
// The board; RAM Normal, RAM Normal Tagged, RAM Normal Tagged and accessible at EL0, RAM executable at EL0.
host_table:
	.quad	0x00000000 | PT_BLOCK | ATTR_DEVICE | PT_AF | PT_PXN | PT_UXN
	.quad	0x40000000 | PT_BLOCK | ATTR_NORMAL | PT_AF | PT_SH | PT_UXN
	.quad	0x40000000 | PT_BLOCK | ATTR_TAGGED | PT_AF | PT_SH | PT_PXN | PT_UXN
	.quad	0x40000000 | PT_BLOCK | ATTR_TAGGED | PT_AF | PT_SH | PT_EL0 | PT_PXN | PT_UXN
	.quad	0x40000000 | PT_BLOCK | ATTR_NORMAL | PT_AF | PT_SH | PT_EL0 | PT_RO | PT_PXN
	.space	4096 - 40
	.balign	64
host_ready:
	.quad	0
	.balign	64
host_parked:
	.quad	0

	.bss
	.balign	4096
host_stacks:
	.space	CFG_PES << STACK_SHIFT
	.balign	64
host_pes:
	.space	CFG_PES << H_SHIFT
	.text
