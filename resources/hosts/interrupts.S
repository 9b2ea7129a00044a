// The host's timer and its interrupts, and those of the guests' timers. The host runs with them masked and opens a window where a guest has left for one;
// the timer is CNTP at EL1, and under VHE, by the same name, CNTHP.

.set HOST_INTERRUPTS, 0
.if CFG_HOST_TIMER || CFG_HOST_PENDING || CFG_TIMERS
.set HOST_INTERRUPTS, 1
.endif
.if HYP_VHE
.set HOST_TIMER_INTID, 26
.else
.set HOST_TIMER_INTID, 30
.endif

// x19 = PE index. Uses x0, x1.
host_interrupts_init:
.if HOST_INTERRUPTS
	ldr	x0, =GICD_BASE
	mov	w1, #0x12			// affinity routing, Group 1
	str	w1, [x0]
	ldr	x0, =GICR_BASE
	add	x0, x0, x19, lsl #17
	str	wzr, [x0, #0x14]		// GICR_WAKER
1:	ldr	w1, [x0, #0x14]
	tbnz	w1, #2, 1b
	add	x0, x0, #0x10, lsl #12
	mov	w1, #-1
	str	w1, [x0, #0x80]			// GICR_IGROUPR0
	mov	w1, #(1 << HOST_TIMER_INTID)
.if CFG_TIMERS
	orr	w1, w1, #(1 << TIMER_INTID)
.endif
	str	w1, [x0, #0x100]		// GICR_ISENABLER0
	mov	x1, #1
	msr	icc_sre_el1, x1
	isb
.if CFG_TIMERS
	mov	x1, #2				// EOImode: an EOI drops the priority, the guest's deactivates its interrupt
	msr	icc_ctlr_el1, x1
.endif
	mov	x1, #0xf0
	msr	icc_pmr_el1, x1
	mov	x1, #1
	msr	icc_igrpen1_el1, x1
	msr	cntp_ctl_el0, xzr
	isb
.endif
	ret

// x20 = vCPU just loaded. Arms the timer; at every CFG_HOST_PENDING-th load of each vCPU its interrupt is pending before the
// entry, with PSTATE.I masking it: the entry will be given up. Uses x0-x2.
host_timer_arm:
.if CFG_HOST_PENDING
	ldr	x0, [x20, #VCPU_LOADS]
	mov	x1, #CFG_HOST_PENDING
	udiv	x2, x0, x1
	msub	x2, x2, x1, x0
	cbnz	x2, 2f
	msr	cntp_cval_el0, xzr
	mov	x0, #1
	msr	cntp_ctl_el0, x0
	isb
1:	mrs	x0, isr_el1			// the way through the interrupt controller takes its time
	cbz	x0, 1b
	ret
2:
.endif
.if CFG_HOST_TIMER
	ldr	x0, =CFG_HOST_TIMER
	msr	cntp_tval_el0, x0
	mov	x0, #1
	msr	cntp_ctl_el0, x0
	isb
.endif
	ret

// What is pending is taken here, an SError too. Keeps x19-x30.
host_interrupts_window:
	msr	daifclr, #6
	isb
	msr	daifset, #6
	ret

// An SError taken in the window: it made an entry be given up, and is noted.
host_serror:
	stp	x0, x1, [sp, #-16]!
	host_record x0
	ldr	x1, [x0, #H_SERRORS]
	add	x1, x1, #1
	str	x1, [x0, #H_SERRORS]
	ldp	x0, x1, [sp], #16
	eret
	sb

// An IRQ of the host's own, taken in the window.
host_irq:
	stp	x0, x1, [sp, #-48]!
	stp	x2, x9, [sp, #16]
	str	x30, [sp, #32]
	bl	host_faults_entry
	mrs	x2, icc_iar1_el1
	cmp	x2, #HOST_TIMER_INTID
	b.ne	1f
	msr	cntp_ctl_el0, xzr		// once for each load
	isb
	host_record x9
	ldr	x0, [x9, #H_TICKS]
	add	x0, x0, #1
	str	x0, [x9, #H_TICKS]
	msr	icc_eoir1_el1, x2
.if CFG_TIMERS
	msr	icc_dir_el1, x2
	b	2f
1:	cmp	x2, #TIMER_INTID
	b.ne	2f
	msr	icc_eoir1_el1, x2		// still active: nobody else's until the guest ends it
	ldr	x0, =LR_TIMER
	str	x0, [x20, #VCPU_LR0]		// x20 = the loaded vCPU wherever the window is opened
2:
.else
1:
.endif
	ldr	x30, [sp, #32]
	ldp	x2, x9, [sp, #16]
	ldp	x0, x1, [sp], #48
	eret
	sb
	.ltorg
