import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { endless, exits, waitForEvents, waitForInput } from '../../test/guests/programs.ts'
import { buildSource, quietPlan } from '../../test/guests/run-guest.ts'
import { GdbClient } from '../../test/support/gdb-client.ts'
import { slotOf } from '../machine/cpu/layout.ts'
import { openTimeline } from '../workers/one-thread.ts'
import { PACKET_SIZE, packet, textToHex } from './packet.ts'
import { type GdbServer, serveGdb } from './server.ts'

const START = 0x4008_0000
const servers: GdbServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function serve(source: string, pes = 1, inputOpen = false) {
  const told: string[] = []
  const timeline = openTimeline(
    {
      ...quietPlan,
      pes,
      memoryBytes: 8 << 20,
      stop: {},
      unknown: 'zero',
      inputOpen,
      image: { bytes: buildSource(source), file: 'guest.elf' },
    },
    () => {},
    { interval: 500 },
  )
  const server = await serveGdb(timeline, 0, (text) => told.push(text))
  servers.push(server)
  return { timeline, server, told, client: await GdbClient.connect(server.port) }
}

const hex = (value: number | bigint) => value.toString(16)
const little = (text: string) => BigInt(`0x${text.match(/../g)!.reverse().join('')}`)

async function xmlOf(client: GdbClient): Promise<string> {
  let xml = ''
  for (;;) {
    const part = await client.ask(`qXfer:features:read:target.xml:${hex(xml.length)},800`)
    xml += part.slice(1)
    if (part[0] === 'l') return xml
  }
}

const loop = `
	.text
_start:	ldr	x1, =0x40100000
1:	add	x0, x0, #1
	str	x0, [x1]
	ldr	x2, [x1]
	b	1b
	.ltorg
`

