// Where a loader puts a program, and what it finds at its first instruction.
	.include "start.inc"

main:	stp	x29, x30, [sp, #-16]!
	adr	x28, _start
	tell	"loaded at", x28
	tell	"x0", x27
	cbz	x27, 1f
	ldr	w19, [x27]
	tell	"tree at x0", x19
1:	mov	x19, #0x40000000
	sub	x20, x28, x19
	cmp	x20, #0x200000			// below, QEMU has no room for its tree of 1 MiB
	b.lt	2f
	cbnz	x27, 2f
	ldr	w19, [x19]
	tell	"tree at the start of RAM", x19
2:	mrs	x19, CurrentEL
	tell	"CurrentEL", x19
	mrs	x19, DAIF
	tell	"DAIF", x19
	mrs	x19, SPSel
	tell	"SPSel", x19
	mrs	x19, MPIDR_EL1
	tell	"MPIDR_EL1", x19
	mrs	x19, CNTFRQ_EL0
	tell	"CNTFRQ_EL0", x19
	mrs	x19, ID_AA64PFR0_EL1
	tst	x19, #0xf00
	cset	x19, ne
	tell	"ID_AA64PFR0_EL1.EL2 is not 0:", x19
	mrs	x19, CurrentEL
	cmp	x19, #8
	b.eq	3f
	mrs	x19, SCTLR_EL1
	and	x19, x19, #1
	tell	"SCTLR_EL1.M", x19
	// EL2 is not there
	mov	x25, #0
	mrs	x19, S3_4_C1_C1_0
	tell	"HCR_EL2 faults", x25
	tell	"syndrome", x21
	mov	x25, #0
	msr	S3_4_C12_C0_0, x19
	tell	"VBAR_EL2 faults", x25
	mov	x25, #0
	mrs	x19, S3_5_C1_C0_0
	tell	"SCTLR_EL12 faults", x25
	mov	x25, #0
	tlbi	alle2
	tell	"TLBI ALLE2 faults", x25
	mov	x25, #0
	at	s1e2r, x19
	tell	"AT S1E2R faults", x25
	mov	x25, #0
	ldr	x0, =0x84000000
	smc	#0
	tell	"SMC faults", x25
	tell	"syndrome", x21
	mov	x25, #0
	mrs	x19, CNTPCT_EL0
	tell	"CNTPCT_EL0 faults", x25
	mrs	x19, MIDR_EL1
	cmp	x19, #0
	cset	x19, ne
	tell	"MIDR_EL1 is not 0:", x19
	b	4f
3:	mrs	x19, SCTLR_EL2
	and	x19, x19, #1
	tell	"SCTLR_EL2.M", x19
	mrs	x19, CNTVOFF_EL2
	tell	"CNTVOFF_EL2", x19
	mrs	x19, VMPIDR_EL2
	mrs	x20, MPIDR_EL1
	sub	x19, x19, x20
	tell	"VMPIDR_EL2 - MPIDR_EL1", x19
	mov	x25, #0
	ldr	x0, =0x84000000
	hvc	#0
	nop					// the handler goes on behind it
	tell	"HVC is taken to EL2:", x25
	tell	"syndrome", x21
4:	ldp	x29, x30, [sp], #16
	ret
	.ltorg
