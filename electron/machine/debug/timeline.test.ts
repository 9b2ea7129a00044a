import { describe, expect, it } from 'vitest'
import { decode } from '../../../shared/isa/decoder.ts'
import type { BreakCondition } from '../../../shared/model/debug.ts'
import { waitForEvents } from '../../../test/guests/programs.ts'
import {
  buildImage,
  buildProgram,
  buildSource,
  handoverConfig,
  quietPlan,
} from '../../../test/guests/run-guest.ts'
import { openTimeline } from '../../workers/one-thread.ts'
import type { MachinePlan } from '../../workers/plan.ts'
import { stateHash } from '../board/state-hash.ts'
import { markKinds } from '../observe/marks.ts'
import { fetchWord, readMemory, readTags, writeMemory, writeTags } from './memory.ts'
import type { Timeline } from './timeline.ts'

const open = (
  image: Uint8Array,
  over: Partial<MachinePlan> = {},
  options = {},
  console: (bytes: Uint8Array) => void = () => {},
): Timeline =>
  openTimeline(
    { ...quietPlan, memoryBytes: 8 << 20, stop: {}, image: { bytes: image, file: 'guest.elf' }, ...over },
    console,
    options,
  )

const contended = () => open(buildSource(waitForEvents(3)), { pes: 3 }, { interval: 1000 })
const hash = (timeline: Timeline) => stateHash(timeline.board.views)
const where = (timeline: Timeline) => ({ moment: timeline.moment, hash: hash(timeline) })

/** Goes back until a condition held. */
function back(timeline: Timeline, condition: BreakCondition): string {
  const search = timeline.runBack([condition])
  for (;;) {
    const { done, value } = search.next()
    if (done) return value.kind
  }
}
const retired = (timeline: Timeline) => timeline.board.pes.map((pe) => pe.core.instructions)

const small = (body: string) => buildSource(`	.text\n	.global _start\n_start:\n${body}\n	b .\n	.ltorg\n`)