describe('the session', () => {
  it('says what it can do, and nothing of what it cannot', async () => {
    const { client } = await serve(loop)
    const features = (await client.ask('qSupported:multiprocess+;swbreak+')).split(';')
    expect(features).toEqual(
      expect.arrayContaining(['ReverseStep+', 'ReverseContinue+', 'memory-tagging+', 'qXfer:features:read+']),
    )
    expect(features).toContain(`PacketSize=${hex(PACKET_SIZE)}`)
    expect(await client.ask('vCont?')).toBe('vCont;c;C;s;S')
    for (const unknown of ['vMustReplyEmpty', 'qOffsets', 'R00', '!', '', 'QNonStop:1', 'bz', 'e']) {
      expect(await client.ask(unknown)).toBe('')
    }
  })

  it('describes registers: numbers, sizes and fields as the rows have them', async () => {
    const { client, timeline } = await serve(loop)
    const xml = await xmlOf(client)
    const registers = [...xml.matchAll(/<reg name="([^"]+)" bitsize="(\d+)"/g)].map(([, name, bits]) => ({
      name: name!,
      bits: Number(bits),
    }))
    const number = (name: string) => registers.findIndex((register) => register.name === name)
    expect([number('x0'), number('sp'), number('pc'), number('cpsr'), number('v0'), number('fpsr')]).toEqual([
      0, 31, 32, 33, 34, 66,
    ])
    expect(xml).toContain('<flags id="HCR_EL2_fields" size="8">')
    expect(xml).toMatch(/<field name="ATA" start="56" end="56"\/>/)
    const general = await client.ask('g')
    expect(general).toHaveLength(registers.slice(0, 68).reduce((sum, { bits }) => sum + bits / 4, 0))
    expect(little(general.slice(32 * 16, 33 * 16))).toBe(BigInt(START))
    timeline.board.pes[0]!.core.state[slotOf('TPIDR_EL2')] = 0x1234_5678n
    expect(little(await client.ask(`p${hex(number('TPIDR_EL2'))}`))).toBe(0x1234_5678n)
    expect(little(await client.ask(`p${hex(number('CurrentEL'))}`))).toBe(8n)
    expect(await client.ask(`P${hex(number('TPIDR_EL2'))}=0100000000000080`)).toBe('OK')
    expect(timeline.board.pes[0]!.core.state[slotOf('TPIDR_EL2')]).toBe(0x8000_0000_0000_0001n)
    // Read-only, RES0 bits, a value too short, a number that is none.
    expect(await client.ask(`P${hex(number('MIDR_EL1'))}=0000000000000000`)).toBe('E10')
    expect(await client.ask('P0=00')).toBe('E10')
    expect(await client.ask('pffff')).toBe('E10')
    // Everything that is listed can be read.
    for (let n = 0; n < registers.length; n++) {
      expect(await client.ask(`p${hex(n)}`), registers[n]!.name).toMatch(/^([0-9a-f]{2})+$|^x+$/)
    }
    const changed = `${'11'.repeat(8)}${general.slice(16)}`
    expect(await client.ask(`G${changed}`)).toBe('OK')
    expect(await client.ask('g')).toBe(changed)
    expect(await client.ask('G00')).toBe('E10')
  })

  it('reads and writes memory where there is RAM', async () => {
    const { client } = await serve(loop)
    expect(await client.ask('m40100000,8')).toBe('0000000000000000')
    expect(await client.ask('M40100000,4:0a0b0c0d')).toBe('OK')
    expect(await client.ask('X40100004,3:}\u0003\u00ff#')).toBe('E16')
    client.raw(packet('X40100004,3:}\u0003#'))
    expect(await client.answer()).toBe('OK')
    expect(await client.ask('X40100000,0:')).toBe('OK')
    expect(await client.ask('m40100000,8')).toBe('0a0b0c0d7d032300')
    for (const missing of ['m0,4', 'm9000000,4', 'M0,1:00', 'X407fffff,2:ab']) {
      expect(await client.ask(missing)).toMatch(/^E0e$/)
    }
    for (const nonsense of ['m', 'mxyz,4', 'm0', 'M40100000,4:00', 'M40100000:00', 'mffffffffffffffffff,1']) {
      expect(await client.ask(nonsense)).toBe('E16')
    }
  })

  it('reads and writes allocation tags', async () => {
    const { client, timeline } = await serve(loop)
    expect(await client.ask('QMemTags:40100000,40:1:0a0b')).toBe('OK')
    expect(await client.ask('qMemTags:40100008,30:1')).toBe('m0a0b0a0b')
    expect([...timeline.board.views.tags.subarray(0x10000, 0x10005)]).toEqual([10, 11, 10, 11, 0])
    expect(await client.ask('qMemTags:0,10:1')).toBe('E0e')
    for (const wrong of [
      'qMemTags:40100000,10:0',
      'qMemTags:,10:1',
      'QMemTags:40100000,10:1:',
      'QMemTags:40100000,10:1:0',
    ]) {
      expect(await client.ask(wrong)).toMatch(/^E(16|0e)$/)
    }
  })

  it('steps, runs to breakpoints and watchpoints, and back', async () => {
    const { client } = await serve(loop)
    const pc = async () => Number(little((await client.ask('g')).slice(32 * 16, 33 * 16)))
    expect(await client.ask('?')).toBe('T05thread:1;')
    expect(await client.ask('vCont;s:1;c')).toBe('T05thread:1;')
    expect(await pc()).toBe(START + 4)
    expect(await client.ask('bs')).toBe('T05thread:1;')
    expect(await pc()).toBe(START)
    expect(await client.ask('bs')).toBe('T05thread:1;replaylog:begin;')
    expect(await client.ask(`Z0,${hex(START + 12)},4`)).toBe('OK')
    expect(await client.ask('c')).toBe('T05thread:1;swbreak:;')
    expect(await client.ask('vCont;c')).toBe('T05thread:1;swbreak:;')
    expect(await pc()).toBe(START + 12)
    expect(await client.ask(`z0,${hex(START + 12)},4`)).toBe('OK')
    expect(await client.ask('Z2,40100000,8')).toBe('OK')
    expect(await client.ask('c')).toBe('T05thread:1;watch:40100000;')
    expect(await pc()).toBe(START + 12)
    expect(await client.ask('m40100000,8')).toBe('0300000000000000')
    expect(await client.ask('bc')).toBe('T05thread:1;watch:40100000;')
    expect([await pc(), await client.ask('m40100000,8')]).toEqual([START + 8, '0200000000000000'])
    expect(await client.ask('z2,40100000,8')).toBe('OK')
    expect(await client.ask('Z3,40100004,2')).toBe('OK')
    expect(await client.ask('c')).toBe('T05thread:1;rwatch:40100004;')
    expect(await client.ask('z3,40100004,2')).toBe('OK')
    expect(await client.ask('Z4,40100007,1')).toBe('OK')
    expect(await client.ask('c')).toBe('T05thread:1;awatch:40100007;')
    expect(await client.ask('z4,40100007,1')).toBe('OK')
    expect(await client.ask('bc')).toBe('T05thread:1;replaylog:begin;')
    expect(await pc()).toBe(START)
    for (const wrong of ['Z5,0,4', 'Z0', 'Z0,zz,4', 'vCont;s:9', 'vCont;t', 'Hg7', 'T5']) {
      expect(await client.ask(wrong)).toBe('E16')
    }
  })

  it('has a thread for every PE, and answers for the one that is chosen', async () => {
    const { client, timeline } = await serve(waitForEvents(3), 3)
    expect(await client.ask('qfThreadInfo')).toBe('m1,2,3')
    expect(await client.ask('qsThreadInfo')).toBe('l')
    expect(await client.ask('T3')).toBe('OK')
    timeline.run([], 3000)
    expect(await client.ask('Hg2')).toBe('OK')
    const { pc, instructions } = timeline.board.pes[1]!.status()
    expect(little((await client.ask('g')).slice(32 * 16, 33 * 16))).toBe(pc)
    expect(await client.ask('qThreadExtraInfo,2')).toBe(
      textToHex(`PE1 on, EL2, ${instructions} instructions`),
    )
    expect(await client.ask('vCont;s:2;c')).toBe('T05thread:2;')
    expect(timeline.board.pes[1]!.core.instructions).toBe(instructions + 1)
    expect(await client.ask('Hc2')).toBe('OK')
    expect(await client.ask('bs')).toBe('T05thread:2;')
    expect(timeline.board.pes[1]!.core.instructions).toBe(instructions)
  })

  it('stops a running machine at Ctrl+C', async () => {
    const { client, timeline } = await serve(endless['b .'](2), 2)
    client.raw(packet('c'))
    client.raw('\u0003')
    expect(await client.answer()).toMatch(/^T02thread:[12];$/)
    expect(timeline.moment).toBeGreaterThan(0)
  })

  it('waits for input with an idle machine, and stops it at Ctrl+C', async () => {
    const { client, timeline } = await serve(waitForInput, 1, true)
    client.raw(packet('c'))
    while (!timeline.board.idle) await new Promise((resolve) => setTimeout(resolve, 5))
    client.raw('\u0003')
    expect(await client.answer()).toBe('T02thread:1;')
    const { moment } = timeline
    expect(await client.ask('bs')).toBe('T05thread:1;')
    expect(timeline.moment).toBe(moment - 1)
    timeline.gotoMoment(moment)
    expect([timeline.board.idle, timeline.board.end()]).toEqual([true, null])
  })

  it('tells how the machine ended, and can go back from there', async () => {
    const { client, server } = await serve(exits(7))
    client.raw(packet('c'))
    expect(await client.answer()).toBe(
      `O${textToHex('the guest ended with code 7 (semihosting); reverse-step and reverse-continue go back, kill ends it\n')}`,
    )
    expect(await client.answer()).toBe('T05thread:1;replaylog:end;')
    expect(await client.ask('bs')).toBe('T05thread:1;')
    client.raw(packet('k'))
    await server.done
  })

  it('runs monitor commands', async () => {
    const { client, timeline } = await serve(waitForEvents(2), 2)
    const monitor = async (line: string) =>
      Buffer.from(await client.ask(`qRcmd,${textToHex(line)}`), 'hex').toString()
    expect(await monitor('help')).toContain('goto PE N')
    expect(await monitor('goto 1 50')).toMatch(/PE1: instruction 50,.*flush register-cache/s)
    expect(timeline.board.pes[1]!.core.instructions).toBe(50)
    expect(await monitor('goto 3')).toMatch(/^moment 3\n/)
    expect(await monitor('goto 999999999')).toMatch(/^the machine does not get there\n/)
    expect(await monitor('goto 3')).toMatch(/^moment 3\n/)
    expect(await monitor('info position')).toMatch(/oldest: moment 0 \(beginning of the run\)/)
    expect(await monitor('info snapshots')).toMatch(/^\d+ snapshots, \d+ KiB, at moments 0/)
    expect(await monitor('pending')).toBe('nothing is pending\n')
    expect(await monitor('goto 5 5')).toContain('there is no PE5')
    expect(await monitor('goto x')).toContain('write: goto PE N')
    expect(await monitor('format disk')).toContain("there is no command 'format disk'")
    expect(await client.ask('qRcmd,6')).toBe('E16')
  })
})

