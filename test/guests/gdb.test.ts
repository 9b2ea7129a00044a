/** Debian's gdb against our stub: what a person would type, and what gdb makes of it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { serveGdb } from '../../electron/gdb/server.ts'
import { openTimeline } from '../../electron/workers/one-thread.ts'
import { noGdb, noGdbReason } from '../support/gdb-client.ts'
import { waitForEvents } from './programs.ts'
import { buildSource, quietPlan } from './run-guest.ts'

/** What gdb prints for a list of commands, after it has attached. */
async function gdb(source: string, pes: number, commands: string[]): Promise<string> {
  const image = buildSource(source)
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-gdb-'))
  const file = join(folder, 'guest.elf')
  writeFileSync(file, image)
  const plan = { ...quietPlan, pes, stop: {}, unknown: 'zero' as const, image: { bytes: image, file } }
  const timeline = openTimeline(plan, () => {}, { interval: 300 })
  const server = await serveGdb(timeline, 0, () => {})
  const all = [
    'set pagination off',
    'set confirm off',
    `target remote 127.0.0.1:${server.port}`,
    ...commands,
    'kill',
  ]
  const args = ['-q', '-nx', '-batch', ...all.flatMap((command) => ['-ex', command]), file]
  const child = spawn('gdb-multiarch', args, { timeout: 60_000 })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part) => {
      text += part
    })
  await new Promise<void>((resolve) => child.on('close', () => resolve()))
  await server.close()
  rmSync(folder, { recursive: true })
  return text
}

const counting = `
	.text
	.global	_start, again, done
_start:	ldr	x1, =0x40100000
	mov	x3, #0x1234
	msr	tpidr_el2, x3
	mov	x0, #0
again:	add	x0, x0, #1
	str	x0, [x1]
	cmp	x0, #5
	b.ne	again
done:	b	done
	.ltorg
`

/** The lines of `text` that match, one capture each. */
const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, capture]) => capture)

describe('gdb-multiarch', () => {
  it('breaks, reads and writes registers and memory, and watches', async ({ skip }) => {
    skip(noGdb, noGdbReason)
    const text = await gdb(counting, 1, [
      'break done',
      'watch *(long *)0x40100000',
      'continue',
      'continue',
      'delete 2',
      'continue',
      'print/x $TPIDR_EL2',
      'print $CurrentEL',
      'print $SCTLR_EL1',
      'print/x $CurrentEL',
      'print $x0',
      'x/1gd 0x40100000',
      'set var $v3.d.u[1] = 0x55',
      'print/x $v3.d.u[1]',
      'set var *(long *)0x40100008 = 77',
      'x/1gd 0x40100008',
      'set var $TPIDR_EL2 = 9',
      'print $TPIDR_EL2',
      'x/1i $pc',
    ])
    expect(found(text, /New value = (\d+)/g)).toEqual(['1', '2'])
    expect(text).toMatch(/Breakpoint 1, .*done/)
    expect(found(text, /^\$\d+ = (.*)$/gm)).toEqual([
      '0x1234',
      '[ EL=2 ]',
      expect.stringContaining('EOS EIS SPAN'),
      '0x8',
      '5',
      '0x55',
      '9',
    ])
    expect(text).toMatch(/0x40100000:\t5\n/)
    expect(text).toMatch(/0x40100008:\t77\n/)
    expect(text).toMatch(/=> 0x[0-9a-f]+ <done>:\tb\t/)
  })

  it('goes back: by steps, to a watchpoint, to the beginning', async ({ skip }) => {
    skip(noGdb, noGdbReason)
    const text = await gdb(counting, 1, [
      'break done',
      'continue',
      'stepi',
      'reverse-stepi',
      'reverse-stepi',
      'x/1i $pc',
      'watch *(long *)0x40100000',
      'reverse-continue',
      'reverse-continue',
      'delete',
      'reverse-continue',
      'info registers pc x0',
      'break done',
      'continue',
      'print $x0',
    ])
    expect(text).toMatch(/=> 0x[0-9a-f]+ <again\+12>:\tb\.ne/)
    expect(found(text, /New value = (\d+)/g)).toEqual(['4', '3'])
    expect(text).toContain('No more reverse-execution history')
    expect(text).toMatch(/^pc +0x40080000 /m)
    expect(found(text, /^\$\d+ = (.*)$/gm)).toEqual(['5'])
  })

  it('sees PEs as threads', async ({ skip }) => {
    skip(noGdb, noGdbReason)
    const text = await gdb(waitForEvents(2), 2, [
      'info threads',
      'break body',
      'continue',
      'continue',
      'info threads',
      'thread 2',
      'print $x0',
      'stepi',
      'print/x $MPIDR_EL1',
      'monitor info position',
      'monitor goto 1 100',
      'monitor info position',
    ])
    expect(text).toContain('(PE1 off, EL2, 0 instructions)')
    expect(found(text, /Thread (\d) hit Breakpoint 1/g).toSorted()).toEqual(['1', '2'])
    expect(text).toMatch(/\* 2 .*|Switching to thread 2/)
    expect(found(text, /^\$\d+ = (.*)$/gm)).toEqual(['1', '0x80000001'])
    expect(text).toContain('PE1: instruction 100,')
  })

  it('reaches tags by packet, as its own commands need an operating system', async ({ skip }) => {
    skip(noGdb, noGdbReason)
    const text = await gdb(counting, 1, [
      'maint packet QMemTags:40100000,20:1:0709',
      'maint packet qMemTags:40100000,30:1',
      'maint packet qMemTags:0,10:1',
    ])
    expect(found(text, /received: "(.*)"/g)).toEqual(['OK', 'm070900', 'E0e'])
  })
})
