// What the guests share. All guests are one image, linked anywhere and copied to VM_IPA of each VM: its code is
// position-independent by pages (PC-relative only), and its data has fixed addresses in the VM's memory.

// ---- A VM's memory, offsets from VM_IPA ----
.set G_TABLE,       0x80004000
.set G_DATA,        0x80005000
.set G_STACK_TOP,   0x80007000
.set G_HEAP,        0x80008000     // 16 KiB for EL1
.set G_HEAP_EL0,    0x8000c000     // 16 KiB for EL0
// ---- The same memory at other virtual addresses: 1 GiB blocks ----
.set G_TAGGED,      0x040000000    // + IPA: Normal Tagged, EL1
.set G_TAGGED_EL0,  0x080000000    // + IPA: Normal Tagged, EL0
.set G_CODE_EL0,    0x0c0000000    // + IPA: executable at EL0
.set G_DEVICE,      0x180000000    // + IPA of the doorbell: Device, EL0
.set G_HIGH,        0xffffff8000000000 // + any of these: the same once more by TTBR1_EL1, VA bit 55 set (g_map_high)

// ---- Data page ----
.set D_INDEX,       0
.set D_ROUNDS,      8              // 0: endless
.set D_CHECKS,      16             // 0 none, 1 sync, 2 async, 3 asym
.set D_GCR,         24
.set D_SEED,        32
.set D_FAULTS,      40             // a mismatch every so many rounds; 0: never
.set D_MTE,         48
.set D_SYNC,        56
.set D_ASYNC,       64
.set D_UNDEF,       72
.set D_BAD,         80
.set D_RGSR,        88             // what RGSR_EL1 must read next
.set D_ROUND,       96
.set D_EXPECT,      104            // 1 while an asynchronous fault waits to be harvested
.set D_SVC,         112            // where an SVC from EL0 goes
.set D_TFSR,        120            // what the guest left in TFSR_EL1 and TFSRE0_EL1, where it wrote them by hand
.set D_TFSRE0,      128
.set D_PLACE,       136            // where the guest makes its mismatching accesses
.set D_IRQ,         144            // where an interrupt taken at EL1 goes; 0: nobody expects one
.set D_PROBE,       256            // values written before a call, to be found after it

	.balign	4096
guest_image:

