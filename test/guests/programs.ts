/**
 * Small guests as text, for tests that need a machine doing one thing for ever, or one thing once. `everyPe` starts PEs 1
 * to N-1 by PSCI CPU_ON and goes on at `body` on each of them, x19 = 0 on the first.
 */
const everyPe = (pes: number, body: string): string => `
	.text
	.global	_start
_start:	mov	x19, #1
1:	cmp	x19, #${pes}
	b.hs	2f
	ldr	x0, =0xc4000003			// CPU_ON
	mov	x1, x19
	adr	x2, body
	mov	x3, x19
	smc	#0
	add	x19, x19, #1
	b	1b
2:	mov	x0, #0
body:	mov	x19, x0
${body}
	.ltorg
`

const exit = (code: number): string => `
	adr	x1, 9f
	mov	x0, #0x18
	hlt	#0xf000
	.balign	8
9:	.quad	0x20026, ${code}
`

/** The event stream of EL2 at 2^10 counts, so that a WFE ends. */
const eventStream = '	mov	x1, #(9 << 4) | 4\n	msr	cnthctl_el2, x1\n	isb\n'

/** Loops without an end, each in a way of its own. */
export const endless = {
  'b .': (pes: number) => everyPe(pes, '	b	.'),
  'wfe on all but one': (pes: number) => everyPe(pes, '	cbz	x19, 2f\n1:	wfe\n	b	1b\n2:	b	2b'),
  'wfe under an event stream': (pes: number) => everyPe(pes, `${eventStream}1:	wfe\n	b	1b`),
  'wfi on all but one': (pes: number) => everyPe(pes, '	cbz	x19, 2f\n1:	wfi\n	b	1b\n2:	b	2b'),
  'an exception storm': (pes: number) =>
    everyPe(
      pes,
      '\tadr\tx1, 1f\n\tmsr\tvbar_el2, x1\n\tisb\n\tsvc\t#0\n\t.balign\t2048\n1:\t.rept\t512\n\tsvc\t#1\n\t.endr',
    ),
  'self-modifying code': (pes: number) =>
    everyPe(
      pes,
      '	ldr	w1, 2f\n	adr	x2, 2f\n1:	str	w1, [x2]\n	dc	cvau, x2\n	ic	ivau, x2\n	dsb	ish\n	isb\n2:	nop\n	b	1b',
    ),
} as const

/**
 * Every PE adds 200 times under a lock that is waited for in WFE, then the last one exits. Without SEV it is the store to the
 * lock that ends the wait.
 */
export const waitForEvents = (pes: number, sev = true): string =>
  everyPe(
    pes,
    `	ldr	x1, =lock
	ldr	x2, =sum
	mov	x3, #200
1:	ldaxr	w4, [x1]
	cbnz	w4, 2f
	mov	w5, #1
	stxr	w4, w5, [x1]
	cbz	w4, 3f
	b	1b
2:	wfe
	b	1b
3:	ldr	x4, [x2]
	add	x4, x4, #1
	str	x4, [x2]
	stlr	wzr, [x1]
	${sev ? 'sev' : 'nop'}
	subs	x3, x3, #1
	b.ne	1b
	ldr	x5, =finished
	mov	x6, #1
	ldaddal	x6, x7, [x5]
	cmp	x7, #${pes - 1}
	b.ne	4f
${exit(0)}
4:	wfi
	b	4b
	.data
	.balign	64
lock:	.quad	0
	.balign	64
sum:	.quad	0
finished:
	.quad	0
	.text`,
  )

/** Every exception is taken at a vector whose first instruction faults again. */
export const faultingVectors = (pes: number): string =>
  everyPe(
    pes,
    '\tadr\tx1, 1f\n\tmsr\tvbar_el2, x1\n\tisb\n\tudf\t#0\n\t.balign\t2048\n1:\t.rept\t512\n\tudf\t#1\n\t.endr',
  )
/** The vectors lie where there is no memory. */
export const noVectors = (pes: number): string => everyPe(pes, '\tmsr\tvbar_el2, xzr\n\tisb\n\tudf\t#0')
/**
 * Each PE waits in WFI for interrupts of its EL2 timer, `count` times with a period of its own, and acknowledges them at the
 * interrupt controller; the last one exits.
 */
