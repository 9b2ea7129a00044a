import { decode } from '../../../shared/isa/decoder.ts'
import type { Insn } from '../../../shared/isa/insn.ts'
import type { BreakCondition, Halt } from '../../../shared/model/debug.ts'
import { phases } from '../../../shared/model/trace.ts'
import type { Pe } from '../board/pe.ts'
import { READ, WRITE } from '../mmu/mmu.ts'
import { markKinds } from '../observe/marks.ts'
import type { Stops } from '../reference/engine.ts'
import { fetchWord } from './memory.ts'
import { generalRegister, generalSlot } from './registers.ts'
import type { Listener, Tap } from './tap.ts'

type Hit = Extract<Halt, { kind: 'condition' }>
/** A condition with its index in the list that was given. */
type Indexed<K extends BreakCondition['kind']> = Extract<BreakCondition, { kind: K }> & { index: number }

const wantedAccess = { read: READ, write: WRITE, access: READ | WRITE } as const

/** A virtual address without its top byte, where a logical tag may be. */
const untagged = (address: bigint): bigint => BigInt.asUintN(56, address)

/**
 * Conditions of one run, watched on one PE. Instructions to stop before are told apart where they are decoded, events cut the
 * PE's run short after the instruction that causes them; only general registers are looked at after each.
 */
export class Breaks implements Listener, Stops {
  private readonly pe: Pe
  private readonly tap: Tap
  private readonly conditions: readonly (BreakCondition & { index: number })[]
  private readonly addresses = new Map<bigint, number>()
  private readonly instructions: Indexed<'instruction'>[]
  private readonly generals: { index: number; register: string; slot: number; last: bigint }[]
  private readonly systemRegisters: ReadonlyMap<string, number>
  private readonly positions: Indexed<'position'>[]
  private readonly memory: Indexed<'memory'>[]
  private readonly levels: Indexed<'el-change'>[]
  private readonly tagFaults: Indexed<'tag-fault'>[]
  /** Offsets in their pages of the addresses: a page may be mapped anywhere. */
  private readonly offsets: ReadonlySet<number>
  private passing = false
  private found: Hit | null = null
  /** Retired instructions when the event was seen: fewer afterwards, and the instruction faulted instead. */
  private foundAt = 0
  private foundIsAccess = false
  private level: number

  /** @param conditions those that concern the PE are picked from them */
  constructor(pe: Pe, tap: Tap, conditions: readonly BreakCondition[]) {
    this.pe = pe
    this.tap = tap
    this.conditions = conditions
      .map((condition, index) => ({ ...condition, index }))
      .filter((condition) => condition.pe === undefined || condition.pe === pe.index)
    for (const { index, address } of this.of('address').toReversed()) this.addresses.set(address, index)
    this.offsets = new Set([...this.addresses.keys()].map((address) => Number(address & 0xfffn)))
    this.instructions = this.of('instruction')
    this.positions = this.of('position')
    this.memory = this.of('memory')
    this.levels = this.of('el-change')
    this.tagFaults = this.of('tag-fault')
    const registers = this.of('register-write')
    this.systemRegisters = new Map(registers.toReversed().map(({ register, index }) => [register, index]))
    this.generals = registers
      .filter(({ register }) => generalRegister(register))
      .map(({ index, register }) => {
        const slot = generalSlot(pe, register)
        return { index, register, slot, last: pe.core.state[slot]! }
      })
    this.level = pe.core.el
  }

  private of<K extends BreakCondition['kind']>(kind: K): Indexed<K>[] {
    return this.conditions.filter((condition) => condition.kind === kind) as Indexed<K>[]
  }

  arm(): void {
    this.tap.listener = this
    if (this.addresses.size + this.instructions.length > 0) this.pe.engine.stopBefore(this)
    if (this.memory.length > 0)
      this.pe.mmu.watch = (address, bytes, kind) => this.accessed(address, bytes, kind)
  }

  disarm(): void {
    this.tap.listener = null
    this.pe.engine.stopBefore(null)
    this.pe.mmu.watch = null
  }

