// The host's task at EL0, as a VMM is: the host goes back to it after each vcpu_put. It has a mask and a check mode of its
// own; RGSR_EL1 is the PE's one stream. On the way out TFSRE0_EL1 is cleared, on the way in it is harvested.

// Each round the task draws two tags, uses them, and at every CFG_TASK_FAULTS-th round stores through a wrong one.
// Keeps x19-x30.
host_task_run:
.if CFG_HOST_TASK && (CFG_MTE >= 2)
	stp	x29, x30, [sp, #-16]!
	host_record x9
	ldr	x10, [x9, #H_TASK_ROUND]
	add	x10, x10, #1
	str	x10, [x9, #H_TASK_ROUND]
	mov	x1, #0
.if CFG_TASK_FAULTS
	ldr	x2, =CFG_TASK_FAULTS
	udiv	x3, x10, x2
	msub	x3, x3, x2, x10
	cmp	x3, #0
	cset	x1, eq
.endif
	str	x1, [x9, #H_TASK_EXPECT]
.if CFG_MTE_ASYNC && (CFG_HOST_TCF0 >= 2)
	dsb	ish				// what the kernel itself has done to the task's memory is dropped
	msr	tfsre0_el1, xzr
.endif
	ldr	x2, =CFG_TASK_EXCLUDE | (CFG_HOST_RRND << 16)
	msr	gcr_el1, x2			// the ERET is its context synchronisation event
	ldr	x0, =host_task_memory
	ldr	x2, =TAGGED_EL0
	add	x0, x0, x2
	ldr	x2, [x9, #H_INDEX]
	add	x0, x0, x2, lsl #6
	ldr	x2, =host_task
	ldr	x3, =CODE_EL0
	add	x2, x2, x3
	msr	elr_el1, x2
	mov	x2, #PSTATE_EL0
	msr	spsr_el1, x2
	mark	MARK_HOST_TASK
	eret
	sb

// EL0. x0 = its memory, x1 = 1: with a mismatch.
host_task:
	irg	x13, x0
	stg	x13, [x13]
	str	x1, [x13]
	ldr	x2, [x13]
	irg	x14, x0
	stg	x14, [x14, #16]
	str	x2, [x14, #16]
	cbz	x1, 1f
	eor	x3, x13, #(1 << 56)
	str	x1, [x3]
1:	svc	#0
	b	1b

// x0 = RGSR_EL1 before a draw of the task's -> after it; x10 counts what differs.
.macro host_task_drawn pointer
	ldr	x1, =CFG_TASK_EXCLUDE
	bl	host_irg_model
	and	x1, x0, #15
	ubfx	x2, \pointer, #56, #4
	cmp	x1, x2
	cinc	x10, x10, ne
.endm

// From EL0. A tag check fault is counted and skipped; the SVC ends the round.
host_from_task:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el1
	ubfx	x1, x0, #26, #6
	cmp	x1, #EC_SVC64
	b.eq	1f
	cmp	x1, #EC_DABT_LOW
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

1:	add	sp, sp, #16
	host_record x9
	mov	x15, #0
.if CFG_MTE_ASYNC && (CFG_HOST_TCF0 >= 2)
	mrs	x15, tfsre0_el1			// ITFSB has completed it
	cbz	x15, 2f
	msr	tfsre0_el1, xzr
2:
.endif
	ldr	x0, [x9, #H_GCR]
	msr	gcr_el1, x0
	isb					// the kernel's mask before anything in it draws
	host_set_tco
	ldr	x10, [x9, #H_BAD]
	ldr	x0, [x9, #H_TASK_EXPECT]
.if CFG_HOST_TCF0 < 2
	mov	x0, #0
.endif
	cmp	x15, x0
	cinc	x10, x10, ne
	ldr	x0, [x9, #H_ASYNC]
	cmp	x15, #0
	cinc	x0, x0, ne
	str	x0, [x9, #H_ASYNC]
.if CFG_HOST_RRND == 0
	ldr	x0, [x9, #H_RGSR]
	host_task_drawn x13
	host_task_drawn x14
	mrs	x1, rgsr_el1
	cmp	x0, x1
	cinc	x10, x10, ne
	str	x1, [x9, #H_RGSR]
.endif
	str	x10, [x9, #H_BAD]
	ldp	x29, x30, [sp], #16
.endif
	ret
	.ltorg

	.bss
	.balign	64
host_task_memory:
	.space	CFG_PES << 6
	.text
