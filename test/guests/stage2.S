// Both stages by AT from EL2: start levels and concatenation, permissions, memory types with and without FWB, DC and DCT,
// and faults of stage 2 on the walk of stage 1. Left out, as QEMU 10 ends itself there: a permission fault of stage 2 as the
// result of AT S12E1W; and since it reports level 0 there, not that of the descriptor: HCR_EL2.PTW.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "translate.inc"

.set VTCR,     25 | (1 << 6) | (2 << 16) | (1 << 31)
.set S2_READ,  1 << 6
.set S2_WRITE, 1 << 7
.set S2_WB,    15 << 2
.set HCR_DC,   1 << 12
.set HCR_FWB,  1 << 46
.set HCR_DCT,  1 << 57
.set FIRST,    0x40000000		// stage 1 maps the first GiB here: the second of stage 2

.macro second value
	put	two1, 1, 0x40000000 | \value
.endm

main:	stp	x29, x30, [sp, #-16]!
	control	mair_el1, MAIR_V
	control	tcr_el1, 25 | (2 << 32)
	base	ttbr0_el1, one1
	put	one1, 0, FIRST | BLOCK_BITS | NORMAL_BITS | EL0_BITS
	put	one1, 1, FIRST | BLOCK_BITS | (2 << 2) | EL0_BITS
	put	one1, 2, FIRST | BLOCK_BITS | EL0_BITS
	put	one1, 3, 0x100000000 | 3
	base	vttbr_el2, two1
	control	vtcr_el2, VTCR
	control	hcr_el2, HCR_BASE | HCR_VM
	control	sctlr_el1, SCTLR_EL1_RES1
	second	BLOCK_BITS | S2_READ | S2_WRITE | S2_WB
	show	"flat, both stages", s12e1r, 0x40001234
	show	"flat, stage 1 only", s1e1r, 0x40001234
	show	"flat, stage 2 invalid", s12e1r, 0x80000000
	show	"flat, outside of stage 2", s12e1r, 0x8000000000
	control	hcr_el2, HCR_BASE | HCR_VM | HCR_DC
	show	"default cacheable, both stages", s12e1r, 0x40001234
	show	"default cacheable, stage 1 only", s1e1r, 0x40001234
	control	hcr_el2, HCR_BASE | HCR_VM | HCR_DC | HCR_DCT
	show	"default Tagged", s12e1r, 0x40001234
	control	hcr_el2, HCR_BASE | HCR_VM
	control	sctlr_el1, SCTLR_EL1_RES1 | 1
	show	"Write-Back", s12e1w, 0x123
	show	"Tagged", s12e1w, 0x40000123
	show	"Device of stage 1", s12e0w, 0x80000000
	second	BLOCK_BITS | S2_READ | S2_WB
	show	"stage 2 read-only, stage 1 only", s1e1w, 0
	show	"stage 2 read-only, read", s12e0r, 0
	second	BLOCK_BITS | S2_READ | S2_WRITE | (5 << 2)
	show	"stage 2 Non-cacheable, Tagged", s12e1r, 0x40000000
	second	BLOCK_BITS | S2_READ | S2_WRITE | (10 << 2)
	show	"stage 2 Write-Through, Write-Back", s12e1r, 0
	second	BLOCK_BITS | S2_READ | S2_WRITE | (7 << 2)
	show	"stage 2 outer Non-cacheable, inner Write-Back", s12e1r, 0
	second	BLOCK_BITS | S2_READ | S2_WRITE | (1 << 2)
	show	"stage 2 Device-nGnRE", s12e1r, 0
	second	(BLOCK_BITS & ~(1 << 10)) | S2_READ
	show	"stage 2 no access flag, on the walk", s1e1r, 0
	second	S2_READ
	show	"stage 2 invalid, on the walk", s12e1r, 0
	second	BLOCK_BITS | S2_WRITE | S2_WB
	show	"stage 2 not readable, on the walk", s12e0w, 0
	control	hcr_el2, HCR_BASE | HCR_VM | HCR_FWB
	second	BLOCK_BITS | S2_READ | S2_WRITE | (6 << 2)
	show	"FWB Write-Back", s12e1r, 0
	show	"FWB Write-Back, Tagged", s12e1r, 0x40000000
	second	BLOCK_BITS | S2_READ | S2_WRITE | (7 << 2)
	show	"FWB as stage 1, Tagged", s12e1r, 0x40000000
	second	BLOCK_BITS | S2_READ | S2_WRITE | (5 << 2)
	show	"FWB Non-cacheable, Tagged", s12e1r, 0x40000000
	second	BLOCK_BITS | S2_READ | S2_WRITE | (2 << 2)
	show	"FWB Device-nGRE, Normal", s12e1r, 0
	second	BLOCK_BITS | S2_READ | S2_WRITE | S2_WB
	control	hcr_el2, HCR_BASE | HCR_VM
	show	"stage 2 invalid, table of stage 1", s12e1r, 0xc0000000
	control	sctlr_el1, SCTLR_EL1_RES1
	control	vtcr_el2, 24 | (1 << 6) | (2 << 16) | (1 << 31)
	put	two2, 0, 0x42000000 & ~0x3fffffff | BLOCK_BITS | S2_READ | S2_WB
	show	"concatenated tables", s12e1r, 0x8000001234
	control	vtcr_el2, 34 | (1 << 6) | (2 << 16) | (1 << 31)
	show	"start level too high for 30 bits", s12e1r, 0
	control	vtcr_el2, 29 | (2 << 16) | (1 << 31)
	show	"start level too low for 35 bits", s12e1r, 0
	control	vtcr_el2, 25 | (1 << 6) | (1 << 31)
	put	two1, 0, 0x100000000 | BLOCK_BITS | S2_READ | S2_WB
	show	"32-bit addresses, larger block", s12e1r, 0
	control	hcr_el2, HCR_BASE
	ldp	x29, x30, [sp], #16
	ret

current_sync:
lower_sync:
	b	panic

	.ltorg
	.bss
	.balign	8192
two1:	.space	4096
two2:	.space	4096
one1:	.space	4096
	.text
