// Stage 1 with each granule: start levels, blocks and pages, faults with their levels, permissions, ranges, sizes. A block of
// level 1 with 64 KiB is left out: it is legal on QEMU, which has 52-bit addresses (FEAT_LPA).
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "translate.inc"

.set TCR_4,   25 | (2 << 32)
.set TCR_16,  28 | (2 << 14) | (2 << 32)
.set TCR_64,  25 | (1 << 14) | (2 << 32)

main:	stp	x29, x30, [sp, #-16]!
	control	mair_el1, MAIR_V
	control	sctlr_el1, SCTLR_EL1_RES1 | 1

	link	four1, 0, four2
	put	four1, 1, 0x40000000 | BLOCK_BITS | NORMAL_BITS
	put	four1, 2, 0x1000000000 | BLOCK_BITS
	link	four1, 3, four2, 3 << 61			// APTable: read-only, not for EL0
	link	four2, 0, four3
	put	four2, 1, 0x42200000 | BLOCK_BITS | EL0_BITS
	put	four2, 2, 0x42400000 | (BLOCK_BITS & ~(1 << 10))
	put	four3, 0, 0x42000000 | PAGE_BITS | NORMAL_BITS | EL0_BITS
	put	four3, 1, 0x42001000 | PAGE_BITS | NORMAL_BITS | READ_ONLY
	put	four3, 2, 0x42002000 | (PAGE_BITS & ~2)
	put	four3, 4, 0x42004000 | PAGE_BITS | (2 << 2) | EL0_BITS | READ_ONLY
	put	four3, 5, 0x42005000 | (PAGE_BITS & ~(3 << 8))  | NORMAL_BITS
	base	ttbr0_el1, four1
	control	tcr_el1, TCR_4
	show	"4K page", s1e1r, 0x123
	show	"4K page, EL0 write", s1e0w, 0
	show	"4K read-only page, write", s1e1w, 0x1000
	show	"4K read-only page, EL0", s1e0r, 0x1000
	show	"4K reserved entry of level 3", s1e1r, 0x2000
	show	"4K invalid page", s1e1r, 0x3000
	show	"4K Tagged page", s1e0r, 0x4fff
	show	"4K Non-shareable page", s1e1r, 0x5000
	show	"4K block of level 2", s1e1w, 0x212345
	show	"4K no access flag", s1e1r, 0x400000
	show	"4K invalid at level 2", s1e1r, 0x600000
	show	"4K block of level 1", s1e1r, 0x7edcb000
	show	"4K address beyond 40 bits in a block", s1e1r, 0x80000000
	show	"4K hierarchical, write", s1e1w, 0xc0000000
	show	"4K hierarchical, EL0", s1e0r, 0xc0000000
	show	"4K invalid at level 1", s1e1r, 0x100000000
	show	"4K outside", s1e1r, 0x8000000000
	show	"4K upper half outside", s1e1r, 0xff00000000000000
	control	tcr_el1, TCR_4 | (1 << 41)
	show	"4K HPD0, write", s1e1w, 0xc0000000
	control	tcr_el1, TCR_4 | (1 << 55)
	show	"4K E0PD0, EL0", s1e0r, 0
	show	"4K E0PD0, EL1", s1e1r, 0
	control	tcr_el1, TCR_4 | (1 << 7)
	show	"4K EPD0", s1e1r, 0
	control	tcr_el1, 25 | (0 << 32)
	show	"4K 32-bit addresses, larger block", s1e1r, 0x80000000
	control	tcr_el1, TCR_4
	msr	pan, #1
	show	"4K EL0 page under PAN", s1e1r, 0
	show	"4K EL0 page under PAN, as PAN says", s1e1rp, 0
	show	"4K other page, as PAN says", s1e1wp, 0x40000000
	msr	pan, #0
	base	ttbr0_el1, four3
	control	tcr_el1, 43 | (2 << 32)
	show	"4K 21 bits, from level 3", s1e1r, 0x4000
	control	tcr_el1, 15 | (2 << 32)
	show	"4K T0SZ too small", s1e1r, 0x4000
	control	tcr_el1, 49 | (2 << 32)
	show	"4K T0SZ too large", s1e1r, 0x4000
	control	tcr_el1, TCR_4
	control	ttbr0_el1, 0x10000000000
	show	"4K table beyond 40 bits", s1e1r, 0
	control	ttbr1_el1, 0
	base	ttbr1_el1, four1
	control	tcr_el1, (25 << 16) | (2 << 30) | (2 << 32) | 25
	show	"4K upper half", s1e1r, 0xffffff8000000000

	link	sixteen2, 0, sixteen3
	put	sixteen2, 1, 0x42000000 | BLOCK_BITS | NORMAL_BITS
	put	sixteen3, 1, 0x42004000 | PAGE_BITS | NORMAL_BITS
	link	sixteen1, 0, sixteen2
	put	sixteen1, 1, 0x42000000 | BLOCK_BITS | NORMAL_BITS
	base	ttbr0_el1, sixteen2
	control	tcr_el1, TCR_16
	show	"16K page", s1e1r, 0x7abc
	show	"16K block of level 2", s1e1r, 0x2123456
	show	"16K invalid page", s1e1r, 0x8000
	show	"16K invalid at level 2", s1e1r, 0x4000000
	base	ttbr0_el1, sixteen1
	control	tcr_el1, 17 | (2 << 14) | (2 << 32)
	show	"16K from level 1", s1e1r, 0x4000
	show	"16K block of level 1", s1e1r, 0x1000000000

	link	sixtyfour2, 0, sixtyfour3
	put	sixtyfour2, 1, 0x40000000 | BLOCK_BITS | NORMAL_BITS
	put	sixtyfour3, 1, 0x42010000 | PAGE_BITS | NORMAL_BITS
	link	sixtyfour1, 0, sixtyfour2
	base	ttbr0_el1, sixtyfour2
	control	tcr_el1, TCR_64
	show	"64K page", s1e1r, 0x1fabc
	show	"64K block of level 2", s1e1r, 0x21234567
	show	"64K invalid page", s1e1r, 0x20000
	show	"64K invalid at level 2", s1e1r, 0x40000000
	base	ttbr0_el1, sixtyfour1
	control	tcr_el1, 16 | (1 << 14) | (2 << 32)
	show	"64K from level 1", s1e1r, 0x10000
	ldp	x29, x30, [sp], #16
	ret

current_sync:
lower_sync:
	b	panic

	.ltorg
	.bss
	.balign	65536
four1:	.space	4096
four2:	.space	4096
four3:	.space	4096
	.balign	65536
sixteen1:
	.space	16384
sixteen2:
	.space	16384
sixteen3:
	.space	16384
	.balign	65536
sixtyfour1:
	.space	65536
sixtyfour2:
	.space	65536
sixtyfour3:
	.space	65536
	.text
