// The EL1 system registers of one world, to and from its context. Host and guest take the same path.

.macro sysreg_save reg, offset
	mrs	x2, \reg
	str	x2, [x0, #\offset]
.endm

.macro sysreg_restore reg, offset
	ldr	x2, [x0, #\offset]
	msr	\reg, x2
.endm

// Skips to \skip unless the VM concerned has MTE: the vCPU that the host's context names, else the context's own.
.macro mte_vm_gate skip
	ldr	x1, [x0, #CTX_RUNNING]
	cmp	x1, #0
	csel	x1, x0, x1, eq
	ldr	w1, [x1, #VCPU_FLAGS]
	tbz	w1, #FLAG_MTE_BIT, \skip
.endm

// The MTE registers that go with the EL1 state. A policy that defines POLICY_OWN_SAVE_LIST or POLICY_OWN_RESTORE_LIST brings
// that macro itself. x0 = context; x2 is free.
.ifndef POLICY_OWN_SAVE_LIST
.macro mte_sysregs_save
.if POLICY_TFSR_SWITCH
	sysreg_save tfsr_el1, CTX_TFSR
.endif
.if POLICY_TFSRE0_SWITCH
	sysreg_save tfsre0_el1, CTX_TFSRE0
.endif
.endm
.endif

.ifndef POLICY_OWN_RESTORE_LIST
.macro mte_sysregs_restore
.if POLICY_TFSR_SWITCH
	sysreg_restore tfsr_el1, CTX_TFSR
.endif
.if POLICY_TFSRE0_SWITCH
	sysreg_restore tfsre0_el1, CTX_TFSRE0
.endif
.endm
.endif

// x0 = context
sysregs_save:
	sysreg_save csselr_el1, CTX_CSSELR
	sysreg_save sctlr_el1, CTX_SCTLR
	sysreg_save cpacr_el1, CTX_CPACR
	sysreg_save ttbr0_el1, CTX_TTBR0
	sysreg_save ttbr1_el1, CTX_TTBR1
	sysreg_save tcr_el1, CTX_TCR
	sysreg_save esr_el1, CTX_ESR
	sysreg_save afsr0_el1, CTX_AFSR0
	sysreg_save afsr1_el1, CTX_AFSR1
	sysreg_save far_el1, CTX_FAR
	sysreg_save mair_el1, CTX_MAIR
	sysreg_save vbar_el1, CTX_VBAR
	sysreg_save contextidr_el1, CTX_CONTEXTIDR
	sysreg_save amair_el1, CTX_AMAIR
	sysreg_save cntkctl_el1, CTX_CNTKCTL
	sysreg_save par_el1, CTX_PAR
	sysreg_save tpidr_el1, CTX_TPIDR_EL1
.if CFG_MTE >= 2
	phase	MTE
	mte_vm_gate 1f
	mte_sysregs_save
1:	phase	EL1
.endif
	sysreg_save sp_el1, CTX_SP_EL1
	sysreg_save elr_el1, CTX_ELR
	sysreg_save spsr_el1, CTX_SPSR
	sysreg_save mdscr_el1, CTX_MDSCR
	sysreg_save tpidr_el0, CTX_TPIDR_EL0
	sysreg_save tpidrro_el0, CTX_TPIDRRO
	sysreg_save elr_el2, CTX_PC
	sysreg_save spsr_el2, CTX_PSTATE
	ret

// x0 = context
sysregs_restore:
	sysreg_restore vmpidr_el2, CTX_MPIDR
	sysreg_restore csselr_el1, CTX_CSSELR
	sysreg_restore sctlr_el1, CTX_SCTLR
	sysreg_restore tcr_el1, CTX_TCR
	sysreg_restore cpacr_el1, CTX_CPACR
	sysreg_restore ttbr0_el1, CTX_TTBR0
	sysreg_restore ttbr1_el1, CTX_TTBR1
	sysreg_restore esr_el1, CTX_ESR
	sysreg_restore afsr0_el1, CTX_AFSR0
	sysreg_restore afsr1_el1, CTX_AFSR1
	sysreg_restore far_el1, CTX_FAR
	sysreg_restore mair_el1, CTX_MAIR
	sysreg_restore vbar_el1, CTX_VBAR
	sysreg_restore contextidr_el1, CTX_CONTEXTIDR
	sysreg_restore amair_el1, CTX_AMAIR
	sysreg_restore cntkctl_el1, CTX_CNTKCTL
	sysreg_restore par_el1, CTX_PAR
	sysreg_restore tpidr_el1, CTX_TPIDR_EL1
.if CFG_MTE >= 2
	phase	MTE
	mte_vm_gate 1f
	mte_sysregs_restore
1:	phase	EL1
.endif
	sysreg_restore sp_el1, CTX_SP_EL1
	sysreg_restore elr_el1, CTX_ELR
	sysreg_restore spsr_el1, CTX_SPSR
	sysreg_restore mdscr_el1, CTX_MDSCR
	sysreg_restore tpidr_el0, CTX_TPIDR_EL0
	sysreg_restore tpidrro_el0, CTX_TPIDRRO
	sysreg_restore elr_el2, CTX_PC
	sysreg_restore spsr_el2, CTX_PSTATE
	ret
