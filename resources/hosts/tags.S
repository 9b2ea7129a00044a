// The host's own use of MTE, as a kernel with tagged allocations has it: objects are tagged between the runs, and
// every draw is compared with a model, so that a disturbed RGSR_EL1 or GCR_EL1 of the host is counted in H_BAD.

// x20 = this PE's record, x19 = PE index. Keeps x19-x30.
host_tags_init:
	str	x19, [x20, #H_INDEX]
.if CFG_MTE >= 2
	ldr	x0, =host_pools
	add	x0, x0, x19, lsl #POOL_SHIFT
	mov	x1, #TAGGED
	add	x0, x0, x1
	str	x0, [x20, #H_POOL]
	mov	x1, #((1 << POOL_SHIFT) / 32)
1:	st2g	x0, [x0], #32			// tags are UNKNOWN at reset
	subs	x1, x1, #1
	b.ne	1b
	ldr	x0, =CFG_HOST_EXCLUDE | (CFG_HOST_RRND << 16)
	msr	gcr_el1, x0
	str	x0, [x20, #H_GCR]
	ldr	x0, =CFG_HOST_SEED
	add	x0, x0, x19			// each PE its own stream
	and	x0, x0, #0xffff
	lsl	x0, x0, #8
	msr	rgsr_el1, x0
	str	x0, [x20, #H_RGSR]
.if CFG_MTE_ASYNC
	msr	tfsr_el1, xzr
	msr	tfsre0_el1, xzr
.endif
	isb
.endif
	ret

.if CFG_MTE >= 2
	.balign	16
host_irg_model:
	irg_model_body
.endif

// Behind every return from a guest: the draws of host_probe_draws, and the hypervisor's own, are part of the host's stream.
// Keeps x19-x30.
.set HOST_FOLLOWS, CFG_HOST_DRAWS + CFG_HYP_DRAWS
host_tags_probed:
.if HOST_FOLLOWS && CFG_HOST_ATA && (CFG_HOST_RRND == 0) && (CFG_MTE >= 2)
	stp	x29, x30, [sp, #-16]!
	host_record x9
	ldr	x0, [x9, #H_RGSR]
	mov	x10, #HOST_FOLLOWS
1:	ldr	x1, [x9, #H_GCR]
	bl	host_irg_model
	subs	x10, x10, #1
	b.ne	1b
	str	x0, [x9, #H_RGSR]
	ldp	x29, x30, [sp], #16
.endif
	ret

// Behind the boot, which tags memory in any case. Uses x0.
host_tags_ready:
.if !CFG_HOST_ATA && (CFG_MTE >= 2)
	mrs	x0, sctlr_el1
	and	x0, x0, #~SCTLR_ATA
	msr	sctlr_el1, x0
	isb
.endif
	ret

// Before the next vCPU is taken, as a kernel does where it switches threads: what an exit has left in PSTATE.TCO ends here. Uses
// x0, x1, x9.
host_tags_thread_switch:
	host_set_tco
.if (CFG_HOST_OTHER != CFG_HOST_EXCLUDE) && (CFG_MTE >= 2)
	host_record x9				// the next thread has the other mask
	ldr	x0, [x9, #H_GCR]
	ldr	x1, =CFG_HOST_EXCLUDE ^ CFG_HOST_OTHER
	eor	x0, x0, x1
	str	x0, [x9, #H_GCR]
	msr	gcr_el1, x0
	isb
.endif
	ret

// One allocation: draw, tag, store, load. A host without tag access has no tagged allocations. Keeps x19-x30.
host_tags_work:
.if CFG_HOST_ATA && (CFG_MTE >= 2)
	stp	x29, x30, [sp, #-16]!
	host_record x9
	ldr	x10, [x9, #H_BAD]
	ldr	x11, [x9, #H_POOL]
	ldr	x12, [x9, #H_SLOT]
	add	x13, x12, #64
	and	x13, x13, #((1 << POOL_SHIFT) - 1)
	str	x13, [x9, #H_SLOT]
	add	x11, x11, x12
	ldg	x11, [x11]			// the pointer the slot was last given out with
	gmi	x12, x11, xzr
	mrs	x0, rgsr_el1
	irg	x13, x11, x12			// first tag drawn behind a return from the hypervisor
	mrs	x14, rgsr_el1
.if CFG_HOST_RRND == 0
	ldr	x1, [x9, #H_RGSR]
	cmp	x0, x1
	cinc	x10, x10, ne			// the stream was moved while the host did not look
	ldr	x0, [x9, #H_RGSR]
	ldr	x1, [x9, #H_GCR]
	orr	x1, x1, x12
	bl	host_irg_model
	cmp	x0, x14
	cinc	x10, x10, ne
	ubfx	x1, x13, #56, #4
	and	x0, x0, #15
	cmp	x0, x1
	cinc	x10, x10, ne
	str	x14, [x9, #H_RGSR]
.endif
	ubfx	x1, x13, #56, #4		// never a tag that the host excludes, unless nothing else is allowed
	ldr	x2, [x9, #H_GCR]
	lsr	x3, x2, x1
	and	x3, x3, #1
	cmp	x1, #0
	csel	x3, xzr, x3, eq
	add	x10, x10, x3
	mrs	x0, gcr_el1
	ldr	x1, [x9, #H_GCR]
	cmp	x0, x1
	cinc	x10, x10, ne
	stg	x13, [x13]
	stg	x13, [x13, #16]
	st2g	x13, [x13, #32]
	str	x14, [x13]
	str	x13, [x13, #56]
	ldr	x0, [x13]
	cmp	x0, x14
	cinc	x10, x10, ne
	ldr	x0, [x13, #56]
	cmp	x0, x13
	cinc	x10, x10, ne
	str	x10, [x9, #H_BAD]
	ldp	x29, x30, [sp], #16
.endif
	ret
	.ltorg

	.bss
	.balign	4096
host_pools:
	.space	CFG_PES << POOL_SHIFT
	.text
