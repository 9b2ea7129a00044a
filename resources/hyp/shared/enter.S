// Into the guest and out of it: general registers, SP_EL0, the pair RGSR_EL1 and GCR_EL1, the keys.

// x0 = vCPU. Returns, when the guest has left, x0 = exit code.
guest_enter:
	mrs	x1, tpidr_el2
	add	x1, x1, #PE_HYP
	stp	x18, x19, [x1, #(CTX_X + 144)]
	stp	x20, x21, [x1, #(CTX_X + 160)]
	stp	x22, x23, [x1, #(CTX_X + 176)]
	stp	x24, x25, [x1, #(CTX_X + 192)]
	stp	x26, x27, [x1, #(CTX_X + 208)]
	stp	x28, x29, [x1, #(CTX_X + 224)]
	str	x30, [x1, #(CTX_X + 240)]
	mrs	x2, sp_el0
	str	x2, [x1, #CTX_SP_EL0]
.if POLICY_TCO_RESTORE && HYP_VHE && (CFG_MTE >= 2)
	mrs	x2, tco
	str	x2, [x1, #(PE_TCO - PE_HYP)]
.endif
.if CFG_RAS
	dsb	nshst				// errors of the host's stores are not to be taken in the guest's name
	isb
.endif
	mrs	x2, isr_el1			// something pending: do not enter. No MTE register has been touched yet, so
	cbnz	x2, 1f				// the exit path must not run.
	str	x0, [x1, #(PE_LOADED - PE_HYP)]
	mov	x29, x0
	mte_switch_to_guest x29, x1, x2
	ptrauth_switch_to_guest x29, x0, x2, x3

	phase	GENERAL
	ldr	x2, [x29, #CTX_SP_EL0]
	msr	sp_el0, x2
	ldp	x0, x1, [x29, #CTX_X]
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
	mark	MARK_GUEST_ERET
	eret
	sb

1:
.if POLICY_DEFERRED_TAIL
	mte_switch_to_hyp x0, x1, x2
	phase	GENERAL
.endif
.if POLICY_DEFERRED_ISB
	isb					// the call still contains a context synchronisation event
.endif
	mov	x0, #EXIT_IRQ
	ret

.macro guest_vector code
	.balign	128
.if CFG_RAS
	esb
.endif
	stp	x0, x1, [sp, #-16]!
	mov	x0, #\code
	b	guest_exit
.endm

// Synchronous, from the guest. One call is answered here, by an exception return and no switch: the guest's own RGSR_EL1 and
// GCR_EL1 are in place all the while.
.macro guest_trap_vector
	.balign	128
.if CFG_RAS
	esb
.endif
	stp	x0, x1, [sp, #-16]!
	mrs	x0, esr_el2
	lsr	x0, x0, #26
	cmp	x0, #EC_HVC64
	b.ne	1f
	ldr	x1, [sp]			// the guest's x0
	eor	w1, w1, #SMCCC_WORKAROUND_1
	cbnz	w1, 1f
	mov	x0, xzr				// SUCCESS
	ldr	x1, [sp, #8]
	add	sp, sp, #16
	mark	MARK_GUEST_ERET
	eret
	sb
1:	mov	x0, #EXIT_TRAP
	b	guest_exit
.endm

// Synchronous, from EL2 itself. An exception return to a state that is illegal stays at EL2 and sets PSTATE.IL: the guest's
// registers are all in place, so it has left. Anything else is a panic, with the host's registers back where a vCPU is loaded.
.macro guest_recover_vector
	.balign	128
	stp	x0, x1, [sp, #-16]!
	mrs	x0, spsr_el2
	tbz	x0, #PSTATE_IL_BIT, 1f
	mov	x0, #EXIT_ILLEGAL
	b	guest_exit
1:	mrs	x1, tpidr_el2
	ldr	x0, [x1, #PE_LOADED]
	cbz	x0, hyp_panic
	ldr	x0, =hyp_panic			// where guest_exit returns to; what it saves of a guest that was only half there
	str	x0, [x1, #(PE_HYP + CTX_X + 240)]	// is half another's
	mov	x0, #EXIT_TRAP
	b	guest_exit
.endm

	.balign	2048
hyp_guest_vectors:
	.rept	4
	hyp_vector
	.endr
	guest_recover_vector
	.rept	3
	hyp_vector
	.endr
	guest_trap_vector
	guest_vector EXIT_IRQ
	guest_vector EXIT_IRQ
	guest_vector EXIT_SERROR
	.rept	4				// AArch32 has no place here
	hyp_vector
	.endr
	.balign	128

// x0 = exit code; the guest's x0 and x1 are on the stack. Returns to the caller of guest_enter.
guest_exit:
	phase	GENERAL
	mrs	x1, tpidr_el2
	ldr	x1, [x1, #PE_LOADED]
	stp	x2, x3, [x1, #(CTX_X + 16)]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x1, #CTX_X]
	stp	x4, x5, [x1, #(CTX_X + 32)]
	stp	x6, x7, [x1, #(CTX_X + 48)]
	stp	x8, x9, [x1, #(CTX_X + 64)]
	stp	x10, x11, [x1, #(CTX_X + 80)]
	stp	x12, x13, [x1, #(CTX_X + 96)]
	stp	x14, x15, [x1, #(CTX_X + 112)]
	stp	x16, x17, [x1, #(CTX_X + 128)]
	stp	x18, x19, [x1, #(CTX_X + 144)]
	stp	x20, x21, [x1, #(CTX_X + 160)]
	stp	x22, x23, [x1, #(CTX_X + 176)]
	stp	x24, x25, [x1, #(CTX_X + 192)]
	stp	x26, x27, [x1, #(CTX_X + 208)]
	stp	x28, x29, [x1, #(CTX_X + 224)]
	str	x30, [x1, #(CTX_X + 240)]
	mrs	x2, sp_el0
	str	x2, [x1, #CTX_SP_EL0]
	mrs	x2, tpidr_el2
	add	x2, x2, #PE_HYP
	ptrauth_switch_to_hyp x1, x2, x3, x4, x5
	mte_switch_to_hyp x1, x2, x3

	phase	GENERAL
	ldr	x3, [x2, #CTX_SP_EL0]
	msr	sp_el0, x3
	ldp	x18, x19, [x2, #(CTX_X + 144)]
	ldp	x20, x21, [x2, #(CTX_X + 160)]
	ldp	x22, x23, [x2, #(CTX_X + 176)]
	ldp	x24, x25, [x2, #(CTX_X + 192)]
	ldp	x26, x27, [x2, #(CTX_X + 208)]
	ldp	x28, x29, [x2, #(CTX_X + 224)]
	ldr	x30, [x2, #(CTX_X + 240)]
	str	xzr, [x2, #(PE_LOADED - PE_HYP)]
.if POLICY_TCO_RESTORE && HYP_VHE && (CFG_MTE >= 2)
	ldr	x3, [x2, #(PE_TCO - PE_HYP)]	// set by the exception that left the guest
	msr	tco, x3
.endif
.if CFG_RAS
	mrs	x2, disr_el1			// what the ESB of the vector deferred
	str	x2, [x1, #VCPU_DISR]
	cbz	x2, 1f
	msr	disr_el1, xzr
	orr	x0, x0, #(1 << EXIT_SERROR_BIT)
1:	ret
.else
	dsb	sy				// without RAS: force a pending SError out before the guest is forgotten
	isb
	mrs	x2, isr_el1
	tbz	x2, #8, 1f
	orr	x0, x0, #(1 << EXIT_SERROR_BIT)
1:	ret
.endif
