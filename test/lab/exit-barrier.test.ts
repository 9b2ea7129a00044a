/**
 * The barrier of the exit: put before each instruction of the exit sequence in turn it helps from the one behind the last
 * write of GCR_EL1 on and nowhere before; a DSB there does not help, an exception entry or return does.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { branchWord, wordOf } from '../../electron/lab/mutate/operators.ts'
import { codeOf, padText } from '../../electron/lab/mutate/sites.ts'
import { planRun } from '../../electron/lab/plan-run.ts'
import { knownNames } from '../../electron/lab/resources.ts'
import { type CheckedPlan, runBase, tryAll } from '../../electron/workers/check/execute.ts'
import { withWords } from '../../electron/workers/check/patch.ts'
import { readExperiment } from '../../shared/model/experiment-text.ts'

const resources = join(import.meta.dirname, '../../resources')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-exit-'))
afterAll(() => rmSync(folder, { recursive: true }))
const long = process.env.SWITCHYARD_LONG === '1'
const LATE = 'unsynchronised-host-state GCR_EL1'
const idle = async () => {}

function planned(policy: string, mode = 'vhe'): CheckedPlan {
  const file = join(folder, 'policy.inc')
  writeFileSync(file, policy)
  const text = readFileSync(join(resources, 'experiments/contract.json'), 'utf8')
  const set = [`hypervisor.mode=${mode}`, `hypervisor.source=${JSON.stringify(file)}`]
  const { experiment, problems } = readExperiment(text, set, knownNames(resources))
  expect(problems).toEqual([])
  return planRun(experiment!, resources).checked!
}

async function found(checked: CheckedPlan): Promise<string[]> {
  const { broken } = await tryAll(checked, await runBase(checked, idle), idle)
  return [...new Set(broken.map(({ violation }) => `${violation.kind} ${violation.register}`))].toSorted()
}

const v12 = planned(`\t.include "hyp/policies/v12.inc"\n${padText}`)
const { words, pad } = codeOf(v12.plan)
const exit = words('guest_exit')

/** v12 with something executed before an instruction of the exit. */
function before(pc: bigint, word: number, inserted: readonly number[]): CheckedPlan {
  const all = [...inserted, word]
  const end = pad! + BigInt(all.length * 4)
  const plan = withWords(v12.plan, [
    { pc, word: branchWord(pc, pad!) },
    ...all.map((one, i) => ({ pc: pad! + BigInt(i * 4), word: one })),
    { pc: end, word: branchWord(end, pc + 4n) },
  ])
  return { ...v12, plan: plan! }
}

/** Instructions that can stand elsewhere: they name no address. */
const movable = exit.filter(({ text }) => !/^(b|bl|cb|tb|adr|ret)/.test(text))
const write = exit.findIndex(({ text }) => text.startsWith('msr gcr_el1'))

describe('an ISB in the exit', { timeout: 120_000 }, () => {
  it('has a write of GCR_EL1 to stand behind, and nothing that helps without it', async () => {
    expect(write).toBeGreaterThan(20)
    expect(movable.length).toBeGreaterThan(40)
    expect(await found(v12)).toEqual([LATE])
  })

  // The last few are the paths of an SError, which this scenario does not take.
  const near = (i: number): boolean => Math.abs(i - write) <= 2
  const positions = exit.flatMap((line, i) =>
    movable.includes(line) && (long || near(i) || i % 8 === 0) ? [{ ...line, i }] : [],
  )
  const executed = positions.filter(({ text }) => !/disr_el1, xzr|^orr x0/.test(text))

  it.each(executed)('before instruction $i, $text', async ({ i, pc, word }) => {
    expect(await found(before(pc, word, [wordOf('isb')]))).toEqual(i <= write ? [LATE] : [])
  })

  it.each(['dsb sy', 'dsb nsh', 'dmb sy', 'nop', 'yield'])('is not replaced by %s', async (text) => {
    const { pc, word } = exit[write + 1]!
    expect(await found(before(pc, word, [wordOf(text)]))).toEqual([LATE])
  })
})

/** The pair of macros as v12 has it, with more behind the last write of the exit. x4 to x7 are saved by then. */
const withBehind = (text: string): string => `\t.include "hyp/policies/v12.inc"
.set POLICY_LATE_RESTORE, 0
.macro mte_switch_to_guest g, h, tmp
	phase	MTE
	mte_gate \\tmp, .Lguest_done\\@
	mrs	\\tmp, rgsr_el1
	str	\\tmp, [\\h, #CTX_RGSR]
	mrs	\\tmp, gcr_el1
	str	\\tmp, [\\h, #CTX_GCR]
	mark	MARK_OWNER, OWNER_VCPU | OWNER_PAIR
	ldr	\\tmp, [\\g, #CTX_RGSR]
	msr	rgsr_el1, \\tmp
	ldr	\\tmp, [\\g, #CTX_GCR]
	msr	gcr_el1, \\tmp
.Lguest_done\\@:
.endm
.macro mte_switch_to_hyp g, h, tmp
	phase	MTE
	mte_gate \\tmp, .Lhyp_done\\@
	mrs	\\tmp, rgsr_el1
	str	\\tmp, [\\g, #CTX_RGSR]
	mrs	\\tmp, gcr_el1
	str	\\tmp, [\\g, #CTX_GCR]
	mark	MARK_OWNER, OWNER_PAIR
	ldr	\\tmp, [\\h, #CTX_RGSR]
	msr	rgsr_el1, \\tmp
	ldr	\\tmp, [\\h, #CTX_GCR]
	msr	gcr_el1, \\tmp
${text}
.Lhyp_done\\@:
.endm
.set POLICY_OWN_MACROS, 1
`
const saved = '\tmrs\tx4, elr_el2\n\tmrs\tx5, spsr_el2\n'
const restored = '\tmsr\telr_el2, x4\n\tmsr\tspsr_el2, x5\n'
const eret = `${saved}	adr	x6, 1f
	msr	elr_el2, x6
	mov	x7, #0x3c9			// EL2h, DAIF masked
	movk	x7, #0x200, lsl #16		// TCO as the exception has left it
	msr	spsr_el2, x7
	eret
1:
${restored}`
/** A call from EL2 to EL2: its vector returns at once. */
const hvc = `${saved}	mrs	x6, vbar_el2
	ldr	x7, =exit_call_vectors
	msr	vbar_el2, x7
	hvc	#0
	msr	vbar_el2, x6
${restored}	b	1f
	.ltorg
	.balign	2048
exit_call_vectors:
	.space	0x200
	eret
	.balign	128
1:
`

describe('another event in place of the ISB', { timeout: 120_000 }, () => {
  it.each([
    ['nothing', '', [LATE]],
    ['an ERET', eret, []],
    ['an HVC, whose handler returns', hvc, []],
  ])('%s', async (_name, text, expected) => {
    expect(await found(planned(withBehind(text)))).toEqual(expected)
  })
})