export const ticks = (pes: number, count: number): string =>
  everyPe(
    pes,
    `	ldr	x1, =0x08000000
	mov	w2, #0x12			// GICD_CTLR: affinity routing, Group 1
	str	w2, [x1]
	ldr	x1, =0x080a0000			// this PE's redistributor
	add	x1, x1, x19, lsl #17
	str	wzr, [x1, #0x14]
1:	ldr	w2, [x1, #0x14]
	tbnz	w2, #2, 1b
	add	x1, x1, #0x10, lsl #12
	mov	w2, #-1
	str	w2, [x1, #0x80]
	mov	w2, #1 << 26
	str	w2, [x1, #0x100]
	mov	x2, #0xf
	msr	icc_sre_el2, x2
	isb
	mov	x2, #0xf0
	msr	icc_pmr_el1, x2
	mov	x2, #1
	msr	icc_igrpen1_el1, x2
	mov	x3, #${count}
	mov	x4, #1000
	mov	x5, #137
	madd	x4, x19, x5, x4
2:	msr	cnthp_tval_el2, x4
	mov	x2, #1
	msr	cnthp_ctl_el2, x2
	isb
3:	wfi
	mrs	x2, isr_el1
	cbz	x2, 3b
	mrs	x6, icc_iar1_el1
	msr	cnthp_ctl_el2, xzr
	isb
	msr	icc_eoir1_el1, x6
	cmp	x6, #26
	b.ne	4f
	subs	x3, x3, #1
	b.ne	2b
	ldr	x5, =finished
	mov	x6, #1
	ldaddal	x6, x7, [x5]
	cmp	x7, #${pes - 1}
	b.ne	4f
${exit(0)}
4:	wfi
	b	4b
	.data
	.balign	64
finished:
	.quad	0
	.text`,
  )

/**
 * Every PE reads through 64 pages, gives them other frames all the time, and seldom tells the TLBs: what it adds up depends on
 * translations that are kept. The result is each PE's x21.
 */
export const staleTranslations = (pes: number, rounds: number): string =>
  everyPe(
    pes,
    `	ldr	x0, =0x40400000
	mov	x1, #0
1:	add	x2, x1, x1, lsl #3
	str	x2, [x0]
	add	x0, x0, #4096
	add	x1, x1, #1
	cmp	x1, #64
	b.ne	1b
	ldr	x0, =0x40300000			// level 1: devices, RAM, the pages
	ldr	x1, =0x445
	ldr	x2, =0x40000741
	stp	x1, x2, [x0]
	ldr	x1, =0x40301003
	str	x1, [x0, #16]
	ldr	x1, =0x40302003
	ldr	x2, =0x40301000
	str	x1, [x2]
	ldr	x23, =0x40302000
	ldr	x24, =0x40400743
	mov	x1, #0
1:	add	x2, x24, x1, lsl #12
	str	x2, [x23, x1, lsl #3]
	add	x1, x1, #1
	cmp	x1, #64
	b.ne	1b
	msr	ttbr0_el2, x0
	mov	x1, #0xff
	msr	mair_el2, x1
	ldr	x1, =0x80823520
	msr	tcr_el2, x1
	dsb	ish
	isb
	ldr	x1, =0x30c51835
	msr	sctlr_el2, x1
	isb
	add	x20, x19, #1
	mov	x21, #0
	ldr	x22, =${rounds}
	ldr	x25, =0x80000000
	ldr	x26, =6364136223846793005
	ldr	x27, =1442695040888963407
2:	mul	x20, x20, x26
	add	x20, x20, x27
	ubfx	x1, x20, #40, #6
	ubfx	x2, x20, #50, #6
	ubfx	x3, x20, #58, #6
	add	x4, x25, x1, lsl #12
	ldr	x5, [x4]
	eor	x21, x5, x21, ror #7
	cbnz	x3, 3f
	lsr	x6, x4, #12
	tlbi	vae2is, x6
	dsb	ish
	isb
3:	add	x7, x24, x2, lsl #12
	str	x7, [x23, x1, lsl #3]
	subs	x22, x22, #1
	b.ne	2b
	ldr	x5, =finished
	mov	x6, #1
	ldaddal	x6, x7, [x5]
	cmp	x7, #${pes - 1}
	b.ne	4f
${exit(0)}
4:	wfi
	b	4b
	.data
	.balign	64
finished:
	.quad	0
	.text`,
  )

