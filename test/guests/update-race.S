// Hardware updates of the access flag and dirty state (FEAT_HAFDBS) beside software that changes the same descriptors: PE 1
// writes to pages, PE 0 sets a bit for software in their descriptors and PE 1's updates set AF and make them writable. All
// are atomic, so no descriptor loses any of the three (DDI 0487, D8.5). Run with -smp 2.
.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
	.include "translate.inc"

.set ROUNDS,  24
.set PAGES,   64
.set WINDOW,  0xc0000000
.set BACKING, 0x42000000
.set DBM,     1 << 51
.set SOFTWARE, 55
.set HA_HD,   (1 << 21) | (1 << 22)
.set CLEAN,   ((PAGE_BITS & ~(1 << 10)) | NORMAL_BITS | READ_ONLY | EL0_BITS | DBM)

main:	stp	x29, x30, [sp, #-16]!
	link	el2_table, 3, level2
	link	level2, 0, level3
	bl	updates
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, #1
	ldr	x2, =second
	mov	x3, #0
	smc	#0
	mov	x19, #ROUNDS
	mov	x25, #0				// descriptors that lost something
1:	bl	clean
	ldr	x22, =round
	stlr	x19, [x22]
	ldr	x20, =level3
	mov	x21, #0
	mov	x23, #(1 << SOFTWARE)
2:	ldset	x23, x0, [x20]			// from the first page on, as PE 1
	add	x20, x20, #8
	add	x21, x21, #1
	cmp	x21, #PAGES
	b.ne	2b
	ldr	x22, =confirmed
3:	ldar	x0, [x22]
	cmp	x0, x19
	b.ne	3b
	bl	judge
	subs	x19, x19, #1
	b.ne	1b
	adr	x0, text_lost
	bl	puts
	mov	x0, x25
	bl	putdec
	bl	newline
	adr	x0, text_written
	bl	puts
	bl	sum
	bl	putdec
	bl	newline
	ldp	x29, x30, [sp], #16
	ret

// Updates by hardware at EL2 of this PE
updates:
	mrs	x0, tcr_el2
	orr	x0, x0, #HA_HD
	msr	tcr_el2, x0
	isb
	tlbi	alle2
	dsb	ish
	isb
	ret

// Every page clean: not accessed, not writable until it is dirty
clean:	ldr	x0, =level3
	ldr	x1, =BACKING | CLEAN
	mov	x2, #PAGES
1:	str	x1, [x0], #8
	add	x1, x1, #4096
	subs	x2, x2, #1
	b.ne	1b
	dsb	ishst
	tlbi	alle2is
	dsb	ish
	isb
	ret

// x25 += the descriptors that are not accessed, dirty, marked, and otherwise as they were
judge:	ldr	x0, =level3
	ldr	x1, =BACKING | ((CLEAN | (1 << 10) | (1 << SOFTWARE)) & ~READ_ONLY)
	mov	x2, #PAGES
1:	ldr	x3, [x0], #8
	cmp	x3, x1
	cinc	x25, x25, ne
	add	x1, x1, #4096
	subs	x2, x2, #1
	b.ne	1b
	ret

// x0 = the sum of what PE 1 has counted in the pages
sum:	ldr	x1, =BACKING
	mov	x2, #PAGES
	mov	x0, #0
1:	ldr	x3, [x1]
	add	x0, x0, x3
	add	x1, x1, #4096
	subs	x2, x2, #1
	b.ne	1b
	ret

second:	ldr	x0, =stack1_top
	mov	sp, x0
	bl	cpu_init
	bl	updates
	ldr	x22, =round
	ldr	x23, =confirmed
	mov	x25, #0
1:	ldar	x1, [x22]
	cmp	x1, x25
	b.eq	1b
	mov	x25, x1
	ldr	x20, =WINDOW
	mov	x21, #PAGES
2:	ldr	x0, [x20]
	add	x0, x0, #1
	str	x0, [x20]
	add	x20, x20, #4096
	subs	x21, x21, #1
	b.ne	2b
	stlr	x25, [x23]
	b	1b

current_sync:
lower_sync:
	b	panic
text_lost:
	.asciz	"descriptors that lost an update "
text_written:
	.asciz	"writes that arrived "
	.balign	4
	.ltorg

	.data
	.balign	64
round:	.quad	0
	.balign	64
confirmed:
	.quad	0
	.bss
	.balign	4096
level2:	.space	4096
level3:	.space	4096
	.text
