// Guest "ticker": its virtual timer. Each round it arms the timer, gives up the PE while the timer runs, and waits for the
// interrupt, which must come once, not early, and leave the timer as it was set.

.set TICK_COUNTS,   4000           // of CNTVCT_EL0
.set D_TICKS,       512
.set D_CVAL,        520
.set D_COUNT,       528            // the last count that it saw

guest_ticker:
	bl	g_boot
.if CFG_TIMERS
	adr	x0, ticker_irq
	str	x0, [x28, #D_IRQ]
	str	xzr, [x28, #D_TICKS]
	str	xzr, [x28, #D_COUNT]
	mov	x0, #1
	msr	icc_sre_el1, x0
	isb
	mov	x0, #0xf0
	msr	icc_pmr_el1, x0
	mov	x0, #1
	msr	icc_igrpen1_el1, x0
	isb
	msr	daifclr, #2

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	bl	ticker_count
	mov	x1, #TICK_COUNTS
	add	x0, x0, x1
	str	x0, [x28, #D_CVAL]
	msr	cntv_cval_el0, x0
	mov	x0, #1
	msr	cntv_ctl_el0, x0
	isb
	g_call	HC_YIELD			// the timer goes on while others have the PE
	g_call	HC_TIME
	ldr	x1, [x28, #D_COUNT]
	cmp	x0, x1				// the host's answer is the VM's own time
	cset	x0, lo
	cmp	x0, #0
	g_bad_if_ne
2:	bl	ticker_count
	ldr	x0, [x28, #D_TICKS]
	ldr	x1, [x28, #D_ROUND]
	cmp	x0, x1
	b.lo	2b
	g_bad_if_ne				// more interrupts than were asked for
	mrs	x0, cntv_cval_el0
	ldr	x1, [x28, #D_CVAL]
	cmp	x0, x1
	g_bad_if_ne
	mrs	x0, icc_pmr_el1
	cmp	x0, #0xf0
	g_bad_if_ne
	mrs	x0, icc_rpr_el1			// nothing is active any more
	cmp	x0, #0xff
	g_bad_if_ne
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
.endif
	b	g_done

.if CFG_TIMERS
// -> x0 = CNTVCT_EL0, which never goes back. Uses x1, x9.
ticker_count:
	isb
	mrs	x0, cntvct_el0
	ldr	x1, [x28, #D_COUNT]
	str	x0, [x28, #D_COUNT]
	cmp	x0, x1
	cset	x1, lo
	cmp	x1, #0
	g_bad_if_ne
	ret

// x0 = data page; x0 and x1 on the stack.
ticker_irq:
	stp	x2, x9, [sp, #-32]!
	str	x28, [sp, #16]
	mov	x28, x0
	mrs	x2, icc_iar1_el1
	cmp	x2, #TIMER_INTID
	g_bad_if_ne
	isb
	mrs	x0, cntvct_el0
	ldr	x1, [x28, #D_CVAL]
	cmp	x0, x1
	cset	x0, lo				// early
	cmp	x0, #0
	g_bad_if_ne
	mrs	x0, cntv_ctl_el0
	cmp	x0, #5				// ENABLE, ISTATUS
	g_bad_if_ne
	msr	cntv_ctl_el0, xzr
	isb					// the line is low before the interrupt is ended
	msr	icc_eoir1_el1, x2
	ldr	x0, [x28, #D_TICKS]
	add	x0, x0, #1
	str	x0, [x28, #D_TICKS]
	ldr	x28, [sp, #16]
	ldp	x2, x9, [sp], #32
	ldp	x0, x1, [sp], #16
	eret
	sb
.endif
	.ltorg
