import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { ProblemError } from '../../../shared/base/result.ts'
import { showPolicy } from '../policy/compare.ts'
import { battery, violationsOf } from '../review/battery.ts'
import { equalPolicies } from './equals.ts'
import { type ImportedPolicy, importPolicy } from './import-policy.ts'

const resources = fileURLToPath(new URL('../../../resources', import.meta.url))
const mail = readFileSync(new URL('./fixtures/review-mail.txt', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'switchyard-import-'))
afterAll(() => rmSync(folder, { recursive: true }))
const MINUTE = 60_000

const imported = (text: string, base = 'mainline'): ImportedPolicy =>
  importPolicy(resources, text, 'mail.txt', base)
const equals = ({ text }: ImportedPolicy): string[] =>
  equalPolicies(resources, { name: 'mail.inc', text: text! })

/** The mail with lines put in or taken out, and the count of the macros' hunk set right. */
function edited(from: string, to: string, more: number): string {
  expect(mail.split(from)).toHaveLength(2)
  return mail.replace(from, to).replace('@@ -0,0 +1,48 @@', `@@ -0,0 +1,${48 + more} @@`)
}
const lastWrite = `>> + ldr \\scratch, [\\hctx, #CPU_GCR_EL1]
>> + msr_s SYS_GCR_EL1, \\scratch
`
const isb = edited(lastWrite, `${lastWrite}>> + isb\n`, 1)

/** The fixture as git prints a patch: nothing quoted, context with its space. */
const plain = mail
  .split('\n')
  .filter((line) => line.startsWith('>>'))
  .map((line) => line.replace(/^>> ?/, ''))
  .join('\n')

async function found(text: string): Promise<string[]> {
  const path = join(folder, 'policy.inc')
  writeFileSync(path, text)
  const names: string[] = []
  const setting = `hypervisor.source=${JSON.stringify(path)}` as const
  for (const scenario of battery(resources, setting, ['nvhe', 'vhe'], ['contract']))
    for (const { violation } of await violationsOf(scenario, async () => {}))
      names.push(`${scenario.mode} ${violation.kind} ${violation.register}`)
  return [...new Set(names)]
}

