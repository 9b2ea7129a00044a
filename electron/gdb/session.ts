import type { Halt } from '../../shared/model/debug.ts'
import type { Pe } from '../machine/board/pe.ts'
import { readMemory, readTags, writeMemory, writeTags } from '../machine/debug/memory.ts'
import type { Timeline } from '../machine/debug/timeline.ts'
import { Breakpoints } from './breakpoints.ts'
import { endText, monitor } from './monitor.ts'
import { fromHex, PACKET_SIZE, textToHex, toHex } from './packet.ts'
import { registerHex, setRegister } from './registers.ts'
import { inGeneralPacket, type TargetRegister, targetRegisters, targetXml } from './target-description.ts'

/** What one gdb asks of one machine, packet by packet. The transport is somebody else's. */
export interface SessionPorts {
  /** Sends a packet. */
  send(data: string): void
  /** Lets what has arrived be read; a running machine calls it between slices. @param idle nothing is to be done meanwhile */
  lookUp(idle: boolean): Promise<void>
}

/** How a session ends: gdb let the machine go, or ended it. */
export type Leaving = 'detached' | 'killed'

const OK = 'OK'
const SIGINT = '02'
const SIGTRAP = '05'
/** Errors are numbers in this protocol; gdb shows them. */
const failed = { argument: 'E16', memory: 'E0e', register: 'E10' } as const

const features = [
  `PacketSize=${PACKET_SIZE.toString(16)}`,
  'QStartNoAckMode+',
  'qXfer:features:read+',
  'vContSupported+',
  'swbreak+',
  'hwbreak+',
  'ReverseStep+',
  'ReverseContinue+',
  'memory-tagging+',
].join(';')

const number = (text: string): number =>
  /^[0-9a-f]{1,12}$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN
const address = (text: string): bigint | null => (/^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : null)

/**
 * gdb's remote serial protocol over a timeline. Threads are PEs, numbered from 1. What moves the machine answers by a stop
 * reply later; everything else answers at once.
 */
export class GdbSession {
  /** Checksums and acknowledgements are in use. */
  acknowledged = true
  private readonly timeline: Timeline
  private readonly ports: SessionPorts
  private readonly registers: readonly TargetRegister[]
  private readonly xml: string
  private readonly breakpoints = new Breakpoints()
  /** PEs that register and memory packets, and packets that move one thread, are about. */
  private general = 0
  private moving = 0
  private lastStop = `T${SIGTRAP}thread:1;`
  private interrupted = false
  private running = false
  private left: Leaving | null = null

  constructor(timeline: Timeline, ports: SessionPorts) {
    const { pes } = timeline.board
    this.timeline = timeline
    this.ports = ports
    this.registers = targetRegisters((name) => pes.some((pe) => pe.sysregs.inspect(name) !== null))
    this.xml = targetXml(this.registers)
    this.general = this.moving = this.nextPe()
    this.lastStop = `T${SIGTRAP}thread:${this.general + 1};`
  }

  /** Ctrl+C: a running machine stops after the present slice. */
  interrupt(): void {
    this.interrupted = true
  }

  get isRunning(): boolean {
    return this.running
  }

  /** Works on one packet. @returns how the session ends, or null while it goes on */
  async receive(data: string): Promise<Leaving | null> {
    const answer = await this.answer(data)
    if (answer !== null) this.ports.send(answer)
    return this.left
  }

  private async answer(data: string): Promise<string | null> {
    const rest = data.slice(1)
    switch (data[0]) {
      case '?':
        return this.lastStop
      case 'g':
        return this.registers
          .slice(0, inGeneralPacket)
          .map((register) => registerHex(this.pe, register))
          .join('')
      case 'G':
        return this.setAll(rest)
      case 'p':
        return this.readRegister(rest)
      case 'P':
        return this.writeRegister(rest)
      case 'm':
        return this.readMemory(rest)
      case 'M':
      case 'X':
        return this.writeMemory(data[0], rest)
      case 'H':
        return this.selectThread(rest)
      case 'T':
        return this.thread(rest) === null ? failed.argument : OK
      case 'Z':
      case 'z':
        return this.breakpoints.change(data[0] === 'Z', rest) ? OK : failed.argument
      case 'c':
      case 'C':
        return this.resume(null)
      case 's':
      case 'S':
        return this.resume(this.moving)
      case 'b':
        return rest === 's' || rest === 'c' ? this.reverse(rest) : ''
      case 'D':
        this.breakpoints.clear()
        this.left = 'detached'
        return OK
      case 'k':
        this.left = 'killed'
        return null
      case 'v':
        return this.verbose(data)
      case 'q':
      case 'Q':
        return this.query(data)
      default:
        return ''
    }
  }

