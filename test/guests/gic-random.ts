/**
 * Random programs that use the interrupt controller at EL2 and, through its virtual interface, at EL1. Interrupts stay
 * masked: everything is seen by reading, and what was read is printed at the end, one value a line.
 *
 * Left out is what differs from QEMU 10 on purpose: ends of LPIs (QEMU's board has them), ICH_HCR_EL2.VGrp0DIE (QEMU
 * looks at VENG1), priority 0xff (QEMU's HPPIR does not show it), a CPU interface with one group off (electron/machine/README.md).
 */

/** xorshift32. */
function generator(seed: number): (below: number) => number {
  let x = (Math.imul(seed, 0x9e37_79b1) ^ 0x5bd1_e995) | 1
  return (below) => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % below
  }
}

const GICD = 0x0800_0000
const SGI_FRAME = 0x080b_0000
const IGROUPR = 0x080
const ISENABLER = 0x100
const ICENABLER = 0x180
const ISPENDR = 0x200
const ICPENDR = 0x280
const ISACTIVER = 0x300
const ICACTIVER = 0x380
const IPRIORITYR = 0x400
const ICFGR = 0xc00

/** INTIDs in use: some of each kind; no timer's, since those have levels of their own. */
const sgis = [0, 1, 7, 15]
const ppis = [16, 17, 24]
const spis = [32, 33, 63, 64, 286, 287]
const all = [...sgis, ...ppis, ...spis]
/** First INTIDs of the banks that these are in. */
const banks = [0, 32, 64, 256]
/** Virtual INTIDs, special ones among them. */
const virtual = [0, 3, 20, 27, 40, 1000, 1023]

const frame = (intid: number): number => (intid < 32 ? SGI_FRAME : GICD)
const bitWord = (register: number, intid: number): number => frame(intid) + register + (intid >>> 5) * 4
const bit = (intid: number): number => 1 << (intid & 31)

/** Makes a program of steps; each step is an access or two. */
class Writer {
  readonly lines: string[] = []
  readonly random: (below: number) => number
  logged = 0

  constructor(seed: number) {
    this.random = generator(seed)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)]!
  }

  /** Keeps x0 for the printed log. */
  log(): void {
    this.lines.push('	str	x0, [x20], #8')
    this.logged++
  }

  read(...registers: string[]): void {
    for (const register of registers) {
      this.lines.push(`	mrs	x0, ${register}`)
      this.log()
    }
  }

  write(register: string, value: number | bigint): void {
    const unsigned = BigInt.asUintN(typeof value === 'number' ? 32 : 64, BigInt(value))
    this.lines.push(`	ldr	x0, =0x${unsigned.toString(16)}`, `	msr	${register}, x0`, '	isb')
  }

  load(address: number): void {
    this.lines.push(`	ldr	x1, =0x${address.toString(16)}`, '	ldr	w0, [x1]')
    this.log()
  }

  store(address: number, value: number, instruction: 'str' | 'strb' = 'str'): void {
    const word = (value >>> 0).toString(16)
    this.lines.push(`	ldr	x1, =0x${address.toString(16)}`, `	ldr	w0, =0x${word}`)
    this.lines.push(`	${instruction}	w0, [x1]`, '	dsb	sy')
  }

  priority(intid: number): void {
    this.store(frame(intid) + IPRIORITYR + intid, this.random(255), 'strb')
  }

  /** Literals within reach, jumped over. */
  literals(): void {
    this.lines.push('	b	1f', '	.ltorg', '1:')
  }

  guest(body: () => void): void {
    this.lines.push(
      '	adr	x1, 2f',
      '	msr	elr_el2, x1',
      '	mov	x1, #0x3c5',
      '	msr	spsr_el2, x1',
      '	eret',
    )
    this.lines.push('	.ltorg', '2:')
    body()
    this.lines.push('	hvc	#0')
  }
}