describe('the mail of a reviewer', { timeout: MINUTE }, () => {
  const policy = imported(mail)

  it('accounts for every line', () => {
    const { lines, counts } = policy
    expect(lines.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1))
    expect(lines.map(({ text }) => text).join('\n')).toBe(mail.trimEnd())
    expect(counts.accepted + counts.ignored + counts.rejected).toBe(lines.length)
    expect(counts.rejected).toBe(0)
    for (const { reason } of lines) expect(reason).not.toBe('')
    const said = (part: string) => lines.filter(({ text }) => text.includes(part)).map(({ status }) => status)
    expect(said('SYS_GCR_EL1, \\scratch')).toEqual(['accepted', 'accepted'])
    expect(said('SCTLR_ELx_ITFSB')).toEqual(['accepted'])
    expect(said('They could, but')).toEqual(['ignored'])
    expect(said('undef_access')).toEqual(['ignored', 'ignored'])
  })

  it('says what it does not hold', () => {
    expect(policy.fromBase).toContainEqual(
      'arch/arm64/kvm/hyp/include/hyp/sysreg-sr.h: the hunk at line 158 is quoted without its last 3 old and 4 new lines',
    )
  })

  it('is a policy whose code is that of v12, with the dead offset', () => {
    expect(equals(policy)).toEqual(['v12'])
    const { deadOffsets } = showPolicy(resources, { name: 'mail.inc', text: policy.text }, 'vhe')
    expect(deadOffsets.map(({ symbol, slot }) => `${symbol} ${slot}`)).toEqual(['CPU_TFSRE0_EL1 CTX_TFSRE0'])
  })

  it('with an ISB behaves as v13', async () => {
    const mended = imported(isb)
    expect(equals(mended)).toEqual(['v13'])
    expect(await found(policy.text!)).toEqual(['vhe unsynchronised-host-state GCR_EL1'])
    expect(await found(mended.text!)).toEqual([])
  })

  it('without the restore of GCR_EL1 violates', async () => {
    const { text, counts } = imported(edited(lastWrite, '', -2))
    expect(counts.rejected).toBe(0)
    expect(await found(text!)).toContain('vhe host-state-lost GCR_EL1')
  })

  it.each([
    ['a line is lost', mail.replace('>> + str \\scratch, [\\hctx, #CPU_GCR_EL1]\n', '')],
    [
      'a line is broken in two',
      mail.replace(
        '>> + ldr \\scratch, [\\hctx, #CPU_RGSR_EL1]',
        '>> + ldr \\scratch,\n>> [\\hctx, #CPU_RGSR_EL1]',
      ),
    ],
    ['a header is wrong', mail.replace('@@ -110,2 +110,5 @@', '@@ -110,3 +110,6 @@')],
    ['a line is put in without its count', mail.replace(lastWrite, `${lastWrite}>> + isb\n`)],
    ['a header is lost', mail.replace('>> @@ -0,0 +1,48 @@\n', '')],
  ])('is rejected where %s', (_what, text) => {
    expect(text).not.toBe(mail)
    const { counts, text: policyText, lines } = imported(text)
    expect(policyText).toBeNull()
    expect(counts.rejected).toBeGreaterThan(0)
    expect(
      lines.some(({ status, reason }) => status === 'rejected' && /damaged|header of a hunk/.test(reason)),
    ).toBe(true)
  })

  it.each([
    ['mrs_s \\scratch, SYS_GCR_EL1', 'mrs_s \\scratch, SYS_GCR_EL9', 'there is no register gcr_el9'],
    [
      'ldr \\scratch, [\\gctx, #CPU_GCR_EL1]',
      'ldr \\scratch, [\\gctx, #CPU_GCR_EL3]',
      'no line declares the offset',
    ],
    [
      'ldr \\scratch, [\\gctx, #CPU_GCR_EL1]',
      'ldr x9, [\\gctx, #CPU_GCR_EL1]',
      'x9 is none of the macro’s arguments',
    ],
    ['ldr \\scratch, [\\gctx, #CPU_GCR_EL1]', 'bl somewhere', 'is no instruction that the subset takes'],
    ['SCTLR_ELx_ITFSB |', 'SCTLR_ELx_WXN |', 'no policy has a switch for'],
    [
      'mte_switch_to_hyp x1, x2, x3',
      'mte_switch_to_hyp x1, x4, x3',
      'the subset takes calls of the two macros',
    ],
    ['read_sysreg_el1(SYS_TFSR);', 'read_sysreg_el1(SYS_ESR);', 'the subset takes saves and restores'],
    ['sys_regs[TFSRE0_EL1]', 'sys_regs[ESR_EL1]', 'the subset takes offsets of'],
    [
      'alternative_if_not ARM64_MTE\n>> + b .Lno_tags\\@\n>> +alternative_else_nop_endif\n>> + mrs \\scratch, hcr_el2\n>> + and \\scratch, \\scratch, #(HCR_ATA)\n>> + cbz \\scratch, .Lno_tags\\@\n>> +\n>> + mrs_s \\scratch, SYS_RGSR_EL1\n',
      'alternative_if_not ARM64_SVE\n>> + b .Lno_tags\\@\n>> +alternative_else_nop_endif\n>> + mrs \\scratch, hcr_el2\n>> + and \\scratch, \\scratch, #(HCR_ATA)\n>> + cbz \\scratch, .Lno_tags\\@\n>> +\n>> + mrs_s \\scratch, SYS_RGSR_EL1\n',
      'only ARM64_MTE is known',
    ],
  ])('is rejected with %j changed to %j', (from, to, reason) => {
    const { text, lines } = imported(mail.replace(from, to))
    expect(text).toBeNull()
    expect(lines.find(({ status }) => status === 'rejected')?.reason).toContain(reason)
  })
})

