// Stage 2 built on demand: a VM's heap is given to it page by page, at its first access. Frames of a VM that has ended go
// to whoever needs one next.

// x20 = vCPU, x0 = ESR_EL2 of a data abort. -> x0 = 1: the page is there now, and the access may be made again; 0: this is
// no access to a page of the heap that is missing. Keeps x19-x30.
vm_fault:
	stp	x29, x30, [sp, #-16]!
	and	x1, x0, #0x3f
	mov	x0, #0
	cmp	x1, #FSC_TRANSLATION_3
	b.ne	3f
	ldr	x9, [x20, #VCPU_HPFAR]
	lsr	x9, x9, #4
	lsl	x9, x9, #12
	ldr	x1, =VM_IPA + VM_BOOT_BYTES
	subs	x9, x9, x1			// offset of the page in the heap
	b.lo	3f
	cmp	x9, #(VM_BYTES - VM_BOOT_BYTES)
	b.hs	3f

	ldr	x0, [x20, #VCPU_PA]
	add	x0, x0, #VM_BOOT_BYTES
	add	x0, x0, x9
	bl	frame_take
	mov	x10, x0
	bl	page_zero
.if POLICY_CLEAR_TAGS && (CFG_MTE >= 2)
	ldr	w1, [x20, #VCPU_FLAGS]
	tbz	w1, #FLAG_MTE_BIT, 1f
	mov	x0, x10
	bl	page_clear_tags
1:
.endif
	dmb	ishst				// no walk finds the page before its data and tags are clear
	ldr	x1, =PT_PAGE | PT_AF | PT_SH | S2_RW | S2_NORMAL
	orr	x1, x1, x10
	bl	vm_heap_table
	lsr	x9, x9, #12
	str	x1, [x0, x9, lsl #3]
	dsb	ishst				// and the walk of the access made again finds it
	mov	x0, #1
3:	ldp	x29, x30, [sp], #16
	ret

// x20 = vCPU that has ended. Its heap's frames are free; its data and its tags are left as they are.
vm_release:
	stp	x29, x30, [sp, #-16]!
	bl	vm_heap_table
	mov	x9, x0
	mov	x10, #((VM_BYTES - VM_BOOT_BYTES) / 4096)
1:	ldr	x0, [x9]
	str	xzr, [x9], #8			// its VMID never runs again: no TLB entry of it is used
	tbz	x0, #0, 2f
	ubfx	x0, x0, #12, #28
	lsl	x0, x0, #12
	bl	frame_give
2:	subs	x10, x10, #1
	b.ne	1b
	ldp	x29, x30, [sp], #16
	ret

// x20 = vCPU -> x0 = the descriptor of its heap's first page.
vm_heap_table:
	ldr	x0, [x20, #VCPU_VTTBR]
	ubfx	x0, x0, #0, #48
	add	x0, x0, #(2 * 4096)
	add	x0, x0, #((VM_BOOT_BYTES / 4096) * 8)
	ret

// x0 = frame to take where none has been given back -> x0 = frame. Uses x1-x4.
frame_take:
	ldr	x1, =frames
	mov	w2, #1
1:	swpa	w2, w3, [x1]
	cbnz	w3, 1b
	ldr	x3, [x1, #8]
	cbz	x3, 2f
	add	x4, x1, x3, lsl #3
	ldr	x0, [x4, #8]
	sub	x3, x3, #1
	str	x3, [x1, #8]
2:	stlr	wzr, [x1]
	ret

// x0 = frame. Uses x1-x4.
frame_give:
	ldr	x1, =frames
	mov	w2, #1
1:	swpa	w2, w3, [x1]
	cbnz	w3, 1b
	ldr	x3, [x1, #8]
	add	x3, x3, #1
	str	x3, [x1, #8]
	add	x4, x1, x3, lsl #3
	str	x0, [x4, #8]
	stlr	wzr, [x1]
	ret

// x0 = page, by its address in the untagged map: data alone, tags stay. Uses x0-x2.
page_zero:
	mrs	x2, dczid_el0			// DC ZVA zeroes 4 << BS bytes
	and	x2, x2, #15
	mov	x1, #4
	lsl	x2, x1, x2
	add	x1, x0, #4096
1:	dc	zva, x0
	add	x0, x0, x2
	cmp	x0, x1
	b.ne	1b
	ret

.if CFG_MTE >= 2
// x0 = page, by its address in the untagged map. Uses x0-x3.
page_clear_tags:
	mov	x1, #TAGGED
	add	x0, x0, x1
.if !CFG_HOST_ATA
	mrs	x3, sctlr_el1			// without tag access STGM has no effect
	orr	x1, x3, #SCTLR_ATA
	msr	sctlr_el1, x1
	isb
.endif
	mrs	x2, gmid_el1			// STGM writes the tags of 4 << BS bytes
	and	x2, x2, #15
	mov	x1, #4
	lsl	x2, x1, x2
	add	x1, x0, #4096
1:	stgm	xzr, [x0]
	add	x0, x0, x2
	cmp	x0, x1
	b.ne	1b
.if !CFG_HOST_ATA
	msr	sctlr_el1, x3
	isb
.endif
	ret
.endif
	.ltorg

	.data
	.balign	64
// A lock, how many frames have been given back, and which.
frames:
	.quad	0, 0
	.space	CFG_VCPUS * ((VM_BYTES - VM_BOOT_BYTES) / 4096) * 8
	.text
