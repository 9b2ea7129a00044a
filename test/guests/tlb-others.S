// TLB maintenance of EL1&0 for another PE: PE 1 reads through two stages at EL1, with an ASID and a VMID; PE 0 changes one
// stage and invalidates from EL2 by every form that names a part of it. Once DSB has completed, PE 1 never sees what was
// there before (DDI 0487, D8.17.5). Run with -smp 2.
.set EL2_TCF, 0
.set EL2_ATA, 0
.set ROUNDS,   8
.set MAINTAIN, 1			// 0: what is read without any maintenance
	.include "common.inc"
	.include "translate.inc"

.set ASID,     5
.set VMID,     9
.set WINDOW,   0xc0000000		// page 0: stage 1 changes; page 1: stage 2 does
.set IPA,      0x80001000		// of page 1
.set PAGE_A,   0x42000000
.set PAGE_B,   0x42001000
.set STALE,    0xdead
.set NOT_GLOBAL, 1 << 11
.set ONE_BITS, PAGE_BITS | NORMAL_BITS | NOT_GLOBAL
.set TWO_BITS, PAGE_BITS | (3 << 6) | (15 << 2)
.set VTCR,     25 | (1 << 6) | (1 << 8) | (1 << 10) | (3 << 12) | (2 << 16) | (1 << 31)

// A form: its name, the entry and its attributes, what is read, the operand, and the maintenance.
.macro form text, entry, bits, window, operand, op, rest:vararg
	.pushsection .rodata, "a", %progbits
.Ltext\@:
	.asciz	"\text stale "
	.popsection
	ldr	x0, =.Ltext\@
	bl	puts
	ldr	x26, =\entry
	ldr	x27, =(\bits)
	ldr	x1, =(\window)
	ldr	x2, =target
	str	x1, [x2]
	ldr	x24, =(\operand)
	adr	x28, .Lmaintain\@
	bl	remap
	bl	newline
	b	.Lend\@
.Lmaintain\@:
.if MAINTAIN
	\op
	\rest
.endif
	ret
	.ltorg
.Lend\@:
.endm
.macro stage1 text, operand, op
	form	"\text", one3, ONE_BITS, WINDOW, "\operand", "\op"
.endm
// Stage 2 alone leaves entries that combine both stages: they go by a form of stage 1 behind a DSB.
.macro stage2 text, operand, op
	form	"\text", two3 + 8, TWO_BITS, WINDOW + 4096, "\operand", "\op", both
.endm
.macro both
	dsb	ish
	tlbi	vmalle1is
.endm

