// Every call of PSCI with good and bad arguments, and other PEs brought up one after another. Run with 16 PEs.
	.include "start.inc"

	.macro	call name, id, a1=0, a2=0, a3=0
	ldr	x0, =\id
	ldr	x1, =\a1
	ldr	x2, =\a2
	ldr	x3, =\a3
	bl	firmware
	mov	x19, x0
	mov	x26, x1				// arguments are kept
	tell	"\name", x19
	tell	"  x1", x26
	.endm

main:	stp	x29, x30, [sp, #-16]!
	call	version, 0x84000000
	call	version64, 0xc4000000
	call	suspend_reserved, 0xc4000001, 0x20000
	call	suspend_level, 0x84000001, 0x1000000
	call	affinity_self, 0xc4000004, 0
	call	affinity_other, 0xc4000004, 1
	call	affinity_level1, 0xc4000004, 0, 1
	call	affinity_level9, 0xc4000004, 0, 9
	call	affinity_bad, 0x84000004, 77
	call	affinity_bad_level1, 0x84000004, 77, 1
	call	migrate, 0x84000005
	call	migrate_type, 0x84000006
	call	migrate_up, 0xc4000007
	.irp	f, 0x84000000, 0x84000001, 0xc4000001, 0x84000002, 0x84000003, 0xc4000003, 0x84000004, 0xc4000004, 0x84000005
	call	features, 0x8400000a, \f
	.endr
	.irp	f, 0x84000006, 0x84000007, 0x84000008, 0x84000009, 0x8400000a, 0x8400000b, 0xc400000c, 0xc400000d, 0xc400000e
	call	features, 0x8400000a, \f
	.endr
	.irp	f, 0xc400000f, 0xc4000010, 0x84000011, 0x84000012, 0x84000013, 0x80000000, 0x80000001, 0x95c1ba60, 0xc4000000
	call	features, 0x8400000a, \f
	.endr
	call	features64, 0xc400000a, 0x84000000
	call	smccc, 0x80000000
	call	arch_features, 0x80000001, 0x80000000
	call	reset2, 0xc4000012, 0x80000000
	call	unknown, 0xc6000001
	call	zero, 0
	call	on_self, 0xc4000003, 0, 0x40080000
	call	on_bad, 0xc4000003, 77, 0x40080000
	call	on_bad_high, 0xc4000003, 0x100000000, 0x40080000

	mov	x28, #1				// each PE says what it found, then switches itself off
1:	ldr	x0, =0xc4000003
	mov	x1, x28
	adr	x2, second
	ldr	x3, =0x1234567890ab0000
	add	x3, x3, x28
	bl	firmware
	mov	x26, x0				// told when the other one is done with the UART
2:	adrp	x1, done
	ldr	x0, [x1, :lo12:done]
	cmp	x0, x28
	b.ne	2b
3:	ldr	x0, =0xc4000004
	mov	x1, x28
	mov	x2, #0
	bl	firmware
	cmp	x0, #1
	b.ne	3b
	tell	"on", x26
	add	x28, x28, #1
	cmp	x28, #16
	b.ne	1b
	ldr	x0, =0xc4000003			// on once more
	mov	x1, #1
	adr	x2, second
	mov	x3, #0
	bl	firmware
	mov	x26, x0
	adrp	x1, done
4:	ldr	x0, [x1, :lo12:done]
	cmp	x0, #1
	b.ne	4b
	tell	"on once more", x26
	ldp	x29, x30, [sp], #16
	ret

second:	mov	x27, x0
	mov	x26, x1
	mrs	x28, MPIDR_EL1
	and	x28, x28, #0xff
	adrp	x9, stack_top
	add	x9, x9, :lo12:stack_top
	add	x9, x9, x28, lsl #12
	mov	sp, x9
	tell	"second", x28
	tell	"  x0", x27
	tell	"  x1", x26
	mrs	x19, CurrentEL
	tell	"  CurrentEL", x19
	mrs	x19, DAIF
	tell	"  DAIF", x19
	mrs	x19, SPSel
	tell	"  SPSel", x19
	adrp	x1, done
	str	x28, [x1, :lo12:done]
	ldr	x0, =0x84000002
	bl	firmware
	b	.
	.ltorg

	.bss
	.balign	8
done:	.quad	0
	.text
