// Each PE's loop: take the next runnable vCPU from the shared queue, load it, run it, put it, give it back. A vCPU so
// moves between the PEs.

// Returns when every vCPU is done or dead.
host_loop:
	stp	x29, x30, [sp, #-48]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	bl	host_tags_ready
1:	bl	host_tags_thread_switch
	bl	queue_pop
	tbz	x0, #63, 2f
	yield
	ldr	x0, =vcpus_finished
	ldar	x1, [x0]
	cmp	x1, #CFG_VCPUS
	b.lo	1b
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x29, x30, [sp], #48
	ret

2:	mov	x19, x0
	ldr	x20, =vcpus
	add	x20, x20, x19, lsl #VCPU_SHIFT
	bl	host_tags_work
	ldr	x0, [x20, #VCPU_LOADS]
	add	x0, x0, #1
	str	x0, [x20, #VCPU_LOADS]
.if !CFG_HOST_FAULT_LOADED
	bl	host_faults_make
.endif

	mark	MARK_VCPU_LOAD, 19
	mov	x0, x20
	bl	vcpu_load
.if CFG_ONE_REG
	mov	x0, #1
	str	x0, [x20, #VCPU_LOADED]
.endif
.if CFG_RESTORE && CFG_MOVE_LOADED
	bl	vm_restore_loaded
.endif
	host_record x0
	ldr	x0, [x0, #H_INDEX]
	str	x0, [x20, #VCPU_PE]
.if CFG_HOST_FAULT_LOADED
	bl	host_faults_make
.endif
	bl	host_timer_arm
.if CFG_HOST_ILLEGAL
	bl	host_make_illegal
.endif

3:	host_run_vcpu
	mov	x21, x0
	host_check_tco
	bl	host_tags_probed
	ldr	x1, [x20, #VCPU_RUNS]
	cmp	x21, #EXIT_IRQ			// when it comes is no part of the experiment
	ccmp	x21, #EXIT_ILLEGAL, #4, ne	// and this was no switch
	cinc	x1, x1, ne
	str	x1, [x20, #VCPU_RUNS]
	bl	host_tags_work
.if CFG_HOST_ONE_REG
	bl	host_one_reg
.endif
	bl	exit_handle
	cbz	x0, 3b				// served without giving up the PE

	mov	x21, x0
.if CFG_SAVE_AT && CFG_MOVE_LOADED
	cmp	x21, #PUT_FINISHED
	b.eq	5f
	bl	vm_save
5:
.endif
.if CFG_ONE_REG
	str	xzr, [x20, #VCPU_LOADED]
.endif
	mov	x0, x20
	bl	vcpu_put
	mark	MARK_VCPU_PUT, 19
	bl	host_faults_harvest
	cmp	x21, #PUT_FINISHED
	b.eq	4f
.if CFG_SAVE_AT
.if !CFG_MOVE_LOADED
	bl	vm_save
.endif
	ldr	x0, [x20, #VCPU_STATE]
	cmp	x0, #STATE_SAVED
	b.eq	4f
.endif
	bl	host_task_run
	mov	x0, x19
	bl	queue_push
	b	1b
4:	bl	vm_release
	ldr	x0, =vcpus_finished
	mov	x1, #1
	ldaddal	x1, x2, [x0]
	b	1b

.if CFG_HOST_ILLEGAL
// x20 = vCPU just loaded. At every CFG_HOST_ILLEGAL-th load its first entry returns to EL3, which is not there. Uses x0-x2.
host_make_illegal:
	ldr	x0, [x20, #VCPU_LOADS]
	mov	x1, #CFG_HOST_ILLEGAL
	udiv	x2, x0, x1
	msub	x2, x2, x1, x0
	cbnz	x2, 1f
	ldr	x0, [x20, #CTX_PSTATE]
	str	x0, [x20, #VCPU_PSTATE]
	mov	x0, #PSTATE_EL3H
	str	x0, [x20, #CTX_PSTATE]
1:	ret
.endif

// The queue: a ring of indices under a lock. -> x0 = index, or -1 where it is empty.
queue_pop:
	ldr	x1, =queue_lock
	mov	w2, #1
1:	ldaxr	w3, [x1]
	cbnz	w3, 4f
	stxr	w3, w2, [x1]
	cbnz	w3, 1b
	ldr	x4, =queue
	ldp	x5, x6, [x4]			// taken, given
	mov	x0, #-1
	cmp	x5, x6
	b.eq	2f
	and	x7, x5, #63
	add	x7, x7, #16
	ldrb	w0, [x4, x7]
	add	x5, x5, #1
	str	x5, [x4]
2:	stlr	wzr, [x1]
	ret
4:	clrex
	yield
	b	1b

// x0 = index
queue_push:
	ldr	x1, =queue_lock
	mov	w2, #1
1:	ldaxr	w3, [x1]
	cbnz	w3, 4f
	stxr	w3, w2, [x1]
	cbnz	w3, 1b
	ldr	x4, =queue
	ldr	x6, [x4, #8]
	and	x7, x6, #63
	add	x7, x7, #16
	strb	w0, [x4, x7]
	add	x6, x6, #1
	str	x6, [x4, #8]
	stlr	wzr, [x1]
	ret
4:	clrex
	yield
	b	1b
	.ltorg

	.data
	.balign	64
queue_lock:
	.word	0
	.balign	64
queue:
	.quad	0, 0
	.space	64
	.balign	64
vcpus_finished:
	.quad	0
	.text