describe('the way to a place', { timeout: 60_000 }, () => {
  it('comes to the same state from every side', () => {
    const timeline = contended()
    const seen = [where(timeline)]
    for (let i = 0; i < 12; i++) {
      timeline.run([], 777)
      seen.push(where(timeline))
    }
    for (const i of [5, 11, 0, 7, 6, 12, 3, 3]) {
      timeline.gotoMoment(seen[i]!.moment)
      expect(where(timeline)).toEqual(seen[i])
    }
  })

  it('is found by the retired instructions of any PE, at the first moment that has them', () => {
    const timeline = contended()
    timeline.run([], 4000)
    const end = retired(timeline)
    expect(Math.min(...end)).toBeGreaterThan(100)
    for (const [pe, count] of [
      [0, 40],
      [2, 77],
      [1, end[1]!],
      [0, end[0]! + 50],
      [1, 1],
      [2, 0],
    ] as const) {
      expect(timeline.gotoPosition(pe, count)).toBe(true)
      expect(retired(timeline)[pe]).toBe(count)
      const { moment } = timeline
      if (moment === 0) continue
      timeline.gotoMoment(moment - 1)
      expect(retired(timeline)[pe]).toBe(count - 1)
    }
  })

  it('is gone in slices, and says when the machine ended before it', () => {
    const timeline = contended()
    expect(timeline.gotoPosition(1, 2000, 100)).toBe(false)
    expect(timeline.moment).toBe(100)
    for (let i = 0; i < 1000 && !timeline.gotoPosition(1, 2000, 100); i++);
    expect(retired(timeline)[1]).toBe(2000)
    expect(timeline.gotoPosition(1, 1e9)).toBe(false)
    const { moment } = timeline
    timeline.gotoMoment(10)
    expect([timeline.gotoMoment(moment, 0), timeline.gotoMoment(moment + 1)]).toEqual([true, false])
    const other = contended()
    expect([other.gotoMoment(2000, 1500), other.moment, other.gotoMoment(2000, 500)]).toEqual([
      false,
      1500,
      true,
    ])
    expect(timeline.board.end()).toMatchObject({ kind: 'exit' })
  })

  it('leads back by one instruction of one PE, whatever the others did meanwhile', () => {
    const timeline = contended()
    timeline.run([], 5000)
    for (const pe of [0, 1, 2, 1]) {
      const { instructions, moment } = timeline.position(pe)
      expect(timeline.stepBack(pe)).toBe(true)
      const back = where(timeline)
      expect([retired(timeline)[pe], timeline.board.next?.index]).toEqual([instructions - 1, pe])
      timeline.step(pe)
      expect(retired(timeline)[pe]).toBe(instructions)
      timeline.gotoMoment(back.moment)
      expect(where(timeline)).toEqual(back)
      timeline.gotoMoment(moment)
    }
  })

  it('ends at the beginning of the run', () => {
    const timeline = contended()
    const first = where(timeline)
    timeline.run([], 3)
    for (let i = 0; i < 3; i++) expect(timeline.stepBack(0)).toBe(true)
    expect(timeline.stepBack(0)).toBe(false)
    expect(where(timeline)).toEqual(first)
    expect(timeline.oldest(0)).toEqual({
      position: { pe: 0, instructions: 0, moment: 0 },
      reason: 'beginning of the run',
    })
  })

  it('reaches back as far as the budget lets it, and says so', () => {
    const timeline = open(buildSource(waitForEvents(3)), { pes: 3 }, { interval: 500, budget: 400_000 })
    timeline.run([], 20_000)
    const { count, bytes, moments } = timeline.snapshots()
    expect(count).toBeGreaterThan(2)
    expect(bytes).toBeLessThanOrEqual(400_000)
    // Dense where it is young.
    expect(moments.at(-1)! - moments.at(-2)!).toBeLessThan(moments[2]! - moments[1]!)
    const tight = open(buildSource(waitForEvents(3)), { pes: 3 }, { interval: 500, budget: 1 })
    tight.run([], 2100)
    expect(tight.oldest(0)).toMatchObject({ position: { moment: 2000 }, reason: 'budget of snapshots' })
    expect(() => tight.gotoMoment(1999)).toThrow('before the oldest place')
    expect(() => tight.gotoPosition(0, 1)).toThrow('budget of snapshots')
    tight.gotoMoment(2050)
    expect(tight.moment).toBe(2050)
  })

  it('writes the console once, however often it runs there', () => {
    let text = ''
    const program = small(
      'ldr x1, =0x09000000\nmov w2, #0x41\n1: strb w2, [x1]\nadd w2, w2, #1\ncmp w2, #0x5b\nb.ne 1b',
    )
    const timeline = open(program, {}, { interval: 20 }, (bytes) => {
      text += Buffer.from(bytes).toString()
    })
    timeline.run([], 50)
    const half = text
    timeline.gotoMoment(10)
    timeline.run([], 30)
    expect(text).toBe(half)
    timeline.run([], 1000)
    expect(text).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZ')
  })

  it('branches where the state was changed by hand', () => {
    const timeline = contended()
    timeline.run([], 2500)
    const unchanged = where(timeline)
    timeline.gotoMoment(1200)
    const before = where(timeline)
    timeline.board.pes[1]!.core.state[20] = 0x1234n
    timeline.changed()
    const changed = where(timeline)
    timeline.run([], 1300)
    const after = where(timeline)
    expect(after).not.toEqual(unchanged)
    timeline.gotoMoment(1100)
    timeline.gotoMoment(1200)
    expect(where(timeline)).toEqual(changed)
    expect(changed).not.toEqual(before)
    timeline.gotoMoment(after.moment)
    expect(where(timeline)).toEqual(after)
  })
})