  private get pe(): Pe {
    return this.timeline.board.pes[this.general]!
  }

  private nextPe(): number {
    return this.timeline.board.next?.index ?? 0
  }

  private readRegister(text: string): string {
    const register = this.registers[number(text)]
    return register === undefined ? failed.register : registerHex(this.pe, register)
  }

  private writeRegister(text: string): string {
    const [index = '', value = ''] = text.split('=')
    const register = this.registers[number(index)]
    if (register === undefined || !setRegister(this.pe, register, value)) return failed.register
    this.timeline.changed()
    return OK
  }

  private setAll(text: string): string {
    let at = 0
    for (const register of this.registers.slice(0, inGeneralPacket)) {
      const hex = text.slice(at, at + register.bytes * 2)
      at += register.bytes * 2
      // FPSR and FPCR may not be there to be set; gdb sends them all the same.
      if (!setRegister(this.pe, register, hex) && register.kind !== 'system') return failed.register
    }
    this.timeline.changed()
    return OK
  }

  private readMemory(text: string): string {
    const [from = '', length = ''] = text.split(',')
    const start = address(from)
    const bytes = number(length)
    if (start === null || Number.isNaN(bytes)) return failed.argument
    const found = readMemory(this.pe, start, Math.min(bytes, PACKET_SIZE / 2))
    return found.length === 0 && bytes > 0 ? failed.memory : toHex(found)
  }

  private writeMemory(kind: 'M' | 'X', text: string): string {
    const colon = text.indexOf(':')
    const [from = '', length = ''] = text.slice(0, colon).split(',')
    const start = address(from)
    const data = text.slice(colon + 1)
    const bytes = kind === 'M' ? fromHex(data) : Uint8Array.from(data, (c) => c.charCodeAt(0))
    if (colon < 0 || start === null || bytes === null || bytes.length !== number(length))
      return failed.argument
    if (bytes.length === 0) return OK
    if (!writeMemory(this.pe, start, bytes)) return failed.memory
    this.timeline.changed()
    return OK
  }

  /** PE of a thread id; 0 and -1 are any thread. */
  private thread(text: string): number | null {
    if (text === '0' || text === '-1') return this.general
    const pe = number(text) - 1
    return pe >= 0 && pe < this.timeline.board.pes.length ? pe : null
  }

  private selectThread(text: string): string {
    const pe = this.thread(text.slice(1))
    if (pe === null) return failed.argument
    if (text[0] === 'g') this.general = pe
    else this.moving = pe
    return OK
  }

  private async verbose(data: string): Promise<string | null> {
    if (data === 'vCont?') return 'vCont;c;C;s;S'
    if (data.startsWith('vKill')) {
      this.left = 'killed'
      return OK
    }
    if (!data.startsWith('vCont;')) return ''
    const actions = data.slice('vCont;'.length).split(';')
    const stepping = actions.find((action) => /^[sS]/.test(action))
    if (stepping === undefined)
      return actions.some((action) => /^[cC]/.test(action)) ? this.resume(null) : failed.argument
    const pe = this.thread(stepping.split(':')[1] ?? '0')
    return pe === null ? failed.argument : this.resume(pe)
  }

  private query(data: string): string {
    if (data.startsWith('qSupported')) return features
    if (data === 'QStartNoAckMode') {
      this.acknowledged = false
      return OK
    }
    if (data === 'qC') return `QC${(this.general + 1).toString(16)}`
    if (data === 'qAttached') return '1'
    if (data === 'qfThreadInfo') {
      return `m${this.timeline.board.pes.map((pe) => (pe.index + 1).toString(16)).join(',')}`
    }
    if (data === 'qsThreadInfo') return 'l'
    if (data === 'qSymbol::') return OK
    const [verb = '', ...rest] = data.split(':')
    if (data.startsWith('qThreadExtraInfo,'))
      return this.describeThread(data.slice('qThreadExtraInfo,'.length))
    if (data.startsWith('qXfer:features:read:')) return this.transfer(rest.at(-2) ?? '', rest.at(-1) ?? '')
    if (verb === 'qMemTags') return this.readTags(rest)
    if (verb === 'QMemTags') return this.writeTags(rest)
    if (data.startsWith('qRcmd,')) return this.command(data.slice('qRcmd,'.length))
    return ''
  }

