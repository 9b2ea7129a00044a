// Migration: one VM's registers, pages and tags are saved in one run and restored in another. Pages and tags are copied by
// the host, as a VMM does it by KVM_ARM_MTE_COPY_TAGS: one byte for each granule.

// Registers go by their numbers (one-reg.S), so that what one hypervisor has saved another can restore.

// ---- What is saved: the lab reads it from memory by the name saved_vm, and writes it into another image ----
.set SAVED_MAGIC,   0x32304d5644595753 // "SWYDVM02" in memory
.set SAVED_PAGES,   8              // bit n: page n of the VM is there
.set SAVED_FLAGS,   16             // what is still to be done to its PC
.set SAVED_GIC,     24             // its interrupt's list register, ICH_VMCR_EL2, ICH_AP1R0_EL2
.set SAVED_FP,      64             // q0 to q31, FPSR, FPCR: 528 bytes
.set SAVED_REGS,    1024           // {number, value}, up to a number of 0
.set SAVED_TAGS,    4096           // 256 bytes a page
.set SAVED_DATA,    8192
.set SAVED_BYTES,   SAVED_DATA + VM_BYTES

.if CFG_SAVE_AT
// x20 = vCPU that runs no more: it has just been put, or (CFG_MOVE_LOADED) is about to be. Where it is its time, it is saved and its
// state says so. Keeps x19-x30.
vm_save:
	ldr	x1, [x20, #VCPU_INDEX]
	cbnz	x1, 5f
	ldr	x1, [x20, #VCPU_LOADS]
	ldr	x2, =CFG_SAVE_AT
	cmp	x1, x2
	b.ne	5f
	stp	x29, x30, [sp, #-16]!
	ldr	x9, =saved_vm
	ldr	x0, =SAVED_MAGIC
	str	x0, [x9]
	ldr	w0, [x20, #VCPU_FLAGS]
	str	x0, [x9, #SAVED_FLAGS]
	add	x10, x9, #SAVED_REGS
	ldr	x11, =one_reg_rows
	ldr	x12, =one_reg_rows_end
3:	mov	x0, x20
	mov	x3, x11
	bl	one_reg_get_row
	cbnz	x0, 4f				// a VM without MTE has no such register
	ldr	x0, [x11]
	stp	x0, x1, [x10], #16
4:	add	x11, x11, #ONE_REG_ROW
	cmp	x11, x12
	b.ne	3b
	stp	xzr, xzr, [x10]
.if CFG_TIMERS
.if HYP_VHE && CFG_MOVE_LOADED
	gic_interface_save x20, x0		// it is in the PE until vcpu_put
	gic_interface_restore x20, x0
.endif
	ldr	x0, [x20, #VCPU_LR0]
	ldr	x1, [x20, #VCPU_VMCR]
	ldr	x2, [x20, #VCPU_AP1R0]
	stp	x0, x1, [x9, #SAVED_GIC]
	str	x2, [x9, #(SAVED_GIC + 16)]
.endif
	add	x10, x20, #VCPU_FP		// the guest's at every exit that reaches the host
	add	x11, x9, #SAVED_FP
	mov	x12, #528
	bl	copy_bytes
	mov	x13, #0				// page
	mov	x14, #0				// which are there
1:	bl	vm_frame
	cbz	x0, 2f
	mov	x1, #1
	lsl	x1, x1, x13
	orr	x14, x14, x1
	mov	x10, x0
	add	x11, x9, #SAVED_DATA
	add	x11, x11, x13, lsl #12
	mov	x12, #4096
	bl	copy_bytes
	add	x11, x9, #SAVED_TAGS
	add	x11, x11, x13, lsl #8
	bl	page_save_tags
2:	add	x13, x13, #1
	cmp	x13, #(VM_BYTES / 4096)
	b.ne	1b
	str	x14, [x9, #SAVED_PAGES]
	mov	x0, #STATE_SAVED
	str	x0, [x20, #VCPU_STATE]
	ldp	x29, x30, [sp], #16
5:	ret

// x10 = frame, x11 = where 256 tags go. Uses x0-x3.
page_save_tags:
.if CFG_MTE >= 2
	mov	x0, #TAGGED
	add	x0, x0, x10
	sub	x0, x0, #4096			// copy_bytes has moved it on
	add	x1, x0, #4096
1:	mov	x2, x0
	ldg	x2, [x2]
	ubfx	x2, x2, #56, #4
	strb	w2, [x11], #1
	add	x0, x0, #16
	cmp	x0, x1
	b.ne	1b
.endif
	ret

// x20 = vCPU, x13 = page of its memory -> x0 = frame, or 0 where the VM has none there. Uses x1.
vm_frame:
	cmp	x13, #(VM_BOOT_BYTES / 4096)
	b.hs	1f
	ldr	x0, [x20, #VCPU_PA]
	add	x0, x0, x13, lsl #12
	ret
1:	mov	x1, x30
	bl	vm_heap_table
	mov	x30, x1
	sub	x1, x13, #(VM_BOOT_BYTES / 4096)
	ldr	x0, [x0, x1, lsl #3]
	tst	x0, #1
	ubfx	x0, x0, #12, #28
	lsl	x0, x0, #12
	csel	x0, x0, xzr, ne
	ret
.endif

.if CFG_RESTORE
// x20 = vCPU 0, reset and mapped. It gets what was saved; a page of the heap is mapped where the saved VM had one.
// Keeps x19-x30.
vm_restore:
	stp	x29, x30, [sp, #-16]!
	ldr	x9, =saved_vm
	ldr	x0, [x9]
	ldr	x1, =SAVED_MAGIC
	cmp	x0, x1
	b.ne	host_unexpected			// the lab refuses what is no saved VM
.if !CFG_MOVE_LOADED
	bl	vm_restore_registers
.endif
	ldr	x9, =saved_vm
.if CFG_TIMERS
	ldp	x0, x1, [x9, #SAVED_GIC]
	ldr	x2, [x9, #(SAVED_GIC + 16)]
	str	x0, [x20, #VCPU_LR0]
	str	x1, [x20, #VCPU_VMCR]
	str	x2, [x20, #VCPU_AP1R0]
.endif
	add	x11, x20, #VCPU_FP
	add	x10, x9, #SAVED_FP
	mov	x12, #528
	bl	copy_bytes
	ldr	x0, [x9, #SAVED_FLAGS]
	and	w0, w0, #((1 << FLAG_UNDEF_BIT) | (1 << FLAG_PC_BIT))
	ldr	w1, [x20, #VCPU_FLAGS]
	orr	w0, w0, w1
	str	w0, [x20, #VCPU_FLAGS]
	ldr	x14, [x9, #SAVED_PAGES]
	mov	x13, #0
1:	lsr	x0, x14, x13
	tbz	x0, #0, 2f
	ldr	x15, [x20, #VCPU_PA]
	add	x15, x15, x13, lsl #12
	mov	x11, x15
	add	x10, x9, #SAVED_DATA
	add	x10, x10, x13, lsl #12
	mov	x12, #4096
	bl	copy_bytes
	add	x11, x9, #SAVED_TAGS
	add	x11, x11, x13, lsl #8
	bl	page_restore_tags
	cmp	x13, #(VM_BOOT_BYTES / 4096)
	b.lo	2f				// mapped already
	dmb	ishst				// tags before the descriptor
	bl	vm_heap_table
	sub	x1, x13, #(VM_BOOT_BYTES / 4096)
	ldr	x2, =PT_PAGE | PT_AF | PT_SH | S2_RW | S2_NORMAL
	orr	x2, x2, x15
	str	x2, [x0, x1, lsl #3]
2:	add	x13, x13, #1
	cmp	x13, #(VM_BYTES / 4096)
	b.ne	1b
	ldp	x29, x30, [sp], #16
	ret

// x20 = vCPU. What it has not got (a VM saved with MTE, restored without) is refused. Uses x0-x6, x9.
vm_restore_registers:
	stp	x29, x30, [sp, #-16]!
	ldr	x9, =saved_vm + SAVED_REGS
1:	ldp	x1, x2, [x9], #16
	cbz	x1, 2f
	mov	x0, x20
	bl	vcpu_set_reg
	cbnz	x0, host_unexpected
	b	1b
2:	ldp	x29, x30, [sp], #16
	ret

.if CFG_MOVE_LOADED
// x20 = vCPU just loaded: vCPU 0 gets its registers at its first load.
vm_restore_loaded:
	ldr	x0, [x20, #VCPU_INDEX]
	cbnz	x0, 1f
	ldr	x0, [x20, #VCPU_LOADS]
	cmp	x0, #1
	b.eq	vm_restore_registers
1:	ret
.endif

// x15 = frame, x11 = its 256 tags. The tags are the VM's own, whoever writes them. Uses x0-x2.
page_restore_tags:
.if CFG_MTE >= 2
	mov	x0, #TAGGED
	add	x0, x0, x15
	add	x1, x0, #4096
	mark	MARK_ON_BEHALF, 1
1:	ldrb	w2, [x11], #1
	bfi	x0, x2, #56, #4
	stg	x0, [x0], #16
	bfi	x0, xzr, #56, #4
	cmp	x0, x1
	b.ne	1b
	mark	MARK_ON_BEHALF, 0
.endif
	ret
.endif

.if CFG_SAVE_AT || CFG_RESTORE
// x10 = from, x11 = to, x12 = bytes, a multiple of 16. Leaves x10 and x11 behind them. Uses x0, x1.
copy_bytes:
	ldp	x0, x1, [x10], #16
	stp	x0, x1, [x11], #16
	subs	x12, x12, #16
	b.ne	copy_bytes
	ret
	.ltorg

	.data
	.balign	4096
saved_vm:
	.space	SAVED_BYTES
	.text
.endif
