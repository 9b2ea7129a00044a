// Guest "signer": its own keys of pointer authentication. It signs pointers of every kind, others have the PE, and each of
// them must authenticate; its keys must read as it wrote them.

.set D_KEYS,        512            // ten doublewords
.set D_SIGNED,      592            // by each key, PACGA's code last

guest_signer:
	bl	g_boot
.if CFG_PAUTH
	mrs	x0, sctlr_el1			// EnIA, EnIB, EnDA, EnDB
	orr	x0, x0, #(3 << 30)
	orr	x0, x0, #(1 << 27)
	orr	x0, x0, #(1 << 13)
	msr	sctlr_el1, x0
	ldr	x0, [x28, #D_INDEX]
	ldr	x1, =0x9e3779b97f4a7c15
	add	x0, x0, #1
	mul	x0, x0, x1
	add	x2, x28, #D_KEYS
	mov	x3, #10
1:	str	x0, [x2], #8
	eor	x0, x1, x0, ror #11
	subs	x3, x3, #1
	b.ne	1b
	add	x2, x28, #D_KEYS
	keys_restore x2, x0, x1
	isb

2:	ldr	x0, [x28, #D_ROUND]
	add	x0, x0, #1
	str	x0, [x28, #D_ROUND]
	ldr	x19, =G_HEAP
	add	x19, x19, x0, lsl #4
	mov	x10, x19
	pacia	x10, x0
	mov	x11, x19
	pacib	x11, x0
	mov	x12, x19
	pacda	x12, x0
	mov	x13, x19
	pacdb	x13, x0
	pacga	x14, x19, x0
	add	x2, x28, #D_SIGNED
	stp	x10, x11, [x2]
	stp	x12, x13, [x2, #16]
	str	x14, [x2, #32]
	g_call	HC_TIME
	bl	signer_check
	g_call	HC_YIELD			// others use theirs
	bl	signer_check
	ldr	x0, [x28, #D_ROUND]
	ldr	x1, [x28, #D_ROUNDS]
	cmp	x0, x1
	b.ne	2b
.endif
	b	g_done

.if CFG_PAUTH
// x19 = what was signed in this round. A pointer that does not authenticate is a fault, or no pointer any more.
signer_check:
	ldr	x0, [x28, #D_ROUND]
	add	x2, x28, #D_SIGNED
	ldp	x10, x11, [x2]
	ldp	x12, x13, [x2, #16]
	ldr	x14, [x2, #32]
	autia	x10, x0
	cmp	x10, x19
	g_bad_if_ne
	autib	x11, x0
	cmp	x11, x19
	g_bad_if_ne
	autda	x12, x0
	cmp	x12, x19
	g_bad_if_ne
	autdb	x13, x0
	cmp	x13, x19
	g_bad_if_ne
	pacga	x15, x19, x0
	cmp	x14, x15
	g_bad_if_ne
	add	x10, x28, #D_KEYS
	.irp	key, apiakeylo, apiakeyhi, apibkeylo, apibkeyhi, apdakeylo, apdakeyhi, apdbkeylo, apdbkeyhi, apgakeylo, apgakeyhi
	g_probe_read \key\()_el1
	.endr
	ret
.endif
	.ltorg