// First thing every guest does: arguments x0-x7 as vcpu_reset gives them. Returns with the MMU on, x28 = data page.
g_boot:
	ldr	x28, =G_DATA
	stp	x0, x1, [x28, #D_INDEX]
	stp	x2, x3, [x28, #D_CHECKS]
	stp	x4, x5, [x28, #D_SEED]
	str	x6, [x28, #D_MTE]
	str	x7, [x28, #D_PLACE]
	ldr	x9, =G_TABLE
	ldr	x10, =VM_IPA
	ldr	x11, =PT_BLOCK | ATTR_NORMAL | PT_AF | PT_SH | PT_UXN
	orr	x11, x11, x10
	str	x11, [x9, #(2 * 8)]
	ldr	x11, =PT_BLOCK | ATTR_TAGGED | PT_AF | PT_SH | PT_PXN | PT_UXN
	orr	x11, x11, x10
	str	x11, [x9, #(3 * 8)]
	ldr	x11, =PT_BLOCK | ATTR_TAGGED | PT_AF | PT_SH | PT_EL0 | PT_PXN | PT_UXN
	orr	x11, x11, x10
	str	x11, [x9, #(4 * 8)]
	ldr	x11, =PT_BLOCK | ATTR_NORMAL | PT_AF | PT_SH | PT_EL0 | PT_RO | PT_PXN
	orr	x11, x11, x10
	str	x11, [x9, #(5 * 8)]
	ldr	x11, =PT_BLOCK | ATTR_DEVICE | PT_AF | PT_EL0 | PT_PXN | PT_UXN
	str	x11, [x9, #(6 * 8)]
	msr	ttbr0_el1, x9
	adr	x9, g_vectors
	msr	vbar_el1, x9
	ldr	x9, =TCR_EL1_VALUE
	msr	tcr_el1, x9
	ldr	x9, =MAIR_VALUE
	msr	mair_el1, x9
	msr	tpidr_el1, x28
	ldr	x10, =SCTLR_EL1_RES1 | SCTLR_EIS | SCTLR_EOS | SCTLR_M | SCTLR_C | SCTLR_SA | SCTLR_I | SCTLR_NTWI | SCTLR_ITFSB
	cbz	x6, 1f
	msr	gcr_el1, x3			// all four registers are UNKNOWN until written
	lsl	x4, x4, #8
	msr	rgsr_el1, x4
	str	x4, [x28, #D_RGSR]
.if CFG_MTE_ASYNC
	msr	tfsr_el1, xzr
	msr	tfsre0_el1, xzr
.endif
	ldr	x11, =SCTLR_ATA | SCTLR_ATA0
	orr	x10, x10, x11
	orr	x10, x10, x2, lsl #SCTLR_TCF0_SHIFT
	orr	x10, x10, x2, lsl #SCTLR_TCF_SHIFT
1:	dsb	sy
	tlbi	vmalle1
	dsb	sy
	isb
	msr	sctlr_el1, x10
	isb
	ldr	x9, =G_STACK_TOP
	mov	sp, x9
	ret

	.balign	16
g_irg_model:
	irg_model_body

// Adds one to the guest's count of bad findings where the flags say NE. Uses x9.
.macro g_bad_if_ne
	ldr	x9, [x28, #D_BAD]
	cinc	x9, x9, ne
	str	x9, [x28, #D_BAD]
.endm

// x0 = function, x1-x5 its arguments
.macro g_call function
	ldr	x0, =\function
	hvc	#0
.endm

// The same, and x13 = x19 with the tag that the first instruction behind it draws.
.macro g_call_and_draw function
	g_call	\function
	irg	x13, x19
.endm

// One line by the host. Uses x0-x2.
.macro g_say text, end
	adr	x1, \text
	adr	x2, \end
	sub	x2, x2, x1
	g_call	HC_PUTS
.endm

// x10 = address of the drawn pointer's slot, x12 = extra excluded tags, x13 = pointer that IRG returned.
// Compares the draw and RGSR_EL1 with the model and notes the new state. Uses x0-x9, x14, x15.
g_check_draw:
	mov	x15, x30
	mrs	x14, rgsr_el1
	ldr	x1, [x28, #D_GCR]
	tbnz	x1, #16, 1f			// RRND = 1: the stream is the implementation's
	orr	x1, x1, x12
	ldr	x0, [x28, #D_RGSR]
	bl	g_irg_model
	cmp	x0, x14
	g_bad_if_ne
	and	x0, x0, #15
	ubfx	x1, x13, #56, #4
	cmp	x0, x1
	g_bad_if_ne
1:	str	x14, [x28, #D_RGSR]
	ret	x15

// RGSR_EL1 and GCR_EL1 are what they were. Uses x0, x1, x9.
g_check_pair:
	mrs	x0, rgsr_el1
	ldr	x1, [x28, #D_RGSR]
	cmp	x0, x1
	g_bad_if_ne
	mrs	x0, gcr_el1
	ldr	x1, [x28, #D_GCR]
	cmp	x0, x1
	g_bad_if_ne
	mrs	x0, tco
	cmp	x0, #0
	g_bad_if_ne
	ret

.macro g_probe_write reg, value
	ldr	x9, =\value
	msr	\reg, x9
	mrs	x9, \reg
	str	x9, [x10], #8
.endm
.macro g_probe_read reg
	mrs	x0, \reg
	ldr	x1, [x10], #8
	cmp	x0, x1
	g_bad_if_ne
.endm

// x0 = HC_TIME or HC_YIELD: every register of the EL1 state that may hold anything is written, and must be the same
// after the call. The MTE registers too, for a VM that has them.
g_probe:
	str	x30, [sp, #-16]!
	mov	x8, x0
	add	x10, x28, #D_PROBE
	g_probe_write tpidr_el0, 0x1111222233334444
	g_probe_write tpidrro_el0, 0x5555666677778888
	g_probe_write contextidr_el1, 0x12345678
	g_probe_write far_el1, 0x0123456789abcdef
	g_probe_write esr_el1, 0x96000011
	g_probe_write elr_el1, 0x80001000
	g_probe_write spsr_el1, 0x600003c5
	g_probe_write sp_el0, 0x80006540
	g_probe_write cntkctl_el1, 0x3
	g_probe_write cpacr_el1, 0x300000
	g_probe_write csselr_el1, 0x2
	ldr	x9, [x28, #D_MTE]
	cbz	x9, 1f
.if CFG_MTE_ASYNC
	g_probe_write tfsr_el1, 3
	g_probe_write tfsre0_el1, 1
.endif
1:	mov	x0, x8
	hvc	#0
	add	x10, x28, #D_PROBE
	g_probe_read tpidr_el0
	g_probe_read tpidrro_el0
	g_probe_read contextidr_el1
	g_probe_read far_el1
	g_probe_read esr_el1
	g_probe_read elr_el1
	g_probe_read spsr_el1
	g_probe_read sp_el0
	g_probe_read cntkctl_el1
	g_probe_read cpacr_el1
	g_probe_read csselr_el1
	ldr	x9, [x28, #D_MTE]
	cbz	x9, 2f
.if CFG_MTE_ASYNC
	g_probe_read tfsr_el1
	g_probe_read tfsre0_el1
	msr	tfsr_el1, xzr
	msr	tfsre0_el1, xzr
.endif
	bl	g_check_pair
2:	mrs	x0, tpidr_el1
	cmp	x0, x28
	g_bad_if_ne
	ldr	x30, [sp], #16
	ret

// The upper half of the address space, as the lower one: T1SZ 25, top byte ignored. Uses x0, x1.
g_map_high:
	ldr	x0, =G_TABLE
	msr	ttbr1_el1, x0
	ldr	x0, =TCR_EL1_VALUE & ~(1 << 23) | (1 << 24) | (1 << 26) | (3 << 28) | (1 << 38)
	msr	tcr_el1, x0
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	ret

// The heap that a VM with MTE gets must carry no tag of a previous owner: LDG reads 0 in every granule.
g_check_heap:
	ldr	x1, =G_HEAP + G_TAGGED
	mov	x2, #(0x8000 / 16)
1:	mov	x0, x1
	ldg	x0, [x0]
	cmp	x0, x1
	g_bad_if_ne
	add	x1, x1, #16
	subs	x2, x2, #1
	b.ne	1b
	ret

// -> x0 = 1 where this round has a deliberate mismatch. Uses x1-x3.
g_fault_due:
	ldr	x1, [x28, #D_FAULTS]
	mov	x0, #0
	cbz	x1, 1f
	ldr	x2, [x28, #D_ROUND]
	udiv	x3, x2, x1
	msub	x3, x3, x1, x2
	cmp	x3, #0
	cset	x0, eq
1:	ret

// Ends the guest: the host gets its counts.
g_done:
	ldr	x1, [x28, #D_ROUND]
	ldp	x2, x3, [x28, #D_SYNC]
	ldp	x4, x5, [x28, #D_UNDEF]
	g_call	HC_DONE
1:	b	1b

.macro g_vector target=g_unexpected
	.balign	128
	b	\target
.endm

	.balign	2048
g_vectors:
	.rept	4
	g_vector
	.endr
	g_vector g_sync_el1
	g_vector g_irq_el1
	.rept	2
	g_vector
	.endr
	g_vector g_sync_el0
	.rept	7
	g_vector
	.endr
	.balign	128

// A tag check fault or an UNDEFINED instruction of EL1 is counted and skipped.
g_sync_el1:
	stp	x0, x1, [sp, #-32]!
	stp	x2, x28, [sp, #16]
	mrs	x28, tpidr_el1
	mrs	x0, esr_el1
	ubfx	x1, x0, #26, #6
	cmp	x1, #EC_DABT_CUR
	b.eq	2f
	cmp	x1, #EC_SYS64			// FEAT_IDST reports GMID_EL1 so where the PE has no MTE
	ccmp	x1, #EC_UNKNOWN, #4, ne
	b.ne	g_unexpected
	ldr	x1, [x28, #D_UNDEF]
	add	x1, x1, #1
	str	x1, [x28, #D_UNDEF]
	ldr	x1, [x28, #D_MTE]
	cbz	x1, 3f
	mrs	x1, tco				// an injected exception must look like one that the PE took
	cbnz	x1, 3f
	ldr	x1, [x28, #D_BAD]
	add	x1, x1, #1
	str	x1, [x28, #D_BAD]
	b	3f
2:	and	x0, x0, #0x3f
	cmp	x0, #DFSC_TAG
	b.ne	g_unexpected
	ldr	x1, [x28, #D_SYNC]
	add	x1, x1, #1
	str	x1, [x28, #D_SYNC]
3:	mrs	x0, elr_el1
	add	x0, x0, #4
	msr	elr_el1, x0
	ldp	x2, x28, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret
	sb

// From EL0: a tag check fault is counted and skipped, an SVC goes to the guest's own kernel with EL0's registers.
g_sync_el0:
	stp	x0, x1, [sp, #-32]!
	stp	x2, x28, [sp, #16]
	mrs	x28, tpidr_el1
	mrs	x0, esr_el1
	ubfx	x1, x0, #26, #6
	cmp	x1, #EC_DABT_LOW
	b.ne	1f
	and	x0, x0, #0x3f
	cmp	x0, #DFSC_TAG
	b.ne	g_unexpected
	ldr	x1, [x28, #D_SYNC]
	add	x1, x1, #1
	str	x1, [x28, #D_SYNC]
	mrs	x0, elr_el1
	add	x0, x0, #4
	msr	elr_el1, x0
	ldp	x2, x28, [sp, #16]
	ldp	x0, x1, [sp], #32
	eret
	sb
1:	cmp	x1, #EC_SVC64
	b.ne	g_unexpected
	ldr	x17, [x28, #D_SVC]		// the task leaves x17 and x28 to the kernel
	cbz	x17, g_unexpected
	ldr	x2, [sp, #16]
	ldp	x0, x1, [sp], #32
	br	x17

// A guest that takes interrupts has its handler in D_IRQ, which ends with an ERET; x0, x1 are on the stack, x0 = data page.
g_irq_el1:
	stp	x0, x1, [sp, #-16]!
	mrs	x0, tpidr_el1
	ldr	x1, [x0, #D_IRQ]
	cbz	x1, g_unexpected
	br	x1

g_unexpected:
	mrs	x1, esr_el1
	mrs	x2, elr_el1
	mrs	x3, far_el1
	g_call	HC_PANIC
1:	b	1b

	.balign	8
g_text_up:
	.ascii	"up"
g_text_up_end:
	.balign	8
	.ltorg