  private describeThread(text: string): string {
    const pe = this.thread(text)
    if (pe === null) return failed.argument
    const { power, el, instructions } = this.timeline.board.pes[pe]!.status()
    return textToHex(`PE${pe} ${power}, EL${el}, ${instructions} instructions`)
  }

  private transfer(annex: string, range: string): string {
    const [offset, length] = range.split(',').map(number) as [number, number | undefined]
    if (annex !== 'target.xml') return 'E00'
    if (Number.isNaN(offset) || length === undefined || Number.isNaN(length)) return failed.argument
    const part = this.xml.slice(offset, offset + Math.min(length, PACKET_SIZE - 8))
    return `${offset + part.length < this.xml.length ? 'm' : 'l'}${part}`
  }

  /** `addr,length:type`; type 1 is the allocation tag. */
  private readTags([range = '', type = '']: string[]): string {
    const [from = '', length = ''] = range.split(',')
    const start = address(from)
    const bytes = number(length)
    if (start === null || !(bytes <= PACKET_SIZE * 4) || type !== '1') return failed.argument
    const tags = readTags(this.pe, start, bytes)
    return tags === null ? failed.memory : `m${toHex(tags)}`
  }

  private writeTags([range = '', type = '', hex = '']: string[]): string {
    const [from = '', length = ''] = range.split(',')
    const start = address(from)
    const bytes = number(length)
    const tags = fromHex(hex)
    if (start === null || !(bytes <= PACKET_SIZE * 4) || type !== '1' || tags === null) return failed.argument
    if (!writeTags(this.pe, start, bytes, tags)) return failed.memory
    this.timeline.changed()
    return OK
  }

  private command(hex: string): string {
    const bytes = fromHex(hex)
    if (bytes === null) return failed.argument
    const { text, moved } = monitor(this.timeline, new TextDecoder().decode(bytes))
    if (moved) this.general = this.moving = this.nextPe()
    return textToHex(
      moved ? `${text}gdb does not see that by itself: maintenance flush register-cache\n` : text,
    )
  }

  /** Runs on, or executes one instruction of a PE, until there is something to tell. */
  private async resume(step: number | null): Promise<string> {
    const conditions = this.breakpoints.conditions()
    let fresh = true
    return this.move(async () => {
      const halt =
        step === null ? this.timeline.run(conditions, undefined, fresh) : this.timeline.step(step, conditions)
      fresh = false
      return halt.kind === 'limit' || halt.kind === 'idle' ? null : halt
    }, step)
  }

  private async reverse(kind: 's' | 'c'): Promise<string> {
    if (kind === 's') {
      const moving = this.moving
      const reached = this.timeline.stepBack(moving)
      return this.stopped(reached ? { kind: 'stepped' } : { kind: 'oldest' }, moving)
    }
    const search = this.timeline.runBack(this.breakpoints.conditions())
    return this.move(async () => {
      const { done, value } = search.next()
      return done ? value : null
    }, null)
  }

  /** Lets the machine move in slices until it halts or gdb interrupts. */
  private async move(slice: () => Promise<Halt | null>, stepping: number | null): Promise<string> {
    this.interrupted = false
    this.running = true
    try {
      for (;;) {
        const halt = await slice()
        if (halt !== null) return this.stopped(halt, stepping)
        await this.ports.lookUp(this.timeline.board.idle)
        if (this.interrupted) return this.stopReply(SIGINT, stepping ?? this.nextPe(), '')
      }
    } finally {
      this.running = false
    }
  }

  private stopped(halt: Halt, stepping: number | null): string {
    if (halt.kind === 'condition') {
      return this.stopReply(SIGTRAP, halt.pe, this.breakpoints.reason(halt.index, halt.address))
    }
    const pe = stepping ?? this.nextPe()
    if (halt.kind === 'ended') {
      this.ports.send(`O${textToHex(endText(this.timeline))}`)
      return this.stopReply(SIGTRAP, pe, 'replaylog:end;')
    }
    return this.stopReply(SIGTRAP, pe, halt.kind === 'oldest' ? 'replaylog:begin;' : '')
  }

  private stopReply(signal: string, pe: number, reason: string): string {
    this.general = this.moving = pe
    this.lastStop = `T${signal}thread:${(pe + 1).toString(16)};${reason}`
    return this.lastStop
  }
}