main:	stp	x29, x30, [sp, #-16]!
	put	one1, 1, 0x40000000 | BLOCK_BITS | NORMAL_BITS
	link	one1, 3, one2
	link	one2, 0, one3
	put	one3, 1, IPA | ONE_BITS
	put	two1, 1, 0x40000000 | BLOCK_BITS | (3 << 6) | (15 << 2)
	link	two1, 2, two2
	link	two2, 0, two3
	bl	regime
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, #1
	ldr	x2, =second
	mov	x3, #0
	smc	#0
	stage1	"VMALLE1IS", 0, "tlbi vmalle1is"
	stage1	"VMALLE1OS", 0, "tlbi vmalle1os"
	stage1	"VMALLS12E1IS", 0, "tlbi vmalls12e1is"
	stage1	"ALLE1IS", 0, "tlbi alle1is"
	stage1	"ASIDE1IS", "ASID << 48", "tlbi aside1is, x24"
	stage1	"ASIDE1OS", "ASID << 48", "tlbi aside1os, x24"
	stage1	"VAE1IS", "(ASID << 48) | (WINDOW >> 12)", "tlbi vae1is, x24"
	stage1	"VALE1IS", "(ASID << 48) | (WINDOW >> 12)", "tlbi vale1is, x24"
	stage1	"VAAE1IS", "WINDOW >> 12", "tlbi vaae1is, x24"
	stage1	"VAALE1IS", "WINDOW >> 12", "tlbi vaale1is, x24"
	stage1	"VAE1OS", "(ASID << 48) | (WINDOW >> 12)", "tlbi vae1os, x24"
	stage1	"RVAE1IS", "(ASID << 48) | (1 << 46) | (WINDOW >> 12)", "tlbi rvae1is, x24"
	stage1	"RVAAE1IS", "(1 << 46) | (WINDOW >> 12)", "tlbi rvaae1is, x24"
	stage1	"RVALE1OS", "(ASID << 48) | (1 << 46) | (WINDOW >> 12)", "tlbi rvale1os, x24"
	stage2	"IPAS2E1IS", "IPA >> 12", "tlbi ipas2e1is, x24"
	stage2	"IPAS2LE1IS", "IPA >> 12", "tlbi ipas2le1is, x24"
	stage2	"IPAS2E1OS", "IPA >> 12", "tlbi ipas2e1os, x24"
	stage2	"RIPAS2E1IS", "(1 << 46) | (IPA >> 12)", "tlbi ripas2e1is, x24"
	stage2	"RIPAS2LE1IS", "(1 << 46) | (IPA >> 12)", "tlbi ripas2le1is, x24"
	form	"VMALLS12E1IS of stage 2", two3 + 8, TWO_BITS, WINDOW + 4096, 0, "tlbi vmalls12e1is"
	form	"ALLE1OS of stage 2", two3 + 8, TWO_BITS, WINDOW + 4096, 0, "tlbi alle1os"
	ldp	x29, x30, [sp], #16
	ret

// EL1&0 of this PE
regime:	control	mair_el1, MAIR_V
	control	tcr_el1, TCR_EL1_V
	ldr	x0, =one1
	mov	x1, #ASID
	bfi	x0, x1, #48, #16
	msr	ttbr0_el1, x0
	ldr	x0, =two1
	mov	x1, #VMID
	bfi	x0, x1, #48, #16
	msr	vttbr_el2, x0
	control	vtcr_el2, VTCR
	control	sctlr_el1, SCTLR_EL1_RES1 | SCTLR_MMU
	control	hcr_el2, HCR_BASE | HCR_VM
	base	vbar_el1, el1_vectors
	isb
	ret

// x0 = page or 0: what the entry x26 says from now on, with the attributes x27 and the maintenance x28
map:	mov	x25, x30
	cmp	x0, #0
	csel	x1, x27, xzr, ne
	orr	x0, x0, x1
	str	x0, [x26]
	dsb	ishst
	blr	x28
	dsb	ish
	isb
	ret	x25

// The page alternates. The one that was taken away holds STALE once the invalidation is complete, and its good value again
// only when PE 1 has confirmed that it uses the new one.
remap:	stp	x29, x30, [sp, #-16]!
	ldr	x20, =PAGE_A
	ldr	x21, =PAGE_B
	mov	x19, #ROUNDS
	ldr	x22, =round
	ldr	x23, =confirmed
1:	str	x19, [x21]
	mov	x0, #0
	bl	map				// break
	mov	x0, x21
	bl	map				// make
	mov	x0, #STALE
	str	x0, [x20]
	stlr	x19, [x22]
2:	ldar	x0, [x23]
	cmp	x0, x19
	b.ne	2b
	eor	x20, x20, x21
	eor	x21, x20, x21
	eor	x20, x20, x21
	subs	x19, x19, #1
	b.ne	1b
	stlr	xzr, [x22]
3:	ldar	x0, [x23]			// PE 1 has seen the end
	cbnz	x0, 3b
	ldr	x0, =wrong
	ldr	x0, [x0]
	bl	putdec
	ldp	x29, x30, [sp], #16
	ret

second:	ldr	x0, =stack1_top
	mov	sp, x0
	bl	cpu_init
	bl	regime
	base	elr_el2, reader
	mov	x0, #0x3c5			// EL1h, DAIF masked
	msr	spsr_el2, x0
	eret

// At EL1: reads the target, over and over, from the first round of a form to its last.
reader:	ldr	x22, =round
	ldr	x23, =confirmed
	ldr	x21, =target
1:	ldar	x1, [x22]
	cbz	x1, 1b
	ldr	x20, [x21]
	mov	x24, #0				// wrong
	mov	x25, #0				// the round confirmed last
2:	ldar	x1, [x22]
	cbz	x1, 3f
	ldr	x0, [x20]			// STALE would be the old page behind the invalidation
	cmp	x0, #ROUNDS
	cinc	x24, x24, hi
	cmp	x1, x25
	b.eq	2b
	ldr	x0, [x20]			// the round has come, so the mapping has
	cmp	x0, x1
	cinc	x24, x24, ne
	mov	x25, x1
	stlr	x25, [x23]
	b	2b
3:	ldr	x0, =wrong
	str	x24, [x0]
	stlr	xzr, [x23]
	b	1b

// A translation fault of stage 1 or of stage 2 while the mapping is broken: the access is made again.
.macro again esr
	mrs	x3, \esr
	and	x3, x3, #0x3f
	cmp	x3, #7				// level 3
	b.ne	panic
	eret
.endm
lower_sync:
	again	esr_el2
current_sync:
	b	panic

	.balign	2048
el1_vectors:
	.space	0x200
	again	esr_el1				// from EL1 itself, with SP_EL1
	.ltorg

	.data
	.balign	64
round:	.quad	0
	.balign	64
confirmed:
	.quad	0
	.balign	64
target:	.quad	0
wrong:	.quad	0
	.bss
	.balign	4096
one1:	.space	4096
one2:	.space	4096
one3:	.space	4096
two1:	.space	4096
two2:	.space	4096
two3:	.space	4096
	.text
