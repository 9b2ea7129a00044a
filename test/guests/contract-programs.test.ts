/**
 * The switch contract on programs of a few instructions: a hypervisor at EL2 without marks, a host and two guests at EL1, who
 * call EL2 by HVC. What each kind of finding needs, and what is none, beyond what the bundled images do.
 */
import { describe, expect, it } from 'vitest'
import type { MachinePlan } from '../../electron/workers/plan.ts'
import { type Checked, checkedPlan, setOf } from '../support/contract.ts'
import { buildSource, quietPlan } from './run-guest.ts'

const frame = `
	.set HOST_HCR,  (1 << 31) | (1 << 56)
	.set GUEST_HCR, HOST_HCR | 1
	.section .text.start, "ax", %progbits
	.global	_start
_start:	adr	x0, vectors
	msr	vbar_el2, x0
	ldr	x0, =0x80013459			// T0SZ 25, level 1, write-back
	msr	vtcr_el2, x0
	ldr	x0, =0x30d00800 | (1 << 43) | (1 << 22) | (1 << 11)
	msr	sctlr_el1, x0
	ldr	x0, =0x30c50830 | (1 << 43) | (1 << 22) | (1 << 11)
	msr	sctlr_el2, x0
	msr	tfsr_el1, xzr
	msr	tfsre0_el1, xzr
	isb
	adr	x20, slots
	b	main

// To an address at EL1, and back here by HVC. A guest runs with stage 2 on and a VMID.
.macro go hcr, vmid, to
	ldr	x27, =\\hcr
	msr	hcr_el2, x27
	ldr	x27, =\\vmid << 48
	adr	x26, table
	orr	x27, x27, x26
	msr	vttbr_el2, x27
	adr	x27, \\to
	msr	elr_el2, x27
	mov	x27, #0x3c5
	msr	spsr_el2, x27
	adr	x28, .Lback\\@
	eret
.Lback\\@:
.endm
.macro host to
	go	HOST_HCR, 0, \\to
.endm
.macro guest vmid, to
	go	GUEST_HCR, \\vmid, \\to
.endm
.macro save reg, slot
	mrs	x0, \\reg
	str	x0, [x20, #\\slot]
.endm
.macro load reg, slot
	ldr	x0, [x20, #\\slot]
	msr	\\reg, x0
.endm
.macro stop				// where a test looks, or lets something happen
	hint	#100
.endm
`
const end = `
done:	ldr	x1, =block
	ldr	x2, =0x20026
	str	x2, [x1]
	str	xzr, [x1, #8]
	mov	x0, #0x18
	hlt	#0xf000
	.ltorg
	.balign	2048
vectors:
	.rept	8
	.balign	128
	b	done
	.endr
	.balign	128
	br	x28				// synchronous, from EL1
	.balign	4096
table:	.quad	0, 0x40000000 | 0x7fd
	.space	4080
slots:	.space	256
block:	.quad	0, 0
`

function program(text: string, sync: MachinePlan['sync'] = 'latest'): Checked {
  const bytes = buildSource(`${frame}main:\n${text}\n\tb\tdone\n${end}`)
  const plan: MachinePlan = {
    ...quietPlan,
    sync,
    image: { bytes, file: 'program.elf' },
    stop: { instructions: 10_000 },
  }
  return checkedPlan(plan, [{ mte: true }, { mte: true }])
}

const STOP = 0xd503_2c9f
/** Runs to the next `stop`. */
function toStop({ board }: Checked): void {
  for (let left = 5000; left > 0; left--) {
    board.advance(1)
    if (board.pes[0]!.core.word >>> 0 === STOP) return
  }
  throw new Error('no stop')
}

function found(text: string, sync?: MachinePlan['sync']): string[] {
  const run = program(text, sync)
  const violations = run.finish()
  expect(run.board.end()).toEqual({ kind: 'exit', code: 0, by: 'semihosting' })
  return setOf(violations)
}

/** Two instructions of a guest that leave a value in a register. */
const leaves = (label: string, reg: string, value: number): string =>
  `${label}:\tmov\tx1, #${value}\n\tmsr\t${reg}, x1\n\tisb\n\thvc\t#0\n`
const calls = (label: string): string => `${label}:\thvc\t#0\n`

