// What the host decided about the trapped instruction, applied to the vCPU's context before the next entry.

// x0 = vCPU. Skips the instruction, or makes it take an UNDEFINED exception to EL1 (ESR_EL1 was written by the host).
vcpu_adjust_pc:
	ldr	w1, [x0, #VCPU_FLAGS]
	tbnz	w1, #FLAG_UNDEF_BIT, 2f
	tbz	w1, #FLAG_PC_BIT, 1f
	ldr	x2, [x0, #CTX_PC]
	add	x2, x2, #4
	str	x2, [x0, #CTX_PC]
	and	w1, w1, #~(1 << FLAG_PC_BIT)
	str	w1, [x0, #VCPU_FLAGS]
1:	ret

2:	ldr	x2, [x0, #CTX_PC]
	vcpu_set elr, CTX_ELR, x2, x0
	ldr	x3, [x0, #CTX_PSTATE]
	vcpu_set spsr, CTX_SPSR, x3, x0
	mov	x4, #0x400			// from EL0; from EL1 with SP_EL1 0x200, with SP_EL0 0
	and	x5, x3, #0xf
	cbz	x5, 3f
	and	x4, x5, #1
	lsl	x4, x4, #9
3:	vcpu_get vbar, CTX_VBAR, x2, x0
	add	x2, x2, x4
	str	x2, [x0, #CTX_PC]
	// NZCV and DIT stay, PAN stays or is set by SCTLR_EL1.SPAN = 0; SSBS follows SCTLR_EL1.DSSBS
	mov	x4, #PSTATE_EL1H
	ldr	x5, =0xf1400000
	and	x5, x3, x5
	orr	x4, x4, x5
	vcpu_get sctlr, CTX_SCTLR, x5, x0
	tbnz	x5, #23, 4f
	orr	x4, x4, #(1 << 22)
4:	lsr	x5, x5, #44
	and	x5, x5, #1
	orr	x4, x4, x5, lsl #12
.if POLICY_INJECT_TCO
	tbz	w1, #FLAG_MTE_BIT, 5f
	orr	x4, x4, #PSTATE_TCO
5:
.endif
	str	x4, [x0, #CTX_PSTATE]
	and	w1, w1, #~((1 << FLAG_UNDEF_BIT) | (1 << FLAG_PC_BIT))
	str	w1, [x0, #VCPU_FLAGS]
	ret
	.ltorg
