// FP and Advanced SIMD state, switched where a guest first uses it in a run: its trap is fixed up inside the run loop, and
// the guest re-entered. A run that uses none costs nothing but the test.

.macro fp_save
	stp	q0, q1, [x0]
	stp	q2, q3, [x0, #32]
	stp	q4, q5, [x0, #64]
	stp	q6, q7, [x0, #96]
	stp	q8, q9, [x0, #128]
	stp	q10, q11, [x0, #160]
	stp	q12, q13, [x0, #192]
	stp	q14, q15, [x0, #224]
	stp	q16, q17, [x0, #256]
	stp	q18, q19, [x0, #288]
	stp	q20, q21, [x0, #320]
	stp	q22, q23, [x0, #352]
	stp	q24, q25, [x0, #384]
	stp	q26, q27, [x0, #416]
	stp	q28, q29, [x0, #448]
	stp	q30, q31, [x0, #480]
	mrs	x1, fpsr
	str	x1, [x0, #512]
	mrs	x1, fpcr
	str	x1, [x0, #520]
.endm

.macro fp_load
	ldp	q0, q1, [x0]
	ldp	q2, q3, [x0, #32]
	ldp	q4, q5, [x0, #64]
	ldp	q6, q7, [x0, #96]
	ldp	q8, q9, [x0, #128]
	ldp	q10, q11, [x0, #160]
	ldp	q12, q13, [x0, #192]
	ldp	q14, q15, [x0, #224]
	ldp	q16, q17, [x0, #256]
	ldp	q18, q19, [x0, #288]
	ldp	q20, q21, [x0, #320]
	ldp	q22, q23, [x0, #352]
	ldp	q24, q25, [x0, #384]
	ldp	q26, q27, [x0, #416]
	ldp	q28, q29, [x0, #448]
	ldp	q30, q31, [x0, #480]
	ldr	x1, [x0, #512]
	msr	fpsr, x1
	ldr	x1, [x0, #520]
	msr	fpcr, x1
.endm

	.text
// x19 = vCPU, x20 = PE, after guest_enter: x0 = exit code. -> x0 = FIXED_UP where the guest is to be re-entered, else as it was.
// Uses x1.
guest_fixup:
	cmp	x0, #EXIT_TRAP
	b.ne	1f
	mrs	x1, esr_el2
	lsr	x1, x1, #26
	cmp	x1, #EC_FP
	b.ne	1f
	phase	EL2
.if HYP_VHE
	ldr	x1, =CPTR_GUEST | CPTR_FPEN
	msr	cpacr_el1, x1			// CPTR_EL2
.else
	mov	x1, #CPTR_RES1
	msr	cptr_el2, x1
.endif
	isb					// EL2's own accesses below
	add	x0, x20, #PE_FP
	fp_save
	add	x0, x19, #VCPU_FP
	fp_load
	mov	x0, #1
	str	x0, [x20, #PE_FP_GUEST]
	mov	x0, #FIXED_UP
1:	ret

// x19 = vCPU, x20 = PE, on the way to the host, before its trap controls are back. Uses x0, x1.
fp_to_host:
	ldr	x0, [x20, #PE_FP_GUEST]
	cbz	x0, 1f
	add	x0, x19, #VCPU_FP
	fp_save
	add	x0, x20, #PE_FP
	fp_load
	str	xzr, [x20, #PE_FP_GUEST]
1:	ret
	.ltorg
