// EL2 while the host runs: its vectors and the calls it makes.

	.balign	2048
hyp_host_vectors:
	.rept	8				// from EL2 itself
	hyp_vector
	.endr
	hyp_vector host_call			// synchronous, from EL1 in AArch64
	.rept	7
	hyp_vector
	.endr
	.balign	128

// From the host's HVC. Saves all general registers into the host's context, runs the vCPU, returns x0 to the host.
host_call:
	phase	GENERAL
	stp	x0, x1, [sp, #-16]!
	mrs	x0, tpidr_el2
	stp	x2, x3, [x0, #(CTX_X + 16)]
	stp	x4, x5, [x0, #(CTX_X + 32)]
	stp	x6, x7, [x0, #(CTX_X + 48)]
	stp	x8, x9, [x0, #(CTX_X + 64)]
	stp	x10, x11, [x0, #(CTX_X + 80)]
	stp	x12, x13, [x0, #(CTX_X + 96)]
	stp	x14, x15, [x0, #(CTX_X + 112)]
	stp	x16, x17, [x0, #(CTX_X + 128)]
	stp	x18, x19, [x0, #(CTX_X + 144)]
	stp	x20, x21, [x0, #(CTX_X + 160)]
	stp	x22, x23, [x0, #(CTX_X + 176)]
	stp	x24, x25, [x0, #(CTX_X + 192)]
	stp	x26, x27, [x0, #(CTX_X + 208)]
	stp	x28, x29, [x0, #(CTX_X + 224)]
	str	x30, [x0, #(CTX_X + 240)]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0, #CTX_X]

	mrs	x1, esr_el2			// its calls and nothing else
	lsr	x4, x1, #26
	cmp	x4, #EC_HVC64
	b.ne	hyp_panic
	and	x1, x1, #0xffff
.if CFG_TIMERS
	cmp	x1, #SET_CNTVOFF
	b.ne	1f
	msr	cntvoff_el2, x2
	mov	x0, xzr
	b	2f
1:
.endif
	cmp	x1, #VCPU_RUN
	b.ne	hyp_panic
	cmp	x2, #CFG_VCPUS
	b.hs	hyp_panic
	ldr	x0, =vcpus
	add	x0, x0, x2, lsl #VCPU_SHIFT
	bl	vcpu_run

2:	phase	GENERAL
	mrs	x29, tpidr_el2
	ldr	x1, [x29, #(CTX_X + 8)]
	ldp	x2, x3, [x29, #(CTX_X + 16)]
	ldp	x4, x5, [x29, #(CTX_X + 32)]
	ldp	x6, x7, [x29, #(CTX_X + 48)]
	ldp	x8, x9, [x29, #(CTX_X + 64)]
	ldp	x10, x11, [x29, #(CTX_X + 80)]
	ldp	x12, x13, [x29, #(CTX_X + 96)]
	ldp	x14, x15, [x29, #(CTX_X + 112)]
	ldp	x16, x17, [x29, #(CTX_X + 128)]
	ldp	x18, x19, [x29, #(CTX_X + 144)]
	ldp	x20, x21, [x29, #(CTX_X + 160)]
	ldp	x22, x23, [x29, #(CTX_X + 176)]
	ldp	x24, x25, [x29, #(CTX_X + 192)]
	ldp	x26, x27, [x29, #(CTX_X + 208)]
	ldr	x30, [x29, #(CTX_X + 240)]
	ldp	x28, x29, [x29, #(CTX_X + 224)]
	eret
	sb
	.ltorg