function setUp(w: Writer): void {
  w.store(GICD, 3)
  for (const intid of all) {
    w.priority(intid)
    if (w.random(4) > 0) w.store(bitWord(ISENABLER, intid), bit(intid))
  }
  for (const first of banks) w.store(bitWord(IGROUPR, first), w.random(2 ** 32))
  w.write('ICC_PMR_EL1', 0xff)
  w.write('ICC_IGRPEN0_EL1', 1)
  w.write('ICC_IGRPEN1_EL1', 1)
}

/** An SGI to this PE, to it and others, to nobody, or to all others. */
const sgi = (w: Writer): bigint =>
  (BigInt(w.pick(sgis)) << 24n) | BigInt(w.pick([1, 1, 3, 0xffff, 0])) | (BigInt(w.pick([0, 0, 0, 1])) << 40n)

function physicalStep(w: Writer): void {
  const intid = w.pick(all)
  const group = w.random(2)
  const steps: (() => void)[] = [
    () => w.priority(intid),
    () => w.store(bitWord(w.pick([ISENABLER, ISENABLER, ICENABLER]), intid), bit(intid)),
    () => w.store(bitWord(ISPENDR, intid), bit(intid)),
    () => w.store(bitWord(ISPENDR, intid), bit(intid)),
    () => w.store(bitWord(ISPENDR, intid), bit(intid)),
    () => w.store(bitWord(ICPENDR, intid), bit(intid)),
    () => w.store(bitWord(w.pick([ISACTIVER, ICACTIVER]), intid), bit(intid)),
    () => w.load(bitWord(w.pick([IGROUPR, ISENABLER, ICENABLER, ISPENDR, ISACTIVER, ICACTIVER]), intid)),
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.write(`ICC_EOIR${group}_EL1`, w.pick([intid, intid, 1023, 1020, 288])),
    () => w.write(`ICC_EOIR${group}_EL1`, intid),
    () => w.write('ICC_DIR_EL1', w.pick([intid, intid, 1023, 500])),
    () => w.write(`ICC_BPR${group}_EL1`, w.random(8)),
    () => w.write('ICC_CTLR_EL1', w.random(4)),
    () => w.write('ICC_PMR_EL1', w.pick([0xff, 0xf0, 0x80, w.random(256)])),
    () => w.write(w.pick(['ICC_SGI0R_EL1', 'ICC_SGI1R_EL1', 'ICC_ASGI1R_EL1']), sgi(w)),
    () => w.store(bitWord(IGROUPR, intid), w.random(2 ** 32)),
    () => w.store(GICD, w.pick([3, 3, 1, 2, 0])),
    () => w.store(frame(intid) + ICFGR + (intid >>> 4) * 4, w.random(2 ** 32)),
  ]
  w.pick(steps)()
}

function listRegister(w: Writer): bigint {
  const linked = w.random(4) === 0
  // Bit 9 of pINTID is EOI where HW is 0.
  const physical = linked ? w.pick([...ppis, ...spis]) : w.random(2) << 9
  return (
    (BigInt(w.random(4)) << 62n) |
    (linked ? 1n << 61n : 0n) |
    (BigInt(w.random(2)) << 60n) |
    (BigInt(w.random(32)) << 51n) |
    (BigInt(physical) << 32n) |
    BigInt(w.pick(virtual))
  )
}

const VGRP0DIE = 1 << 5

function hypervisorStep(w: Writer): void {
  const list = (): void => w.write(`ICH_LR${w.random(4)}_EL2`, listRegister(w))
  const steps: (() => void)[] = [
    list,
    list,
    list,
    () => {
      const causes = (w.random(128) << 1) & ~VGRP0DIE
      w.write('ICH_HCR_EL2', (w.random(4) > 0 ? 1 : 0) | causes | (w.pick([0, 0, 0, 31, 3]) << 27))
    },
    () => {
      const points = w.random(64) << 18
      const mask = w.pick([0xf8, 0xf8, 0x80]) << 24
      w.write('ICH_VMCR_EL2', 3 | (w.random(2) << 9) | (w.random(2) << 4) | points | mask)
    },
    () => w.write(`ICH_AP${w.random(2)}R0_EL2`, w.random(3) === 0 ? 2 ** w.random(32) : 0),
    () => {
      const intid = w.pick([...ppis, ...spis])
      w.store(bitWord(ISACTIVER, intid), bit(intid))
    },
  ]
  w.pick(steps)()
}