describe('what ends a run', { timeout: 60_000 }, () => {
  const program = () =>
    open(
      small(`
	mov	x0, #5
	ldr	x1, =0x40100000
1:	str	x0, [x1]
	ldr	x2, [x1]
	sub	x0, x0, #1
	cbnz	x0, 1b
	mov	x3, #7
	msr	tpidr_el2, x3
	stg	x1, [x1, #64]
	svc	#0`),
      {},
      { interval: 7 },
    )
  const halts = (timeline: Timeline, condition: BreakCondition, count = 1) =>
    Array.from({ length: count }, () => {
      const halt = timeline.run([{ kind: 'position', pe: 0, instructions: 1e9 }, condition], 400)
      return halt.kind === 'condition' && halt.index === 1 ? timeline.board.pes[0]!.core.pc : halt.kind
    })
  const start = program().board.pes[0]!.core.pc
  const at = (n: number) => start + BigInt(n * 4)

  it('an address, each time it is about to be executed, and not where the run begins', () => {
    const timeline = program()
    expect(halts(timeline, { kind: 'address', address: at(3) }, 6)).toEqual([
      at(3),
      at(3),
      at(3),
      at(3),
      at(3),
      'limit',
    ])
    expect(halts(program(), { kind: 'address', address: at(0) })).toEqual(['limit'])
  })

  it('a kind of instruction, by row or by cost class', () => {
    expect(halts(program(), { kind: 'instruction', cost: 'load' }, 2)).toEqual([at(1), at(3)])
    const timeline = program()
    const row = decode(fetchWord(timeline.board.pes[0]!, at(4))!)!.row.name
    expect(halts(timeline, { kind: 'instruction', row })).toEqual([at(4)])
    expect(halts(timeline, { kind: 'instruction', row: 'IRG' })).toEqual(['limit'])
  })

  it('a position', () => {
    const timeline = program()
    expect(timeline.run([{ kind: 'position', pe: 0, instructions: 9 }])).toEqual({
      kind: 'condition',
      index: 0,
      pe: 0,
    })
    expect(retired(timeline)).toEqual([9])
  })

  it('a register that is written: a general one by a new value, a system register by MSR', () => {
    expect(halts(program(), { kind: 'register-write', register: 'x2' }, 2)).toEqual([at(4), at(4)])
    expect(halts(program(), { kind: 'register-write', register: 'TPIDR_EL2' }, 2)).toEqual([at(8), 'limit'])
    expect(halts(program(), { kind: 'register-write', register: 'TPIDR_EL1' })).toEqual(['limit'])
  })

  it.each([
    ['write', [at(3), at(3)]],
    ['read', [at(4), at(4)]],
    ['access', [at(3), at(4)]],
  ] as const)('memory: %s', (access, expected) => {
    const timeline = program()
    expect(halts(timeline, { kind: 'memory', access, address: 0x0a00_0000_4010_0004n, bytes: 1 }, 2)).toEqual(
      expected,
    )
    expect(halts(program(), { kind: 'memory', access, address: 0x4010_0008n, bytes: 8 })).toEqual(['limit'])
  })

  it('a change of EL', () => {
    const image = small(`
	mov	x0, #0x3c5
	msr	spsr_el2, x0
	adr	x1, 1f
	msr	elr_el2, x1
	adr	x2, 1f
	msr	vbar_el2, x2
	mov	x3, #1
	lsl	x3, x3, #31
	msr	hcr_el2, x3
	eret
	.balign	2048
1:	nop
	hvc	#0`)
    const levels = (timeline: Timeline, to?: number) => {
      const halt = timeline.run([to === undefined ? { kind: 'el-change' } : { kind: 'el-change', to }], 100)
      return [halt.kind, timeline.board.pes[0]!.core.el]
    }
    const both = open(image)
    expect([levels(both), levels(both)]).toEqual([
      ['condition', 1],
      ['condition', 2],
    ])
    expect(levels(open(image), 2)).toEqual(['condition', 2])
    expect(open(image).run([{ kind: 'register-write', register: 'sp' }], 100)).toEqual({ kind: 'limit' })
    expect(levels(open(image), 0)[0]).toBe('limit')
  })

  it('a mark or a phase of a switch', () => {
    const timeline = open(buildImage(handoverConfig()), { pes: 2 }, { interval: 20_000 })
    const entry: BreakCondition = { kind: 'mark', mark: markKinds.ENTRY, pe: 1 }
    expect(timeline.run([entry], 200_000)).toMatchObject({ kind: 'condition', index: 0 })
    const first = where(timeline)
    expect(timeline.run([{ kind: 'phase', phase: 'MTE', pe: 1 }], 200_000)).toMatchObject({
      kind: 'condition',
    })
    expect(timeline.moment).toBeGreaterThan(first.moment)
    expect([back(timeline, entry), timeline.moment]).toEqual(['condition', first.moment - 1])
    timeline.run([], 1)
    expect(where(timeline)).toEqual(first)
  })

  it('a tag fault, of a kind or of any', () => {
    const faults = (fault?: 'sync' | 'async') => {
      const timeline = open(buildProgram('mte-modes'), { memoryBytes: 64 << 20 })
      const pe = timeline.board.pes[0]!
      const halt = timeline.run(
        [fault === undefined ? { kind: 'tag-fault' } : { kind: 'tag-fault', fault }],
        200_000,
      )
      return { kind: halt.kind, tagged: 'address' in halt, counted: pe.recorder.faultCount }
    }
    expect(faults('sync')).toEqual({
      kind: 'condition',
      tagged: true,
      counted: { sync: 1, async: expect.any(Number) },
    })
    expect(faults('async')).toMatchObject({ kind: 'condition', tagged: true, counted: { async: 1 } })
    const any = faults()
    expect(any.counted.sync + any.counted.async).toBe(1)
  })

  it('nothing that does not exist, and says so', () => {
    const refused = (condition: BreakCondition) => () => program().run([condition])
    expect(refused({ kind: 'register-write', register: 'GCR_EL2' })).toThrow(
      "conditions[0]: there is no register 'GCR_EL2'. Did you mean GCR_EL1?",
    )
    expect(refused({ kind: 'instruction', row: 'ADD' })).toThrow("there is no instruction 'ADD'")
    expect(refused({ kind: 'address', address: 0n, pe: 1 })).toThrow(
      'there is no PE1. Give a number from 0 to 0.',
    )
    expect(refused({ kind: 'memory', access: 'read', address: 0n, bytes: 0 })).toThrow(
      '0 bytes cannot be watched',
    )
  })

  it('the same, going back: the last one before', () => {
    const timeline = program()
    timeline.run([], 300)
    const writes: BreakCondition = { kind: 'memory', access: 'write', address: 0x4010_0000n, bytes: 8 }
    const places = Array.from({ length: 6 }, () => [back(timeline, writes), timeline.moment])
    expect(places).toEqual([18, 14, 10, 6, 2].map((moment) => ['condition', moment]).concat([['oldest', 0]]))
    timeline.run([], 300)
    const stops: BreakCondition = { kind: 'address', address: at(5) }
    expect(Array.from({ length: 3 }, () => [back(timeline, stops), timeline.moment])).toEqual(
      [21, 17, 13].map((moment) => ['condition', moment]),
    )
  })
})