/** Every PE waits in WFE, and no event ever comes. */
export const allWaitForEvents = (pes: number): string => everyPe(pes, '1:	wfe\n	b	1b')
/** Every PE waits in WFI. */
export const allWait = (pes: number): string => everyPe(pes, '1:	wfi\n	b	1b')
/** The first PE waits in WFI for the UART's receiver, the others are off. */
export const waitForInput = `
	.text
_start:	ldr	x1, =0x09000000
	mov	w2, #0x10			// UARTIMSC: RXIM
	str	w2, [x1, #0x38]
1:	wfi
	b	1b
	.ltorg
`
/** Every PE switches itself off. */
export const allOff = (pes: number): string => everyPe(pes, '	ldr	x0, =0x84000002\n	smc	#0\n	b	.')
/** The first PE waits, the others are off. */
export const waitOrOff = (pes: number): string =>
  everyPe(pes, '	cbz	x19, 1f\n	ldr	x0, =0x84000002\n	smc	#0\n1:	wfi\n	b	1b')

/** Each PE writes `count` bytes: 'A' the first, 'B' the second ... On one PE the bytes count modulo 251. */
export const flood = (pes: number, count: number): string =>
  everyPe(
    pes,
    `	ldr	x1, =0x09000000
	ldr	x2, =${count}
	mov	x3, #0
	add	w4, w19, #'A'
1:	${pes === 1 ? 'mov	w4, w3' : 'nop'}
	strb	w4, [x1]
	add	x3, x3, #1
	${pes === 1 ? 'cmp	x3, #251\n	csel	x3, xzr, x3, eq' : 'nop'}
	subs	x2, x2, #1
	b.ne	1b
	ldr	x5, =finished
	mov	x6, #1
	ldaddal	x6, x7, [x5]
	cmp	x7, #${pes - 1}
	b.ne	4f
${exit(0)}
4:	wfi
	b	4b
	.data
	.balign	64
finished:
	.quad	0
	.text`,
  )

/** Sends back what the UART receives until a 'q' came. */
export const echo = `
	.text
_start:	ldr	x1, =0x09000000
1:	ldr	w2, [x1, #0x18]
	tbnz	w2, #4, 1b
	ldr	w2, [x1]
	strb	w2, [x1]
	cmp	w2, #'q'
	b.ne	1b
${exit(0)}
	.ltorg
`

/** The same, asleep in WFI until the UART's interrupt comes. */
export const echoByInterrupt = `
	.text
_start:	ldr	x1, =0x08000000
	mov	w2, #0x12			// GICD_CTLR: affinity routing, Group 1
	str	w2, [x1]
	mov	w2, #2				// INTID 33
	str	w2, [x1, #0x84]			// GICD_IGROUPR1
	str	w2, [x1, #0x104]		// GICD_ISENABLER1
	ldr	x3, =0x6108			// GICD_IROUTER33: PE 0
	str	xzr, [x1, x3]
	ldr	x1, =0x080a0000
	str	wzr, [x1, #0x14]
	mov	x2, #0xf
	msr	icc_sre_el2, x2
	isb
	mov	x2, #0xf0
	msr	icc_pmr_el1, x2
	mov	x2, #1
	msr	icc_igrpen1_el1, x2
	ldr	x1, =0x09000000
	mov	w2, #0x50			// UARTIMSC: RXIM, RTIM
	str	w2, [x1, #0x38]
1:	wfi
	mrs	x3, icc_iar1_el1
	cmp	x3, #33
	b.ne	1b
2:	ldr	w2, [x1, #0x18]
	tbnz	w2, #4, 3f
	ldr	w2, [x1]
	strb	w2, [x1]
	cmp	w2, #'q'
	b.ne	2b
${exit(0)}
3:	msr	icc_eoir1_el1, x3
	b	1b
	.ltorg
`

/** Ends with a code by semihosting, or by a PSCI function. */
export const exits = (code: number): string => `	.text\n_start:${exit(code)}`
export const firmwareCall = (id: number): string =>
  `	.text\n_start:	ldr	x0, =${id}\n	smc	#0\n	b	.\n	.ltorg\n`
