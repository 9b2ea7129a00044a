// Boot: entered at EL2 with the MMU off. PE 0 sets EL2 up, starts the other PEs by PSCI, and each PE goes on to the host.

	.section .text.start, "ax", %progbits
	.global	_start
_start:
	mrs	x0, CurrentEL
	cmp	x0, #(2 << 2)
	b.ne	boot_wrong_el
	mov	x19, #0
	bl	hyp_init
	mov	x20, #1
1:	cmp	x20, #CFG_PES
	b.hs	2f
	ldr	x0, =PSCI_CPU_ON
	mov	x1, x20				// MPIDR: Aff0 only
	ldr	x2, =boot_secondary
	mov	x3, x20
	smc	#0
	cbnz	x0, boot_no_pe
	add	x20, x20, #1
	b	1b
2:	b	hyp_to_host

// x0 = PE index (the context argument of CPU_ON)
boot_secondary:
	mov	x19, x0
	bl	hyp_init
	b	hyp_to_host

boot_wrong_el:
	ldr	x0, =boot_stack_top
	mov	sp, x0
	ldr	x0, =boot_text_el
	b	boot_fail
boot_no_pe:
	ldr	x0, =boot_text_pe
boot_fail:
	bl	console_puts
	mov	x0, #2
	b	machine_exit
	.ltorg

	.text
.macro hyp_vector target=hyp_panic
	.balign	128
	b	\target
.endm

// An exception that EL2 has no business with. The line names it; the machine stops with code 3.
hyp_panic:
	ldr	x0, =hyp_panic_stack_top
	mov	sp, x0
	ldr	x0, =hyp_text_panic
	bl	console_puts
	mrs	x0, esr_el2
	bl	console_hex
	ldr	x0, =hyp_text_elr
	bl	console_puts
	mrs	x0, elr_el2
	bl	console_hex
	ldr	x0, =hyp_text_far
	bl	console_puts
	mrs	x0, far_el2
	bl	console_hex
	mov	w0, #10
	bl	console_putc
	mov	x0, #3
	b	machine_exit
	.ltorg

	.section .rodata, "a", %progbits
boot_text_el:	.asciz	"switchyard: not started at EL2\n"
boot_text_pe:	.asciz	"switchyard: PSCI CPU_ON failed; the machine has fewer PEs than the experiment\n"
hyp_text_panic:	.asciz	"switchyard: EL2 panic: ESR_EL2 "
hyp_text_elr:	.asciz	" ELR_EL2 "
hyp_text_far:	.asciz	" FAR_EL2 "

	.bss
	.balign	4096
hyp_pes:
	.space	CFG_PES << PE_SHIFT
	.balign	4096
hyp_stacks:
	.space	CFG_PES << STACK_SHIFT
	.space	1024
hyp_panic_stack_top:
	.space	1024
boot_stack_top:
	.text
