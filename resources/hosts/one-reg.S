// A vCPU's registers by number, as a VMM reads and writes them (KVM_GET_ONE_REG, KVM_SET_ONE_REG), also of a vCPU that is loaded:
// what a register holds is then in the PE, by whatever name reaches it there, and else in the vCPU's context.

// The numbers of KVM's interface: a system register by its encoding, all else by its place in struct kvm_regs.
.set ONE_REG_SYSTEM, 0x6030000000130000
.set ONE_REG_CORE,   0x6030000000100000
.set ONE_REG_UNKNOWN, -2           // no such register of this vCPU

.set ONE_REG_OF_MTE,  1 << 0       // a VM without MTE has none
.set ONE_REG_COUNTS,  1 << 1       // reads differ with time; writing it moves the VM's count

// ---- A row: number, where it lies in the vCPU, flags, the code that reaches it in the PE (0: it is never there) ----
.set ONE_REG_ROW,    32
.set ONE_REG_AT,     8
.set ONE_REG_FLAGS,  12
.set ONE_REG_LIVE_GET, 16
.set ONE_REG_LIVE_SET, 24

.if CFG_ONE_REG
.macro one_reg_row number, offset, flags, get, set
	.quad	\number
	.word	\offset, \flags
	.quad	\get, \set
.endm

// In the context whenever the host runs.
.macro one_reg_core place, offset
	one_reg_row ONE_REG_CORE + (\place), \offset, 0, 0, 0
.endm
.macro one_reg_context encoding, offset, flags=0
	one_reg_row ONE_REG_SYSTEM + (\encoding), \offset, \flags, 0, 0
.endm

// In the PE from vcpu_load to vcpu_put, by the name \live.
.macro one_reg_live number, offset, live, flags=0
	.pushsection .text
.Lget\@:
	mark	MARK_ON_BEHALF, 1
	mrs	x1, \live
	mark	MARK_ON_BEHALF, 0
	ret
.Lset\@:
	mark	MARK_ON_BEHALF, 1
	msr	\live, x2
	mark	MARK_ON_BEHALF, 0
	ret
	.popsection
	one_reg_row \number, \offset, \flags, .Lget\@, .Lset\@
.endm

// Of the EL1 state: in the PE under VHE, by its _EL12 name, or by the plain one where E2H gives it no other.
.if HYP_VHE
.macro one_reg_el1 encoding, offset, name, flags=0
	one_reg_live ONE_REG_SYSTEM + (\encoding), \offset, \name\()_el12, \flags
.endm
.macro one_reg_core_el1 place, offset, live
	one_reg_live ONE_REG_CORE + (\place), \offset, \live
.endm
.macro one_reg_plain encoding, offset, live, flags=0
	one_reg_live ONE_REG_SYSTEM + (\encoding), \offset, \live, \flags
.endm
.else
.macro one_reg_el1 encoding, offset, name, flags=0
	one_reg_context \encoding, \offset, \flags
.endm
.macro one_reg_core_el1 place, offset, live
	one_reg_core \place, \offset
.endm
.macro one_reg_plain encoding, offset, live, flags=0
	one_reg_context \encoding, \offset, \flags
.endm
.endif

	.section .rodata, "a", %progbits
	.balign	8
one_reg_rows:
	.set	.Lplace, 0
	.rept	31				// x0 to x30
	one_reg_core .Lplace * 2, CTX_X + .Lplace * 8
	.set	.Lplace, .Lplace + 1
	.endr
	one_reg_core 62, CTX_SP_EL0
	one_reg_core 64, CTX_PC
	one_reg_core 66, CTX_PSTATE
	one_reg_core_el1 68, CTX_SP_EL1, sp_el1
	one_reg_core_el1 70, CTX_ELR, elr_el12
	one_reg_core_el1 72, CTX_SPSR, spsr_el12

	// op0 << 14 | op1 << 11 | CRn << 7 | CRm << 3 | op2
	one_reg_context 0x8012, CTX_MDSCR
	one_reg_plain 0xc005, CTX_MPIDR, vmpidr_el2
	one_reg_el1 0xc080, CTX_SCTLR, sctlr
	one_reg_el1 0xc082, CTX_CPACR, cpacr
	one_reg_el1 0xc100, CTX_TTBR0, ttbr0
	one_reg_el1 0xc101, CTX_TTBR1, ttbr1
	one_reg_el1 0xc102, CTX_TCR, tcr
	one_reg_el1 0xc288, CTX_AFSR0, afsr0
	one_reg_el1 0xc289, CTX_AFSR1, afsr1
	one_reg_el1 0xc290, CTX_ESR, esr
	one_reg_el1 0xc300, CTX_FAR, far
	one_reg_plain 0xc3a0, CTX_PAR, par_el1
	one_reg_el1 0xc510, CTX_MAIR, mair
	one_reg_el1 0xc518, CTX_AMAIR, amair
	one_reg_el1 0xc600, CTX_VBAR, vbar
	one_reg_el1 0xc681, CTX_CONTEXTIDR, contextidr
	one_reg_plain 0xc684, CTX_TPIDR_EL1, tpidr_el1
	one_reg_el1 0xc708, CTX_CNTKCTL, cntkctl
	one_reg_plain 0xd000, CTX_CSSELR, csselr_el1
	one_reg_plain 0xde82, CTX_TPIDR_EL0, tpidr_el0
	one_reg_plain 0xde83, CTX_TPIDRRO, tpidrro_el0