describe('memory under the debugger', () => {
  it('is read and written as the PE sees it; decoded instructions follow', () => {
    const timeline = open(small('1: add x0, x0, #1\n	b	1b'))
    const pe = timeline.board.pes[0]!
    const { pc } = pe.core
    timeline.run([], 10)
    expect(pe.core.state[0]).toBe(5n)
    const add = fetchWord(pe, pc)!
    const code = Uint8Array.from([add & 255, ((add >> 8) & 255) | 0x08, (add >> 16) & 255, add >>> 24])
    expect(readMemory(pe, pc, 4)).toEqual(
      Uint8Array.from([add & 255, (add >> 8) & 255, (add >> 16) & 255, add >>> 24]),
    )
    expect(writeMemory(pe, pc, code)).toBe(true)
    timeline.changed()
    timeline.run([], 2)
    expect(pe.core.state[0]).toBe(8n)
    const last = 0x4000_0000n + BigInt(8 << 20)
    expect(readMemory(pe, last - 3n, 16)).toHaveLength(3)
    expect(writeMemory(pe, last - 3n, new Uint8Array(4))).toBe(false)
    expect(writeMemory(pe, 0x10n, new Uint8Array(1))).toBe(false)
    expect(writeTags(pe, 0x4010_0008n, 32, Uint8Array.of(3, 4))).toBe(true)
    expect([...readTags(pe, 0x4010_0000n, 64)!]).toEqual([3, 4, 3, 0])
    expect(readTags(pe, 0n, 1)).toBeNull()
  })
})
