// Two PEs: the second is started by PSCI CPU_ON and both add to two counters, one by LDADD, one by LDAXR/STLXR.
// Run with -smp 2. The totals are known.
.set EL2_TCF, 0
.set EL2_ATA, 0
.set ADDS,    3000
	.include "common.inc"

main:	stp	x29, x30, [sp, #-16]!
	adr	x0, text_affinity
	bl	puts
	ldr	x0, =0xc4000004			// AFFINITY_INFO of PE 1, before: OFF
	mov	x1, #1
	mov	x2, #0
	smc	#0
	bl	putdec
	bl	newline
	adr	x0, text_on
	bl	puts
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, #1
	ldr	x2, =second
	mov	x3, #0x5a
	smc	#0
	bl	puthex
	bl	newline
	bl	work
	ldr	x19, =finished
1:	yield
	ldar	x0, [x19]
	cbz	x0, 1b
	mov	x20, x0
	adr	x0, text_context
	bl	puts
	mov	x0, x20
	bl	puthex
	bl	newline
	adr	x0, text_ldadd
	bl	puts
	ldr	x0, =counter_lse
	ldr	x0, [x0]
	bl	putdec
	bl	newline
	adr	x0, text_exclusive
	bl	puts
	ldr	x0, =counter_exclusive
	ldr	x0, [x0]
	bl	putdec
	bl	newline
	ldp	x29, x30, [sp], #16
	ret

// x0 = the context argument of CPU_ON
second:	mov	x20, x0
	ldr	x0, =stack1_top
	mov	sp, x0
	bl	cpu_init
	mrs	x0, mpidr_el1
	and	x0, x0, #0xff
	orr	x20, x20, x0, lsl #8
	bl	work
	ldr	x1, =finished
	stlr	x20, [x1]
	ldr	x0, =0x84000002			// CPU_OFF
	smc	#0
1:	wfe
	b	1b

work:	ldr	x1, =counter_lse
	ldr	x2, =counter_exclusive
	ldr	x3, =ADDS
	mov	x4, #1
1:	ldadd	x4, x5, [x1]
2:	ldaxr	x5, [x2]
	add	x5, x5, #1
	stlxr	w6, x5, [x2]
	cbnz	w6, 2b
	subs	x3, x3, #1
	b.ne	1b
	ret
text_affinity:
	.asciz	"affinity_info "
text_on:
	.asciz	"cpu_on "
text_context:
	.asciz	"second: aff0, context "
text_ldadd:
	.asciz	"ldadd "
text_exclusive:
	.asciz	"exclusive "
	.balign	4
current_sync:
	b	panic
lower_sync:
	b	panic
	.ltorg

	.data
	.balign	64
counter_lse:
	.quad	0
	.balign	64
counter_exclusive:
	.quad	0
	.balign	64
finished:
	.quad	0
	.text