.if CFG_MTE >= 2
	one_reg_context 0xc085, CTX_RGSR, ONE_REG_OF_MTE
	one_reg_context 0xc086, CTX_GCR, ONE_REG_OF_MTE
.if HYP_VHE
	one_reg_el1 0xc2b0, CTX_TFSR, tfsr, ONE_REG_OF_MTE
	one_reg_plain 0xc2b1, CTX_TFSRE0, tfsre0_el1, ONE_REG_OF_MTE
.else
.if TFSR_LOADPUT
	one_reg_live ONE_REG_SYSTEM + 0xc2b0, CTX_TFSR, tfsr_el1, ONE_REG_OF_MTE
.else
	one_reg_context 0xc2b0, CTX_TFSR, ONE_REG_OF_MTE
.endif
.if TFSRE0_LOADPUT
	one_reg_live ONE_REG_SYSTEM + 0xc2b1, CTX_TFSRE0, tfsre0_el1, ONE_REG_OF_MTE
.else
	one_reg_context 0xc2b1, CTX_TFSRE0, ONE_REG_OF_MTE
.endif
.endif
.endif
.if CFG_PAUTH
	one_reg_context 0xc108, VCPU_KEYS	// the order of VCPU_KEYS: APIA, APIB, APDA, APDB, APGA, low half first
	one_reg_context 0xc109, VCPU_KEYS + 8
	one_reg_context 0xc10a, VCPU_KEYS + 16
	one_reg_context 0xc10b, VCPU_KEYS + 24
	one_reg_context 0xc110, VCPU_KEYS + 32
	one_reg_context 0xc111, VCPU_KEYS + 40
	one_reg_context 0xc112, VCPU_KEYS + 48
	one_reg_context 0xc113, VCPU_KEYS + 56
	one_reg_context 0xc118, VCPU_KEYS + 64
	one_reg_context 0xc119, VCPU_KEYS + 72
.endif
.if CFG_TIMERS
	// The count before what is compared with it. KVM's numbers of the count and of CNTV_CVAL_EL0 are each other's encodings.
	one_reg_row ONE_REG_SYSTEM + 0xdf1a, VCPU_CNTVOFF, ONE_REG_COUNTS, one_reg_count_get, one_reg_count_set
	one_reg_row ONE_REG_SYSTEM + 0xdf02, VCPU_CNTV_CVAL, 0, one_reg_cval_get, one_reg_cval_set
	one_reg_row ONE_REG_SYSTEM + 0xdf19, VCPU_CNTV_CTL, 0, one_reg_ctl_get, one_reg_ctl_set
.endif
one_reg_rows_end:
	.text

// x0 = vCPU, x1 = number -> x0 = 0 and x1 = value, or x0 = ONE_REG_UNKNOWN. Uses x2-x5.
vcpu_get_reg:
	ldr	x3, =one_reg_rows
	ldr	x4, =one_reg_rows_end
1:	cmp	x3, x4
	b.eq	one_reg_unknown
	ldr	x5, [x3], #ONE_REG_ROW
	cmp	x5, x1
	b.ne	1b
	sub	x3, x3, #ONE_REG_ROW