describe('state', () => {
  const body = (between: string): string => `
	host	h1
	save	gcr_el1, 0
	guest	1, g1
	save	gcr_el1, 8
	load	gcr_el1, 0
	host	h2
	${between}
	guest	1, g2
	b	done
${leaves('h1', 'gcr_el1', 1)}${leaves('g1', 'gcr_el1', 2)}${calls('h2')}${calls('g2')}`

  it('that comes back is no finding', () => {
    expect(found(body('save gcr_el1, 0\n load gcr_el1, 8'))).toEqual([])
  })

  it('that stays the other’s is lost, and so is an equal value from elsewhere', () => {
    expect(found(body(''))).toEqual(['guest-state-lost GCR_EL1: v0, host'])
    expect(found(body('mov x0, #2\n msr gcr_el1, x0'))).toEqual(['guest-state-lost GCR_EL1: v0, none'])
    expect(found(body('ldr x0, [x20, #8]\n add x0, x0, #0\n orr x0, x0, #2\n msr gcr_el1, x0'))).toEqual([
      'guest-state-lost GCR_EL1: v0, none',
    ])
  })

  it('that the host changes for a while and puts back is its own', () => {
    const text = `
	host	h1
	save	gcr_el1, 0
	guest	1, g1
	load	gcr_el1, 0
	host	h2
	b	done
h1:	mov	x1, #1
	msr	gcr_el1, x1
	mrs	x1, gcr_el1
	orr	x2, x1, #0x10
	msr	gcr_el1, x2
	isb
	msr	gcr_el1, x1
	hvc	#0
${calls('g1')}${calls('h2')}`
    expect(found(text)).toEqual([])
    expect(found(text.replace('load	gcr_el1, 0', ''))).toEqual([])
    expect(found(text.replace('load	gcr_el1, 0', 'msr	gcr_el1, xzr'))).toEqual([
      'host-state-lost GCR_EL1: host, none',
    ])
  })

  it('goes through moves, pairs and other places', () => {
    const way = `
	ldp	x4, x5, [x20, #8]
	mov	x6, x4
	stp	x9, x6, [x20, #64]
	ldr	x7, [x20, #72]
	msr	gcr_el1, x7`
    expect(found(body(way))).toEqual([])
  })

  it('in the slot of another register is not that register’s', () => {
    const text = (slot: number): string => `
	guest	1, g1
	save	gcr_el1, 8
	save	rgsr_el1, 16
	load	rgsr_el1, ${slot}
	guest	1, g2
	b	done
g1:	mov	x1, #0x200
	msr	gcr_el1, x1
	msr	rgsr_el1, x1
	hvc	#0
${calls('g2')}`
    expect(found(text(16))).toEqual([])
    expect(found(text(8))).toEqual(['guest-state-lost RGSR_EL1: v0, none'])
  })

  it('of another vCPU is lost', () => {
    const text = `
	guest	1, g1
	save	gcr_el1, 8
	guest	2, g2
	save	gcr_el1, 16
	load	gcr_el1, 16
	guest	1, g3
	b	done
${leaves('g1', 'gcr_el1', 2)}${leaves('g2', 'gcr_el1', 3)}${calls('g3')}`
    expect(found(text)).toEqual(['guest-state-lost GCR_EL1: v0, v1'])
    expect(found(text.replace('load	gcr_el1, 16', 'load	gcr_el1, 8'))).toEqual([])
  })

  it('that the host sets on purpose is new, once', () => {
    const text = (stale: string): string => `
	guest	1, g1
	save	gcr_el1, 8
	host	h1
	load	gcr_el1, 8
	guest	1, g2
	${stale}
	load	gcr_el1, 8
	guest	1, g3
	b	done
h1:	mov	x1, #5
	str	x1, [x20, #8]
	hvc	#0
${leaves('g1', 'gcr_el1', 2)}${leaves('g2', 'gcr_el1', 3)}${calls('g3')}`
    expect(found(text('save gcr_el1, 8'))).toEqual([])
    expect(found(text(''))).toEqual(['guest-state-lost GCR_EL1: v0, none'])
  })
})