  /** How many instructions the PE may run before it is looked at. @param passing over what it stands before */
  stride(passing: boolean): number {
    this.passing = passing
    if (passing || this.generals.length > 0) return 1
    let stride = Number.MAX_SAFE_INTEGER
    for (const { instructions } of this.positions) {
      const left = instructions - this.pe.core.instructions
      if (left > 0) stride = Math.min(stride, left)
    }
    return stride
  }

  mayStop(offset: number, row: Insn | null): boolean {
    if (this.offsets.has(offset)) return true
    return row !== null && this.instructions.some((c) => isOfKind(c, row))
  }

  stopsHere(): boolean {
    return !this.passing && this.before() !== null
  }

  /** A condition on what the PE is about to execute. */
  before(): Hit | null {
    const { pe } = this
    const { pc } = pe.core
    const at = this.addresses.get(pc)
    if (at !== undefined) return { kind: 'condition', index: at, pe: pe.index, address: pc }
    if (this.instructions.length === 0) return null
    const word = fetchWord(pe, pc)
    const row = word === null ? null : decode(word)?.row
    if (!row) return null
    const match = this.instructions.find((c) => isOfKind(c, row))
    return match ? { kind: 'condition', index: match.index, pe: pe.index, address: pc } : null
  }

  /** A condition on what the PE has just executed. @param from its retired instructions before */
  after(from: number): Hit | null {
    const { pe } = this
    const { instructions } = pe.core
    let hit = this.found
    if (hit !== null && this.foundIsAccess && instructions < this.foundAt) hit = null
    this.found = null
    for (const general of this.generals) {
      // Another stack pointer may be in use now: that is no write.
      const slot = generalSlot(pe, general.register)
      const value = pe.core.state[slot]!
      const written = slot === general.slot && value !== general.last
      if (written) hit ??= { kind: 'condition', index: general.index, pe: pe.index }
      general.slot = slot
      general.last = value
    }
    const reached = this.positions.find((c) => from < c.instructions && c.instructions <= instructions)
    if (reached) hit ??= { kind: 'condition', index: reached.index, pe: pe.index }
    if (pe.core.el !== this.level) {
      this.level = pe.core.el
      const change = this.levels.find(({ to }) => to === undefined || to === pe.core.el)
      if (change) hit ??= { kind: 'condition', index: change.index, pe: pe.index }
    }
    return hit
  }

  private hear(index: number, address?: bigint, isAccess = false): void {
    if (this.found !== null) return
    const where = { kind: 'condition', index, pe: this.pe.index } as const
    this.found = address === undefined ? where : { ...where, address }
    this.foundAt = this.pe.core.instructions
    this.foundIsAccess = isAccess
    this.pe.engine.cutShort()
  }

  touched(name: string, cause: string): void {
    if (cause !== 'msr') return
    const index = this.systemRegisters.get(name)
    if (index !== undefined) this.hear(index)
  }

  marked(marks: readonly { kind: number; argument: number }[]): void {
    for (const { kind, argument } of marks) {
      const match = this.conditions.find(
        (c) =>
          (c.kind === 'mark' && c.mark === kind) ||
          (c.kind === 'phase' && kind === markKinds.PHASE && phases[argument] === c.phase),
      )
      if (match) this.hear(match.index)
    }
  }

  levelMayChange(): void {
    if (this.levels.length > 0) this.pe.engine.cutShort()
  }

  tagFaulted({ synchronous, address }: { synchronous: boolean; address: bigint }): void {
    const fault = synchronous ? 'sync' : 'async'
    const match = this.tagFaults.find((c) => c.fault === undefined || c.fault === fault)
    if (match) this.hear(match.index, address)
  }

  private accessed(address: bigint, bytes: number, kind: number): void {
    const from = untagged(address)
    const match = this.memory.find((c) => {
      const start = untagged(c.address)
      return kind & wantedAccess[c.access] && from < start + BigInt(c.bytes) && start < from + BigInt(bytes)
    })
    if (match) this.hear(match.index, address, true)
  }
}

const isOfKind = (condition: Indexed<'instruction'>, row: Insn): boolean =>
  'row' in condition ? condition.row === row.name : condition.cost === row.cost
