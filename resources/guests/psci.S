// Guest "psci": it asks its firmware for everything that a VM of one vCPU may ask, and switches itself off.

guest_psci:
	bl	g_boot
	adr	x19, psci_questions
1:	ldp	w0, w1, [x19], #8
	cbz	w0, 2f
	ldr	x2, [x28, #D_INDEX]		// MPIDR of the only vCPU
	cmp	w1, #PSCI_SELF
	csel	x1, x2, x1, eq
	hvc	#0
	ldr	w2, [x19], #8
	cmp	w0, w2
	g_bad_if_ne
	b	1b
2:	ldr	x0, [x28, #D_BAD]
	cbnz	x0, g_done			// the host prints the counts
	g_call	PSCI_OFF
3:	b	3b

.set PSCI_SELF, 0xe1f
	.balign	8
// Function, its x1, the answer in w0, nothing.
psci_questions:
	.word	0x84000000, 0, 0x10001, 0	// VERSION
	.word	0x80000000, 0, 0x10001, 0	// SMCCC_VERSION
	.word	0x80000001, 0x80008000, 0, 0	// ARCH_FEATURES of ARCH_WORKAROUND_1
	.word	0x8400000a, 0xc4000003, 0, 0	// FEATURES of CPU_ON
	.word	0x8400000a, 0x8400000b, -1, 0	// of CPU_FREEZE, which is not there
	.word	0xc4000004, PSCI_SELF, 0, 0	// AFFINITY_INFO: on
	.word	0xc4000004, 0x100, -2, 0	// of nobody
	.word	0xc4000003, PSCI_SELF, -4, 0	// CPU_ON: ALREADY_ON
	.word	0xc4000003, 0x100, -2, 0
	.word	0x84000006, 0, 2, 0		// MIGRATE_INFO_TYPE
	.word	0xc4000001, 0, 0, 0		// CPU_SUSPEND
	.word	0x84000012, 0, -1, 0		// SYSTEM_RESET2
	.word	0, 0
	.ltorg
