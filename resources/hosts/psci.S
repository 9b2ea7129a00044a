// PSCI 1.1 and SMCCC 1.1 for a guest, by HVC: a VM of one vCPU, whose MPIDR_EL1.Aff0 is the vCPU's index.

.set PSCI_INVALID,      -2
.set PSCI_ALREADY_ON,   -4
.set PSCI_VERSION_1_1,  0x10001
.set SMCCC_VERSION_1_1, 0x10001
.set PSCI_NO_MIGRATION, 2          // MIGRATE_INFO_TYPE: there is no trusted OS

// A function, and how far its code lies from the table.
.macro psci_row function, handler
	.word	\function
	.word	\handler - psci_functions
.endm

// x20 = vCPU, its x0 the function. -> x0 as exit_handle returns it. A function not listed is NOT_SUPPORTED.
exit_psci:
	str	x30, [sp, #-16]!
	ldr	w0, [x20, #CTX_X]
	adr	x1, psci_functions
1:	ldp	w2, w3, [x1], #8
	cbz	w2, psci_not_supported
	cmp	w2, w0
	b.ne	1b
	adr	x1, psci_functions
	add	x1, x1, w3, sxtw
	br	x1

psci_version:
	ldr	x0, =PSCI_VERSION_1_1
	b	psci_answer
psci_smccc_version:
	ldr	x0, =SMCCC_VERSION_1_1
	b	psci_answer

// Both kinds of features: 0 for a function that is there.
psci_features:
	ldr	w0, [x20, #(CTX_X + 8)]
	ldr	w1, =SMCCC_WORKAROUND_1		// answered by the hypervisor itself
	cmp	w0, w1
	b.eq	psci_success
	adr	x1, psci_functions
1:	ldp	w2, w3, [x1], #8
	cbz	w2, psci_not_supported
	cmp	w2, w0
	b.ne	1b
	b	psci_success

// There is one vCPU in the VM, and it is the caller.
psci_cpu_on:
	bl	psci_is_self
	mov	x0, #PSCI_ALREADY_ON
	b	psci_answer
psci_affinity_info:
	bl	psci_is_self
psci_success:
	mov	x0, #0				// also: the vCPU asked about is on
	b	psci_answer
psci_migrate_info_type:
	mov	x0, #PSCI_NO_MIGRATION
	b	psci_answer
psci_not_supported:
	mov	x0, #-1
psci_answer:
	str	x0, [x20, #CTX_X]
	mov	x0, #0
	ldr	x30, [sp], #16
	ret

// Standby: the vCPU goes on when it is loaded next.
psci_cpu_suspend:
	str	xzr, [x20, #CTX_X]
	mov	x0, #PUT_AGAIN
	ldr	x30, [sp], #16
	ret

// The only vCPU off, or the whole VM, or a reset that nobody carries out: it never runs again.
psci_off:
	mov	x0, #STATE_OFF
	str	x0, [x20, #VCPU_STATE]
	mov	x0, #PUT_FINISHED
	ldr	x30, [sp], #16
	ret

// Returns where the vCPU's x1 names the vCPU itself; else the call is answered with INVALID_PARAMETERS.
psci_is_self:
	ldr	x0, [x20, #(CTX_X + 8)]
	ldr	x1, [x20, #VCPU_INDEX]
	cmp	x0, x1
	b.ne	1f
	ret
1:	mov	x0, #PSCI_INVALID
	b	psci_answer

	.balign	8
psci_functions:
	psci_row 0x84000000, psci_version
	psci_row 0x84000001, psci_cpu_suspend
	psci_row 0xc4000001, psci_cpu_suspend
	psci_row 0x84000002, psci_off		// CPU_OFF
	psci_row 0x84000003, psci_cpu_on
	psci_row 0xc4000003, psci_cpu_on
	psci_row 0x84000004, psci_affinity_info
	psci_row 0xc4000004, psci_affinity_info
	psci_row 0x84000006, psci_migrate_info_type
	psci_row 0x84000008, psci_off		// SYSTEM_OFF
	psci_row 0x84000009, psci_off		// SYSTEM_RESET
	psci_row 0x8400000a, psci_features
	psci_row 0x80000000, psci_smccc_version
	psci_row 0x80000001, psci_features
	.quad	0
	.ltorg
