// Creation of the VMs by PE 0: memory, stage 2, tags, reset state, the run queue.

// One row of the vCPU table; config.inc's vcpu_config has one line of this for each vCPU.
.macro cfg_vcpu guest, mte=1, checks=0, exclude=0, rrnd=0, seed=1, rounds=0, faults=0, place=0
	.quad	guest_\guest
	.quad	\mte
	.quad	\checks
	.quad	(\exclude) | ((\rrnd) << 16)
	.quad	(\seed) & 0xffff
	.quad	\rounds
	.quad	\faults
	.quad	.Lname\@
	.quad	\place
	.space	(1 << ROW_SHIFT) - 72
	.pushsection .rodata, "a", %progbits
.Lname\@:
	.asciz	"\guest"
	.popsection
.endm

vms_init:
	stp	x29, x30, [sp, #-48]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	ldr	x0, =guest_image
	ldr	x1, =guest_image_end
	sub	x1, x1, x0
	cmp	x1, #VM_IMAGE_MAX
	b.hi	host_unexpected
	mov	x19, #0
1:	ldr	x20, =vcpus
	add	x20, x20, x19, lsl #VCPU_SHIFT
	ldr	x21, =vcpu_rows
	add	x21, x21, x19, lsl #ROW_SHIFT
	ldr	x22, =vm_memory
	add	x22, x22, x19, lsl #VM_SHIFT
	str	x19, [x20, #VCPU_INDEX]
	str	x21, [x20, #VCPU_CONFIG]
	str	x22, [x20, #VCPU_PA]
	bl	vm_recycle
	bl	vm_copy_image
	bl	vm_map
	bl	vcpu_reset
.if CFG_RESTORE
	cbnz	x19, 2f
	bl	vm_restore
2:
.endif
	mov	x0, x19
	bl	queue_push
	add	x19, x19, #1
	cmp	x19, #CFG_VCPUS
	b.ne	1b
	dsb	ish
	ic	ialluis
	dsb	ish
	isb
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x29, x30, [sp], #48
	ret

// x22 = VM's memory. Leaves it as a previous owner would: zero data, tag 9 on every granule.
vm_recycle:
.if CFG_MTE >= 2
	mov	x0, #TAGGED
	add	x0, x0, x22
	movk	x0, #0x0900, lsl #48
	mov	x1, #(VM_BYTES / 32)
1:	stz2g	x0, [x0], #32
	subs	x1, x1, #1
	b.ne	1b
.endif
	ret

vm_copy_image:
	ldr	x0, =guest_image
	ldr	x1, =guest_image_end
	mov	x2, x22
1:	ldp	x3, x4, [x0], #16
	stp	x3, x4, [x2], #16
	cmp	x0, x1
	b.lo	1b
	ret

// x19 = index, x21 = row, x22 = memory. Three levels of stage 2; the pages that the host has filled are mapped, the heap
// comes on demand. Tags first, then the descriptor.
vm_map:
	stp	x29, x30, [sp, #-16]!
	ldr	x9, =vm_tables
	add	x9, x9, x19, lsl #13
	add	x9, x9, x19, lsl #12
	mov	x0, x19
	add	x0, x0, #1			// VMID; 0 is the host's
	orr	x0, x9, x0, lsl #48
	str	x0, [x20, #VCPU_VTTBR]
	add	x10, x9, #4096
	add	x11, x10, #4096
	orr	x0, x10, #PT_TABLE
	str	x0, [x9, #((VM_IPA >> 30) * 8)]
	orr	x0, x11, #PT_TABLE
	str	x0, [x10]
	mov	x12, x22
	mov	x13, #(VM_BOOT_BYTES / 4096)
	ldr	x14, =PT_PAGE | PT_AF | PT_SH | S2_RW | S2_NORMAL
1:
.if POLICY_CLEAR_TAGS && (CFG_MTE >= 2)
	ldr	x0, [x21, #ROW_MTE]
	cbz	x0, 2f
	mov	x0, x12
	bl	page_clear_tags
	dmb	ishst				// no PE sees the page before its tags are clear
2:
.endif
	orr	x0, x12, x14
	str	x0, [x11], #8
	add	x12, x12, #4096
	subs	x13, x13, #1
	b.ne	1b
	ldp	x29, x30, [sp], #16
	ret

// x19 = index, x20 = vCPU, x21 = row. The state a guest starts in; its arguments are in x0-x6.
vcpu_reset:
	ldr	x0, [x21, #ROW_ENTRY]
	ldr	x1, =guest_image
	sub	x0, x0, x1
	ldr	x1, =VM_IPA
	add	x0, x0, x1
	str	x0, [x20, #CTX_PC]
	mov	x0, #PSTATE_EL1H
	str	x0, [x20, #CTX_PSTATE]
	mov	x0, #(1 << 31)
	orr	x0, x0, x19
	str	x0, [x20, #CTX_MPIDR]
	ldr	x0, =SCTLR_EL1_RES1 | SCTLR_EIS | SCTLR_EOS
	str	x0, [x20, #CTX_SCTLR]
	ldr	x0, =0x1de7ec7edbadc0de		// UNKNOWN at reset, so not zero: nobody may rely on it
	str	x0, [x20, #CTX_RGSR]
	str	x0, [x20, #CTX_GCR]
	str	x0, [x20, #CTX_TFSR]
	str	x0, [x20, #CTX_TFSRE0]
.if CFG_PAUTH
	mov	x1, #10
	add	x2, x20, #VCPU_KEYS
1:	str	x0, [x2], #8
	subs	x1, x1, #1
	b.ne	1b
.endif
.if CFG_TIMERS
	str	x0, [x20, #VCPU_CNTV_CVAL]
	str	xzr, [x20, #VCPU_CNTV_CTL]
	isb
	mrs	x1, cntpct_el0			// a VM's count begins with the VM
	str	x1, [x20, #VCPU_CNTVOFF]
	mov	x1, #VMCR_RESET
	str	x1, [x20, #VCPU_VMCR]
.endif
	ldp	x1, x2, [x21, #ROW_MTE]
	ldp	x3, x4, [x21, #ROW_GCR]
	ldp	x5, x6, [x21, #ROW_ROUNDS]
	stp	x19, x5, [x20, #CTX_X]		// x0 index, x1 rounds
	stp	x2, x3, [x20, #(CTX_X + 16)]	// x2 checks, x3 GCR_EL1
	stp	x4, x6, [x20, #(CTX_X + 32)]	// x4 seed, x5 a deliberate mismatch every so many rounds
	ldr	x7, [x21, #ROW_PLACE]
	stp	x1, x7, [x20, #(CTX_X + 48)]	// x6 whether the VM has MTE, x7 where its mismatches are made
	str	w1, [x20, #VCPU_FLAGS]
	ldr	x0, =HCR_GUEST
.if CFG_PAUTH
	orr	x0, x0, #(HCR_API | HCR_APK)
.endif
.if !POLICY_ATA_PER_VM
	orr	x0, x0, #HCR_ATA
.endif
	cbz	x1, 1f
	orr	x0, x0, #HCR_ATA
	b	2f
1:
.if POLICY_TID5 && (CFG_MTE >= 2)
	orr	x0, x0, #HCR_TID5
.endif
2:	str	x0, [x20, #VCPU_HCR]
	ret
	.ltorg

	.data
	.balign	64
vcpu_rows:
	vcpu_config

	.bss
	.balign	4096
vcpus:
	.space	CFG_VCPUS << VCPU_SHIFT
	.balign	4096
vm_tables:
	.space	CFG_VCPUS * 3 * 4096
	.balign	4096
vm_memory:
	.space	CFG_VCPUS * VM_BYTES
	.text