describe('an owner that cannot be told', () => {
  it('is said, and nothing is judged', () => {
    const run = program(`
	guest	0, g1
	save	gcr_el1, 8
	mov	x0, #7
	msr	gcr_el1, x0
	guest	0, g2
	b	done
${leaves('g1', 'gcr_el1', 2)}${calls('g2')}`)
    expect(run.finish()).toEqual([])
    expect(run.contract.statistics.unknownOwner).toBe(true)
  })

  it('is a VM of two vCPUs by its VMID', () => {
    const run = program(`
	mov	x0, #1
	msr	vmpidr_el2, x0
	guest	1, g1
	mov	x0, #2
	msr	vmpidr_el2, x0
	guest	1, g2
	b	done
${leaves('g1', 'gcr_el1', 2)}${calls('g2')}`)
    expect(run.finish()).toEqual([])
    expect(run.contract.statistics.unknownOwner).toBe(true)
  })
})

describe('a draw of the hypervisor itself at EL2', () => {
  const exit = (barrier: string): string => `
	host	h1
	save	gcr_el1, 0
	save	rgsr_el1, 16
	guest	1, g1
	save	gcr_el1, 8
	load	rgsr_el1, 16
	load	gcr_el1, 0
	${barrier}
	irg	x3, x20
	host	h2
	b	done
${leaves('h1', 'gcr_el1', 1)}${leaves('g1', 'gcr_el1', 2)}h2:	irg	x3, x20
	hvc	#0
`
  it('uses the guest’s mask until an event stands between', () => {
    expect(found(exit(''))).toEqual(['unsynchronised-host-state GCR_EL1: host, v0'])
    expect(found(exit('dsb sy'))).toEqual(['unsynchronised-host-state GCR_EL1: host, v0'])
    expect(found(exit('isb'))).toEqual([])
    expect(found(exit(''), 'eager')).toEqual([])
  })
})

describe('an asynchronous fault', () => {
  /** The guest's fault arrives at the first stop; it looks, clears and leaves; `back` is what EL2 gives it then. */
  const text = (back: string): string => `
	guest	1, g1
	save	tfsr_el1, 8
	guest	1, g2
	${back}
	guest	1, g3
	b	done
g1:	msr	tfsr_el1, xzr
	stop
	dsb	sy
	isb
	hvc	#0
g2:	mrs	x1, tfsr_el1
	msr	tfsr_el1, xzr
	hvc	#0
g3:	mrs	x1, tfsr_el1
	hvc	#0
`
  function after(source: string): Checked {
    const run = program(source)
    toStop(run)
    run.board.pes[0]!.core.sync.tagFault(1, 0)
    return run
  }

  it('is seen once', () => {
    const run = after(text(''))
    expect(run.contract.outstanding()).toBe(1)
    expect(setOf(run.finish())).toEqual([])
    expect(run.contract.outstanding()).toBe(0)
  })

  it('that was cleared and comes back with an old value is duplicated', () => {
    expect(setOf(after(text('load tfsr_el1, 8')).finish())).toEqual([
      'tag-fault-duplicated TFSR_EL1: v0, none',
    ])
  })

  it('that is gone before its owner looks is lost', () => {
    const lost = text('').replace('save	tfsr_el1, 8', 'msr	tfsr_el1, xzr')
    expect(setOf(after(lost).finish())).toEqual(['tag-fault-lost TFSR_EL1: v0, none'])
  })

  it('that its owner clears without a look is a harvest', () => {
    const cleared = text('').replace('g2:	mrs	x1, tfsr_el1', 'g2:	nop')
    expect(setOf(after(cleared).finish())).toEqual([])
  })

  it('that another vCPU finds is misattributed, and lost for its owner', () => {
    const other = text('').replace('save	tfsr_el1, 8\n	guest	1, g2', 'guest	2, g2\n')
    expect(setOf(after(other).finish())).toEqual([
      'tag-fault-lost TFSR_EL1: v0, none',
      'tag-fault-misattributed TFSR_EL1: v0, v1',
    ])
  })

  it('says of itself what software cannot know', () => {
    const other = text('').replace('save	tfsr_el1, 8\n	guest	1, g2', 'guest	2, g2\n')
    const [violation] = after(other)
      .finish()
      .filter(({ kind }) => kind === 'tag-fault-misattributed')
    expect(violation!.trail.at(-1)).toMatchObject({ el: 1, instruction: 'mrs x1, tfsr_el1' })
    expect(violation!.trail.at(-1)!.text).toContain('Software cannot know which access it was')
    expect(violation!.trail.some(({ text: sentence }) => /0x[0-9a-f]{6}/.test(sentence))).toBe(false)
  })
})