// x0 = vCPU, x3 = row -> as vcpu_get_reg.
one_reg_get_row:
	ldr	w4, [x3, #ONE_REG_FLAGS]
	tbz	w4, #0, 1f
	ldr	w5, [x0, #VCPU_FLAGS]
	tbz	w5, #FLAG_MTE_BIT, one_reg_unknown
1:	str	x30, [sp, #-16]!
	ldr	w5, [x3, #ONE_REG_AT]
	ldr	x1, [x0, x5]
	ldr	x2, [x3, #ONE_REG_LIVE_GET]
	tbnz	w4, #1, 2f			// a count is made in either case
	cbz	x2, 3f
	ldr	x4, [x0, #VCPU_LOADED]
	cbz	x4, 3f
2:	blr	x2
3:	mov	x0, #0
	ldr	x30, [sp], #16
	ret

// x0 = vCPU, x1 = number, x2 = value -> x0 = 0 or ONE_REG_UNKNOWN. The guest has it from its next entry on, whose ERET
// synchronises what is written to the PE. Uses x1-x6.
vcpu_set_reg:
	ldr	x3, =one_reg_rows
	ldr	x4, =one_reg_rows_end
1:	cmp	x3, x4
	b.eq	one_reg_unknown
	ldr	x5, [x3], #ONE_REG_ROW
	cmp	x5, x1
	b.ne	1b
	sub	x3, x3, #ONE_REG_ROW

// x0 = vCPU, x3 = row, x2 = value -> as vcpu_set_reg.
one_reg_set_row:
	ldr	w4, [x3, #ONE_REG_FLAGS]
	tbz	w4, #0, 1f
	ldr	w5, [x0, #VCPU_FLAGS]
	tbz	w5, #FLAG_MTE_BIT, one_reg_unknown
1:	str	x30, [sp, #-16]!
	ldr	x6, [x3, #ONE_REG_LIVE_SET]
	tbnz	w4, #1, 2f
	ldr	w5, [x3, #ONE_REG_AT]
	ldr	x4, [x0, #VCPU_LOADED]
	cmp	x4, #0
	ccmp	x6, #0, #4, ne
	b.ne	2f
	str	x2, [x0, x5]
	b	3f
2:	blr	x6
3:	mov	x0, #0
	ldr	x30, [sp], #16
	ret

one_reg_unknown:
	mov	x0, #ONE_REG_UNKNOWN
	ret

.if CFG_TIMERS
// The guest's count: what CNTPCT_EL0 is beyond its CNTVOFF_EL2.
one_reg_count_get:
	isb
	mrs	x2, cntpct_el0
	sub	x1, x2, x1
	ret

// x0 = vCPU, x2 = the count that it is to have now. Keeps x0; uses x1-x5.
one_reg_count_set:
	isb
	mrs	x1, cntpct_el0
	sub	x2, x1, x2
	str	x2, [x0, #VCPU_CNTVOFF]
	ldr	x1, [x0, #VCPU_LOADED]
	cbz	x1, 1f
.if HYP_VHE
	msr	cntvoff_el2, x2
.else
	mov	x3, x0
	mov	x0, x2
	hvc	#SET_CNTVOFF
	mov	x0, x3
.endif
1:	ret

one_reg_cval_get:
	timer_access get, cval, x1
	ret
one_reg_cval_set:
	timer_access set, cval, x2
	ret
one_reg_ctl_get:
	timer_access get, ctl, x1
	ret
one_reg_ctl_set:
	timer_access set, ctl, x2
	ret
.endif
.endif

.if CFG_HOST_ONE_REG
// x20 = vCPU that is loaded. Every register of it is read by its number, written back and read again; one that is not what it
// was, or that is not where it should be, counts as bad. Keeps x19-x30.
host_one_reg:
	stp	x29, x30, [sp, #-64]!
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	str	x25, [sp, #48]
	mov	x25, #0
	mov	x0, x20
	mov	x1, #0				// no register's number
	bl	vcpu_get_reg
	cmp	x0, #ONE_REG_UNKNOWN
	cinc	x25, x25, ne
	ldr	x21, =one_reg_rows
	ldr	w24, [x20, #VCPU_FLAGS]
1:	ldr	x23, [x21]
	mov	x0, x20
	mov	x1, x23
	bl	vcpu_get_reg
	mov	x22, x1
	cbz	x0, 2f
	ldr	w2, [x21, #ONE_REG_FLAGS]	// unknown: rightly where it is MTE's and the VM has none
	tbz	w2, #0, 4f
	tbnz	w24, #FLAG_MTE_BIT, 4f
	b	5f
2:	ldr	w2, [x21, #ONE_REG_FLAGS]
	tbz	w2, #0, 3f
	tbz	w24, #FLAG_MTE_BIT, 4f		// known although the VM has no MTE
3:	tbnz	w2, #1, 5f			// the VM's time goes on
	mov	x0, x20
	mov	x1, x23
	mov	x2, x22
	bl	vcpu_set_reg
	cbnz	x0, 4f
	mov	x0, x20
	mov	x1, x23
	bl	vcpu_get_reg
	cbnz	x0, 4f
	cmp	x1, x22
	b.eq	5f
4:	add	x25, x25, #1
5:	add	x21, x21, #ONE_REG_ROW
	ldr	x0, =one_reg_rows_end
	cmp	x21, x0
	b.ne	1b
	host_record x9
	ldr	x0, [x9, #H_BAD]
	add	x0, x0, x25
	str	x0, [x9, #H_BAD]
	ldp	x21, x22, [sp, #16]
	ldp	x23, x24, [sp, #32]
	ldr	x25, [sp, #48]
	ldp	x29, x30, [sp], #64
	ret
	.ltorg
.endif