describe('other forms', { timeout: 5 * MINUTE }, () => {
  const quotedTwice = mail
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
  it('are a mail that quotes the mail, and line ends of CR LF', () => {
    expect(equals(imported(quotedTwice))).toEqual(['v12'])
    expect(equals(imported(mail.replaceAll('\n', '\r\n')))).toEqual(['v12'])
  })

  it('a patch that lost its white space and nobody quotes is damaged', () => {
    expect(imported(plain).text).toBeNull()
  })

  const onV12 = (body: string, old: number, fresh: number, path = 'arch/arm64/include/asm/kvm_mte.h') =>
    `From: An Author\nSubject: [PATCH] one more\n\n---\n\ndiff --git a/${path} b/${path}\nindex 1..2 100644\n--- a/${path}\n+++ b/${path}\n@@ -60,${old} +60,${fresh} @@\n${body}-- \n2.50.0\n`

  it('a patch on top of a policy is put where its context stands', () => {
    const text = onV12(
      ' \tldr\t\\reg1, [\\h_ctxt, #CPU_GCR_EL1]\n \tmsr_s\tSYS_GCR_EL1, \\reg1\n \n+\tisb\n+\n .L__skip_switch\\@:\n .endm\n',
      5,
      7,
    )
    expect(equals(imported(text, 'v12'))).toEqual(['v13'])
    const gone = onV12(' \tmsr_s\tSYS_GCR_EL1, \\reg1\n \n-\tisb\n-\n .L__skip_switch\\@:\n', 5, 3)
    expect(equals(imported(gone, 'v13'))).toEqual(['v12'])
  })

  it('context that stands nowhere, or twice, is rejected', () => {
    const twice = onV12(' \tmrs_s\t\\reg1, SYS_RGSR_EL1\n+\tisb\n', 1, 2)
    const nowhere = onV12(' \tldr\t\\reg1, [\\h_ctxt, #CPU_TFSR_EL1]\n+\tisb\n', 1, 2)
    for (const [text, places] of [
      [twice, 2],
      [nowhere, 0],
    ] as const) {
      const { lines } = imported(text, 'v12')
      expect(lines.find(({ status }) => status === 'rejected')?.reason).toContain(`fits at ${places} places`)
    }
  })

  it('an ISB behind the call in entry.S synchronises too', async () => {
    const text = onV12(
      ' \tptrauth_switch_to_hyp x1, x2, x3, x4, x5\n \n \tmte_switch_to_hyp x1, x2, x3\n+\tisb\n \n',
      4,
      5,
      'arch/arm64/kvm/hyp/entry.S',
    )
    const { text: policy, counts } = imported(text, 'v12')
    expect(counts.rejected).toBe(0)
    expect(await found(policy!)).toEqual([])
  })

  it('a file of the switch outside of the subset is rejected, any other passed over', () => {
    const change = (path: string) => imported(onV12('-old\n+new\n', 1, 1, path)).counts.rejected
    expect(change('arch/arm64/kvm/hyp/nvhe/switch.c')).toBe(2)
    expect(change('Documentation/virt/kvm/api.rst')).toBe(0)
  })

  it('an input without a diff is no patch', () => {
    expect(() => imported('Hello\n')).toThrow('there is no diff in it')
    expect(() => imported('')).toThrow(ProblemError)
  })

  it('damage of any kind ends in a policy, a rejection or a problem', () => {
    const lines = mail.split('\n')
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(lines.length - 1),
            fc.constantFrom('drop', 'double', 'swap', 'cut', 'quote', 'noise'),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        (edits) => {
          const text = [...lines]
          for (const [at, how] of edits) {
            const line = text[at] ?? ''
            if (how === 'drop') text.splice(at, 1)
            if (how === 'double') text.splice(at, 0, line)
            if (how === 'swap') [text[at], text[at + 1]] = [text[at + 1] ?? '', line]
            if (how === 'cut') text.length = Math.max(at, 1)
            if (how === 'quote') text[at] = `> ${line}`
            if (how === 'noise') text[at] = `${line.slice(0, 5)}\u0000\ufffd@@ -1 +1 @@ ${line.slice(5)}`
          }
          try {
            const { counts, lines: all, text: policy } = imported(text.join('\n'))
            expect(counts.accepted + counts.ignored + counts.rejected).toBe(all.length)
            expect(policy === null).toBe(counts.rejected > 0)
          } catch (error) {
            if (!(error instanceof ProblemError)) throw error
          }
        },
      ),
      { seed: 11, numRuns: process.env.SWITCHYARD_LONG === '1' ? 300 : 40 },
    )
  })
})