describe('the connection', () => {
  it('acknowledges until it is told not to, and asks again for a broken packet', async () => {
    const { client } = await serve(loop)
    expect(await client.ask('qC')).toBe('QC1')
    client.raw('$?#00')
    expect(await client.next()).toEqual({ kind: 'again' })
    client.raw(`${packet('m'.repeat(2 * PACKET_SIZE + 1))}`)
    expect(await client.next()).toEqual({ kind: 'again' })
    client.raw('-')
    expect(await client.answer()).toBe('QC1')
    expect(await client.ask('QStartNoAckMode')).toBe('OK')
    client.raw('$?#00')
    expect(await client.answer()).toBe('T05thread:1;')
  })

  it('goes on after garbage', async () => {
    const { client } = await serve(loop)
    client.raw('GET / HTTP/1.1\r\nHost: x\r\n\r\n\0\u00ff}}}##')
    expect(await client.ask('qC')).toBe('QC1')
  })

  it('serves one gdb at a time', async () => {
    const { client, server, told } = await serve(loop)
    const second = await GdbClient.connect(server.port)
    await second.closed
    expect(told).toContain('a second gdb was refused: one is attached')
    expect(await client.ask('qC')).toBe('QC1')
  })

  it('that is lost leaves the machine standing for the next', async () => {
    const { client, server, timeline, told } = await serve(endless['b .'](1))
    client.raw(packet('c'))
    while (timeline.moment === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    client.close()
    while (!told.some((line) => line.includes('stands still')))
      await new Promise((resolve) => setTimeout(resolve, 5))
    const { moment } = timeline
    const next = await GdbClient.connect(server.port)
    expect(await next.ask('?')).toMatch(/^T05thread:1;/)
    expect(timeline.moment).toBe(moment)
  })

  it('that detaches leaves it running to its end', async () => {
    const { client, server, timeline, told } = await serve(exits(3))
    expect(await client.ask('D')).toBe('OK')
    await server.done
    expect(timeline.board.end()).toMatchObject({ kind: 'exit', code: 3 })
    expect(told).toContain('gdb let the machine go: it runs on')
  })

  it('needs a port that can be had', async () => {
    const { timeline } = await serve(loop)
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await expect(serveGdb(timeline, port, () => {})).rejects.toThrow('the port is taken by another program')
    other.close()
  })
})