function guestStep(w: Writer): void {
  const group = w.random(2)
  const intid = w.pick([...virtual, 1021])
  const steps: (() => void)[] = [
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.read(`ICC_IAR${group}_EL1`),
    () => w.write(`ICC_EOIR${group}_EL1`, intid),
    () => w.write(`ICC_EOIR${group}_EL1`, intid),
    () => w.write('ICC_DIR_EL1', intid),
    () => w.write(`ICC_BPR${group}_EL1`, w.random(8)),
    () => w.write('ICC_CTLR_EL1', w.random(4)),
    () => w.write('ICC_PMR_EL1', w.pick([0xff, 0xf0, 0x80, w.random(256)])),
    () => w.write(`ICC_IGRPEN${group}_EL1`, w.random(4) > 0 ? 1 : 0),
    () => w.read(w.pick(['ISR_EL1', 'ICC_RPR_EL1', 'ICC_AP0R0_EL1', 'ICC_AP1R0_EL1', 'ICC_CTLR_EL1'])),
  ]
  w.pick(steps)()
}

const cpu = (...names: string[]): string[] => names.map((name) => `ICC_${name}_EL1`)
const common = cpu('HPPIR0', 'HPPIR1', 'RPR', 'BPR0', 'BPR1', 'PMR', 'CTLR')
const lists = ['LR0', 'LR1', 'LR2', 'LR3']
const hypervisor = ['HCR', 'VMCR', 'MISR', 'EISR', 'ELRSR', 'AP0R0', 'AP1R0', ...lists]

function showHypervisor(w: Writer): void {
  w.read(...hypervisor.map((name) => `ICH_${name}_EL2`))
  w.load(SGI_FRAME + ISPENDR)
  for (const first of banks) w.load(bitWord(ISACTIVER, first))
}

/** @param steps accesses of EL2 to the physical interface; an eighth as many rounds of the virtual one follow */
export function randomProgram(seed: number, steps: number): string {
  const w = new Writer(seed)
  setUp(w)
  for (let step = 0; step < steps; step++) {
    physicalStep(w)
    if (w.random(3) === 0) w.read(...common, ...cpu('AP0R0', 'AP1R0'), 'ISR_EL1')
    if (step % 32 === 31) w.literals()
  }
  w.write('ICC_IGRPEN0_EL1', 0)
  w.write('ICC_IGRPEN1_EL1', 0)
  w.lines.push('	ldr	x0, =HCR_BASE | (1 << 3) | (1 << 4)', '	msr	hcr_el2, x0', '	isb')
  for (let round = 0; round < steps / 8; round++) {
    for (let i = w.random(6); i >= 0; i--) hypervisorStep(w)
    showHypervisor(w)
    w.guest(() => {
      for (let i = w.random(8); i >= 0; i--) guestStep(w)
      if (w.random(2) === 0) w.read(...common, ...cpu('IGRPEN0', 'IGRPEN1'), 'ISR_EL1')
    })
    showHypervisor(w)
  }
  return `.set EL2_TCF, 0
.set EL2_ATA, 0
	.include "common.inc"
main:	stp	x29, x30, [sp, #-16]!
	ldr	x0, =HCR_BASE | (1 << 3) | (1 << 4)
	msr	hcr_el2, x0
	isb
	mov	x20, #0x42000000
	mov	x21, x20
${w.lines.join('\n')}
	ldr	x22, =${w.logged}
3:	ldr	x0, [x21], #8
	bl	puthex
	bl	newline
	subs	x22, x22, #1
	b.ne	3b
	ldp	x29, x30, [sp], #16
	ret
	.ltorg
lower_sync:
	mrs	x2, elr_el2
	br	x2
current_sync:
	b	panic
`
}
