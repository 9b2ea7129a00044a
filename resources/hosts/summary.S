// The last line: one clause for each vCPU, one for the host. It depends on the experiment and on nothing that varies
// from run to run: no times, no PE, no order.

host_summary:
	stp	x29, x30, [sp, #-64]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	ldr	x0, =summary_text_head
	bl	console_puts
	mov	x19, #0
	mov	x21, #0				// world switches
1:	ldr	x20, =vcpus
	add	x20, x20, x19, lsl #VCPU_SHIFT
	ldr	x0, [x20, #VCPU_RUNS]
	add	x21, x21, x0
	ldr	x0, =summary_text_vcpu
	bl	console_puts
	mov	x0, x19
	bl	console_decimal
	mov	w0, #' '
	bl	console_putc
	ldr	x0, [x20, #VCPU_CONFIG]
	ldr	x0, [x0, #ROW_NAME]
	bl	console_puts
	ldr	x0, [x20, #VCPU_STATE]
	cmp	x0, #STATE_DEAD
	b.ne	2f
	ldr	x0, =summary_text_dead
	bl	console_puts
	b	4f
2:	cmp	x0, #STATE_OFF
	b.ne	7f
	ldr	x0, =summary_text_off
	bl	console_puts
	b	4f
7:	cmp	x0, #STATE_SAVED
	b.ne	8f
	ldr	x0, =summary_text_saved
	bl	console_puts
	b	4f
8:	ldr	x22, =summary_texts
	add	x23, x20, #VCPU_RESULT
	mov	x24, #5
3:	ldr	x0, [x22], #8
	bl	console_puts
	ldr	x0, [x23], #8
	bl	console_decimal
	subs	x24, x24, #1
	b.ne	3b
4:	mov	w0, #';'
	bl	console_putc
	add	x19, x19, #1
	cmp	x19, #CFG_VCPUS
	b.ne	1b

	mov	x19, #0
	mov	x22, #0
	mov	x23, #0
	mov	x24, #0
	ldr	x20, =host_pes
5:	ldp	x0, x1, [x20, #H_SYNC]
	add	x22, x22, x0
	add	x23, x23, x1
	ldr	x0, [x20, #H_BAD]
	add	x24, x24, x0
	add	x20, x20, #(1 << H_SHIFT)
	add	x19, x19, #1
	cmp	x19, #CFG_PES
	b.ne	5b
	ldr	x0, =summary_text_host
	bl	console_puts
	mov	x0, x22
	bl	console_decimal
	ldr	x0, =summary_text_async
	bl	console_puts
	mov	x0, x23
	bl	console_decimal
	ldr	x0, =summary_text_bad
	bl	console_puts
	mov	x0, x24
	bl	console_decimal
	ldr	x0, =summary_text_switches
	bl	console_puts
	mov	x0, x21
	bl	console_decimal
	mov	w0, #10
	bl	console_putc
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x29, x30, [sp], #64
	ret
	.ltorg

	.section .rodata, "a", %progbits
summary_text_head:	.asciz	"switchyard:"
summary_text_vcpu:	.asciz	" v"
summary_text_dead:	.asciz	" dead"
summary_text_off:	.asciz	" off"
summary_text_saved:	.asciz	" saved"
summary_text_rounds:	.asciz	" rounds "
summary_text_sync:	.asciz	" sync "
summary_text_async:	.asciz	" async "
summary_text_undef:	.asciz	" undefined "
summary_text_bad:	.asciz	" bad "
summary_text_host:	.asciz	" host sync "
summary_text_switches:	.asciz	"; switches "
	.balign	8
summary_texts:
	.quad	summary_text_rounds, summary_text_sync, summary_text_async, summary_text_undef, summary_text_bad
	.text
