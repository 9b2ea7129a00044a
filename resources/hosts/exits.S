// What the host does about an exit. x20 = vCPU, x21 = exit code.
// -> x0 = 0: run it again at once; PUT_AGAIN: put it and queue it; PUT_FINISHED: put it for good.
.set PUT_AGAIN,    1
.set PUT_FINISHED, 2

exit_handle:
	tbnz	x21, #EXIT_SERROR_BIT, exit_serror
	cmp	x21, #EXIT_IRQ
	b.eq	exit_irq
	cmp	x21, #EXIT_SERROR
	b.eq	exit_serror
	cmp	x21, #EXIT_ILLEGAL
	b.eq	exit_illegal
	cmp	x21, #EXIT_TRAP
	b.ne	exit_dead
	ldr	x0, [x20, #VCPU_ESR]
	ubfx	x1, x0, #26, #6
	cmp	x1, #EC_HVC64
	b.eq	exit_hvc
	cmp	x1, #EC_SYS64
	b.eq	exit_sysreg
	cmp	x1, #EC_DABT_LOW
	b.eq	exit_abort
	cmp	x1, #EC_SMC64
	b.eq	exit_smc
	cmp	x1, #EC_WFX
	b.ne	exit_dead
	ldr	w0, [x20, #VCPU_FLAGS]		// WFI, WFE: the vCPU has nothing to do just now
	orr	w0, w0, #(1 << FLAG_PC_BIT)
	str	w0, [x20, #VCPU_FLAGS]
exit_put:
	mov	x0, #PUT_AGAIN
	ret

exit_irq:
	str	x30, [sp, #-16]!
	bl	host_interrupts_window
	ldr	x30, [sp], #16
	mov	x0, #0
	ret

// The state that it was given was none that an exception may return to; now it gets its own. No instruction of it has run.
exit_illegal:
	ldr	x0, [x20, #VCPU_PSTATE]
	cbz	x0, exit_dead			// not the host's doing
	str	x0, [x20, #CTX_PSTATE]
	str	xzr, [x20, #VCPU_PSTATE]
	mov	x0, #0
	ret

// An error that the guest survives: it goes on where it was, and makes again what it left for.
exit_serror:
	host_record x9
	ldr	x0, [x9, #H_SERRORS]
	add	x0, x0, #1
	str	x0, [x9, #H_SERRORS]
	and	w0, w21, #((1 << EXIT_SERROR_BIT) - 1)
	cmp	w0, #EXIT_IRQ
	b.eq	exit_irq
	cmp	w0, #EXIT_TRAP
	b.ne	1f
	ldr	x0, [x20, #VCPU_ESR]
	ubfx	x0, x0, #26, #6
	cmp	x0, #EC_HVC64
	b.ne	1f
	ldr	x0, [x20, #CTX_PC]		// behind the HVC already
	sub	x0, x0, #4
	str	x0, [x20, #CTX_PC]
1:	mov	x0, #0
	ret

// The guest's call is in its x0; its PC is behind the HVC already.
exit_hvc:
	ldr	x0, [x20, #CTX_X]
	ldr	x1, =HC_YIELD
	cmp	x0, x1
	b.eq	exit_put
	ldr	x1, =HC_TIME
	cmp	x0, x1
	b.eq	exit_time
	ldr	x1, =HC_PUTC
	cmp	x0, x1
	b.eq	exit_putc
	ldr	x1, =HC_PUTS
	cmp	x0, x1
	b.eq	exit_puts
	ldr	x1, =HC_DONE
	cmp	x0, x1
	b.eq	exit_done
	ldr	x1, =HC_UNDEF
	cmp	x0, x1
	b.eq	exit_hvc_undef
	ldr	x1, =HC_PANIC
	cmp	x0, x1
	b.eq	exit_panic
	b	exit_psci

// The VM's conduit is HVC: NOT_SUPPORTED.
exit_smc:
	ldr	w0, [x20, #VCPU_FLAGS]		// a trapped SMC: its ELR_EL2 is the SMC itself
	orr	w0, w0, #(1 << FLAG_PC_BIT)
	str	w0, [x20, #VCPU_FLAGS]
	mov	x0, #-1
	str	x0, [x20, #CTX_X]
	mov	x0, #0
	ret

exit_time:
	isb
.if CFG_TIMERS
	mrs	x0, cntpct_el0			// the VM's own count
	ldr	x1, [x20, #VCPU_CNTVOFF]
	sub	x0, x0, x1
.else
	mrs	x0, cntvct_el0
.endif
	str	x0, [x20, #CTX_X]
	mov	x0, #0
	ret

exit_hvc_undef:
	ldr	x0, [x20, #CTX_PC]
	sub	x0, x0, #4
	str	x0, [x20, #CTX_PC]
exit_undef:
	mov	x0, #ESR_IL			// EC 0
	vcpu_set esr, CTX_ESR, x0, x20
	ldr	w0, [x20, #VCPU_FLAGS]
	orr	w0, w0, #(1 << FLAG_UNDEF_BIT)
	str	w0, [x20, #VCPU_FLAGS]
	mov	x0, #0
	ret

// x0 = ESR_EL2. ID registers (op0 3, op1 0, CRn 0, CRm 1-7) are emulated; every other trapped register is UNDEFINED.
exit_sysreg:
	mov	w1, #0x3c00			// CRn
	movk	w1, #0x0031, lsl #16		// op0, high bits of op1
	orr	w1, w1, #0xc000			// low bits of op1
	and	w2, w0, w1
	mov	w3, #0x00300000			// op0 = 3 and nothing else
	cmp	w2, w3
	b.ne	exit_undef
	tbz	w0, #0, exit_undef		// a write
	ubfx	x1, x0, #1, #4			// CRm
	cbz	x1, exit_undef
	cmp	x1, #7
	b.hi	exit_undef
	ubfx	x2, x0, #17, #3			// op2
	orr	x1, x2, x1, lsl #4
	mov	x3, #0				// those not listed read as zero
	cmp	x1, #0x40
	b.eq	1f
	cmp	x1, #0x41
	b.eq	2f
	cmp	x1, #0x60
	b.eq	3f
	cmp	x1, #0x61
	b.eq	4f
	cmp	x1, #0x70
	b.eq	5f
	cmp	x1, #0x71
	b.eq	6f
	cmp	x1, #0x72
	b.ne	8f
	mrs	x3, id_aa64mmfr2_el1
	b	8f
1:	mrs	x3, id_aa64pfr0_el1
	b	8f
2:	mrs	x3, id_aa64pfr1_el1
	and	x3, x3, #~(15 << 52)		// MTEX is not offered to any VM
	mov	x1, #CFG_MTE			// what every PE has: a vCPU may move between PEs that differ
	bfi	x3, x1, #8, #4			// MTE
	mov	x1, #(((CFG_MTE == 2) && !CFG_MTE_ASYNC) * 15)
	bfi	x3, x1, #40, #4			// MTE_frac
.if POLICY_ID_MASK
	ldr	w4, [x20, #VCPU_FLAGS]
	tbnz	w4, #FLAG_MTE_BIT, 8f
	and	x3, x3, #~(15 << 8)		// MTE
	and	x3, x3, #~(15 << 40)		// MTE_frac
.endif
	b	8f
3:	mrs	x3, id_aa64isar0_el1
	b	8f
4:	mrs	x3, id_aa64isar1_el1
	b	8f
5:	mrs	x3, id_aa64mmfr0_el1
	b	8f
6:	mrs	x3, id_aa64mmfr1_el1
8:	ubfx	x1, x0, #5, #5			// Rt; 31 is XZR
	cmp	x1, #31
	b.eq	9f
	str	x3, [x20, x1, lsl #3]
9:	ldr	w0, [x20, #VCPU_FLAGS]
	orr	w0, w0, #(1 << FLAG_PC_BIT)
	str	w0, [x20, #VCPU_FLAGS]
	mov	x0, #0
	ret

// x0 = ESR_EL2. An access to a page that the VM does not have yet is made again; a store to the doorbell's page gives up
// the PE, like HC_YIELD but straight from any EL.
exit_abort:
	str	x30, [sp, #-16]!
	bl	vm_fault
	ldr	x30, [sp], #16
	cbz	x0, 1f
	mov	x0, #0
	ret
1:	ldr	x0, [x20, #VCPU_ESR]
	tbz	x0, #6, exit_dead		// WnR
	ldr	x1, [x20, #VCPU_HPFAR]
	and	x1, x1, #~15
	lsl	x1, x1, #8
	ldr	x2, =DOORBELL_IPA
	cmp	x1, x2
	b.ne	exit_dead
	ldr	w0, [x20, #VCPU_FLAGS]
	orr	w0, w0, #(1 << FLAG_PC_BIT)
	str	w0, [x20, #VCPU_FLAGS]
	b	exit_put

exit_done:
	add	x0, x20, #VCPU_RESULT
	ldp	x1, x2, [x20, #(CTX_X + 8)]
	stp	x1, x2, [x0]
	ldp	x1, x2, [x20, #(CTX_X + 24)]
	stp	x1, x2, [x0, #16]
	ldr	x1, [x20, #(CTX_X + 40)]
	str	x1, [x0, #32]
	mov	x0, #STATE_DONE
	str	x0, [x20, #VCPU_STATE]
	mov	x0, #PUT_FINISHED
	ret

exit_putc:
	str	x30, [sp, #-16]!
	bl	uart_take
	ldr	w0, [x20, #(CTX_X + 8)]
	bl	console_putc
	bl	uart_give
	ldr	x30, [sp], #16
	mov	x0, #0
	ret

// One line of the guest's, named. A range outside the memory it started with answers -1.
exit_puts:
	str	x30, [sp, #-16]!
	ldp	x3, x4, [x20, #(CTX_X + 8)]
	ldr	x5, =VM_IPA
	subs	x3, x3, x5
	b.lo	1f
	mov	x6, #VM_BOOT_BYTES
	cmp	x3, x6
	b.hi	1f
	sub	x6, x6, x3
	cmp	x4, x6
	b.hi	1f
	bl	uart_take
	bl	exit_name
	ldp	x0, x1, [x20, #(CTX_X + 8)]
	ldr	x5, =VM_IPA
	sub	x0, x0, x5
	ldr	x5, [x20, #VCPU_PA]
	add	x0, x0, x5
	bl	console_write
	mov	w0, #10
	bl	console_putc
	bl	uart_give
	mov	x0, #0
	b	2f
1:	mov	x0, #-1
2:	str	x0, [x20, #CTX_X]
	ldr	x30, [sp], #16
	mov	x0, #0
	ret

// The guest met something it did not expect: three registers, as it gave them.
exit_panic:
	str	x30, [sp, #-16]!
	bl	uart_take
	bl	exit_name
	ldr	x0, =exit_text_panic
	bl	console_puts
	ldr	x0, [x20, #(CTX_X + 8)]
	bl	console_hex
	ldr	x0, =exit_text_elr
	bl	console_puts
	ldr	x0, [x20, #(CTX_X + 16)]
	bl	console_hex
	ldr	x0, =exit_text_far
	bl	console_puts
	ldr	x0, [x20, #(CTX_X + 24)]
	bl	console_hex
	b	exit_dead_end

// The host cannot serve this exit: the vCPU never runs again.
exit_dead:
	str	x30, [sp, #-16]!
	bl	uart_take
	bl	exit_name
	ldr	x0, =exit_text_dead
	bl	console_puts
	mov	x0, x21
	bl	console_hex
	ldr	x0, =exit_text_esr
	bl	console_puts
	ldr	x0, [x20, #VCPU_ESR]
	bl	console_hex
	ldr	x0, =exit_text_far
	bl	console_puts
	ldr	x0, [x20, #VCPU_FAR]
	bl	console_hex
	ldr	x0, =exit_text_hpfar
	bl	console_puts
	ldr	x0, [x20, #VCPU_HPFAR]
	bl	console_hex
exit_dead_end:
	mov	w0, #10
	bl	console_putc
	bl	uart_give
	mov	x0, #STATE_DEAD
	str	x0, [x20, #VCPU_STATE]
	ldr	x30, [sp], #16
	mov	x0, #PUT_FINISHED
	ret

// "[v2 user] "
exit_name:
	str	x30, [sp, #-16]!
	ldr	x0, =exit_text_open
	bl	console_puts
	ldr	x0, [x20, #VCPU_INDEX]
	bl	console_decimal
	mov	w0, #' '
	bl	console_putc
	ldr	x0, [x20, #VCPU_CONFIG]
	ldr	x0, [x0, #ROW_NAME]
	bl	console_puts
	ldr	x0, =exit_text_close
	bl	console_puts
	ldr	x30, [sp], #16
	ret

// The UART's lock, by LSE; the queue's is by exclusives.
uart_take:
	ldr	x1, =uart_lock
	mov	w2, #1
1:	swpa	w2, w3, [x1]
	cbz	w3, 2f
	yield
	b	1b
2:	ret

uart_give:
	ldr	x1, =uart_lock
	stlr	wzr, [x1]
	ret
	.ltorg

	.section .rodata, "a", %progbits
exit_text_open:		.asciz	"[v"
exit_text_close:	.asciz	"] "
exit_text_panic:	.asciz	"panic: ESR_EL1 "
exit_text_dead:		.asciz	"dead: exit "
exit_text_esr:		.asciz	" ESR_EL2 "
exit_text_elr:		.asciz	" ELR_EL1 "
exit_text_far:		.asciz	" FAR "
exit_text_hpfar:	.asciz	" HPFAR_EL2 "

	.data
	.balign	64
uart_lock:
	.word	0
	.text
