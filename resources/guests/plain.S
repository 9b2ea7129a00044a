// Guest "plain": a VM without MTE. It works in memory that others tag, and must find no trace of MTE: ID fields 0,
// five registers UNDEFINED, tags that read 0, checks that never happen.

guest_plain:
	bl	g_boot
	g_say	g_text_up, g_text_up_end
	ldr	x0, =HC_TIME
	bl	g_probe
	ldr	x0, =HC_YIELD
	bl	g_probe
	g_call	PSCI_VERSION			// 1.1, by HVC alone
	ldr	x1, =0x10001
	cmp	x0, x1
	g_bad_if_ne
	ldr	x0, =PSCI_VERSION
	smc	#0
	cmn	x0, #1				// NOT_SUPPORTED
	g_bad_if_ne
	bl	plain_look

1:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	ldr	x19, =G_HEAP + G_TAGGED
	mov	x20, #32
2:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, x20
	and	x1, x20, #15
	orr	x1, x19, x1, lsl #56		// any logical tag: nothing is checked
	str	x0, [x1]
	ldr	x2, [x19]
	cmp	x0, x2
	g_bad_if_ne
	add	x19, x19, #16
	subs	x20, x20, #1
	b.ne	2b
	g_call	HC_TIME
	g_call	HC_YIELD
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	1b
	b	g_done

plain_look:
	mrs	x0, id_aa64pfr1_el1
	ubfx	x1, x0, #8, #4			// MTE
	cmp	x1, #0
	g_bad_if_ne
	ubfx	x1, x0, #40, #4			// MTE_frac
	cmp	x1, #0
	g_bad_if_ne
	mrs	x0, gcr_el1
	mrs	x0, rgsr_el1
	mrs	x0, tfsr_el1
	mrs	x0, tfsre0_el1
	mrs	x0, gmid_el1
	ldr	x0, [x28, #D_UNDEF]
	cmp	x0, #5
	g_bad_if_ne
.if CFG_MTE >= 2				// else the instructions themselves do not exist
	ldr	x1, =G_HEAP + G_TAGGED
	movk	x1, #0x0500, lsl #48
	irg	x0, x1
	ubfx	x0, x0, #56, #4
	cmp	x0, #0
	g_bad_if_ne
	stg	x1, [x1]			// ignored: the VM has no tag storage
	ldg	x1, [x1]
	ubfx	x0, x1, #56, #4
	cmp	x0, #0
	g_bad_if_ne
.endif
	ret
	.ltorg
