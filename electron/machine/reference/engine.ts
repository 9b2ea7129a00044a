import type { CostClass } from '../../../shared/arch/cost.ts'
import { exceptionClassName } from '../../../shared/arch/exception.ts'
import { isLandingPad } from '../../../shared/isa/branch-target.ts'
import { decode } from '../../../shared/isa/decoder.ts'
import type { Insn } from '../../../shared/isa/insn.ts'
import { notModelledName } from '../../../shared/isa/not-modelled.ts'
import { RAM_BASE } from '../board/map.ts'
import type { SafePoints } from '../board/safe-points.ts'
import { codeVersion, control, followCode, peControl, peWord } from '../board/shared-memory.ts'
import { type Core, PS } from '../cpu/core.ts'
import { EC, FSC, GuestFault, MachineStop } from '../cpu/fault.ts'
import type { GenericTimers } from '../cpu/timers.ts'
import type { Mmu } from '../mmu/mmu.ts'
import type { Mark } from '../observe/marks.ts'
import type { Watcher } from '../observe/watcher.ts'
import type { ReferenceOperations } from './operations.ts'

/** One decoded instruction: its meaning bound to its fields. */
interface Instruction {
  word: number
  sem: (o: ReferenceOperations, f: Record<string, number>) => void
  fields: Record<string, number>
  cost: number
  /** Cycles that a switch attributes by class: barriers, exception return. */
  special: 'isb' | 'dsb' | 'exception-return' | null
  marks: readonly Mark[] | null
  /** `stops` is to be asked; then `marks` is not null. */
  mayStop: boolean
}

/** Says before which instructions a run ends: asked where one is decoded, and again when it is about to be executed. */
export interface Stops {
  /** Whether an instruction may be such a one. @param offset in its page */
  mayStop(offset: number, row: Insn | null): boolean
  /** Whether the run ends before the instruction at PC. */
  stopsHere(): boolean
}

/** The decoded instructions of one page of RAM, and the page's version when they were decoded. */
interface CodePage {
  page: number
  version: number
  code: (Instruction | undefined)[]
}

/** The engine's part of a snapshot. */
export interface EngineState {
  /** The page of RAM that the PE executes from without fetching anew; -1: it fetches. */
  page: number
  guarded: boolean
  codeGeneration: number
  tlbGeneration: number
}

/**
 * Exceptions in a row, none of which let an instruction retire, after which a PE counts as locked up: its vector faults
 * itself. Another PE could still mend the vector, so the number is large; the state repeats from the second on.
 */
const LOCKUP_AFTER = 100_000

/** The meaning of a word without a row: UNDEFINED, or the end of the run where the ID registers promise the instruction. */
function semWithoutRow(word: number): (o: ReferenceOperations) => void {
  const name = notModelledName(word)
  return name === null ? (o) => o.undefined() : (o) => o.notModelled(name)
}

/**
 * Fetches, decodes and executes one PE's instructions one by one. Decoded instructions are kept per physical page and
 * dropped when the page is written by any PE.
 */
export class ReferenceEngine {
  private readonly core: Core
  private readonly mmu: Mmu
  private readonly operations: ReferenceOperations
  private readonly timers: GenericTimers
  private readonly safePoints: SafePoints
  private readonly costs: Readonly<Record<CostClass, number>>
  private readonly marks: ReadonlyMap<number, readonly Mark[]>
  private readonly pages = new Map<number, CodePage>()
  private current: CodePage | null = null
  private readonly cells: Int32Array
  private readonly attention: number
  private readonly signalled: number
  private codeGeneration = 0
  private tlbGeneration = 0
  private stops: Stops | null = null
  private watcher: Watcher | null = null
  private asked = 0
  private left = 0
  /** An exception now would come from the fetch, not from an instruction. */
  private fetching = false
  /** Set to leave `run` after the current instruction: the PE waits, was switched off, or a stop rule holds. */
  leave = false
  /** `run` ended before its count because the client wants attention, not by the guest's doing. */
  interrupted = false

  constructor(
    core: Core,
    mmu: Mmu,
    operations: ReferenceOperations,
    safePoints: SafePoints,
    costs: Readonly<Record<CostClass, number>>,
    marks: ReadonlyMap<number, readonly Mark[]>,
    timers: GenericTimers,
  ) {
    this.core = core
    this.timers = timers
    this.mmu = mmu
    this.operations = operations
    this.safePoints = safePoints
    safePoints.follow(() => this.dropStale())
    this.costs = costs
    this.marks = marks
    this.cells = core.views.control
    this.attention = peWord(core.pe, peControl.ATTENTION)
    this.signalled = peWord(core.pe, peControl.SIGNALLED)
  }

  /**
   * Executes up to `count` instructions (a faulting one counts, and an interrupt), fewer when `leave` is set or the client wants attention.
   * @returns how many were executed
   * @throws MachineStop when the guest ends the machine; any other error is a bug of the emulator
   */
  run(count: number): number {
    this.asked = count
    this.left = count
    this.leave = false
    this.interrupted = false
    this.safePoints.enter()
    try {
      while (this.left > 0 && !this.leave) this.executeOrTake()
    } finally {
      this.safePoints.leave()
    }
    return this.executed()
  }

  /** Makes runs end before certain instructions, or before none again. Decoded instructions are made anew. */
  stopBefore(stops: Stops | null): void {
    if (this.stops === stops) return
    this.stops = stops
    this.decodeAnew()
  }

  /** Lets somebody see every instruction, or nobody again. */
  watch(watcher: Watcher | null): void {
    this.watcher = watcher
    this.decodeAnew()
  }

  private decodeAnew(): void {
    this.pages.clear()
    if (this.current !== null) this.current = this.openPage(this.current.page)
  }

  /** Makes `run` end after the instruction under way, as if no more had been asked for. */
  cutShort(): void {
    this.asked -= this.left
    this.left = 0
  }

  /** How many the present or last `run` has executed: also known when it was left by a MachineStop. */
  executed(): number {
    return this.asked - this.left
  }

  private executeOrTake(): void {
    try {
      this.execute()
    } catch (error) {
      if (!(error instanceof GuestFault)) throw error
      this.take(error)
    }
  }

  private execute(): void {
    const { core, operations, cells, attention } = this
    const { recorder } = core
    while (this.left > 0) {
      if (core.cycles >= core.deadline) this.timers.look()
      if (Atomics.load(cells, attention) !== 0) {
        this.attend()
        if (this.leave) return
      }
      if (core.refetch) {
        if (core.asynchronous.pending !== 0 && core.takeAsynchronous()) {
          this.left--
          this.chargeEntry()
          continue
        }
        this.fetchPage()
      }
      const page = this.current!
      const at = core.pcOffset >>> 2
      const instruction = page.code[at] ?? this.decodeAt(page, at)
      if (instruction.marks !== null) {
        if (instruction.mayStop && this.stops?.stopsHere()) {
          this.cutShort()
          return
        }
        recorder.mark(core, instruction.marks)
        this.watcher?.marked(instruction.marks)
      }
      core.word = instruction.word
      core.cycles += instruction.cost
      core.instructions++
      this.left--
      if (instruction.special !== null) this.attribute(instruction)
      instruction.sem(operations, instruction.fields)
      if (operations.branched) {
        operations.branched = false
        if (operations.called === null) this.jump(operations.target)
        else this.take(operations.called)
      } else {
        core.pcOffset += 4
        if (core.pcOffset === 4096) this.nextPage()
      }
      if (this.leave) return
    }
  }

  private attribute({ special, cost }: Instruction): void {
    const { recorder } = this.core
    if (special === 'exception-return') recorder.trapCost(cost)
    else recorder.barrier(this.core, special!, cost)
  }

  private jump(target: bigint): void {
    const { core } = this
    const address = core.branchAddress(target)
    if ((address & ~0xfffn) === core.pcPage && !core.refetch) {
      core.pcOffset = Number(address & 0xfffn)
      if (core.pcOffset & 3 || (core.guarded && core.btype() !== 0)) core.refetch = true
      return
    }
    core.pc = address
    core.refetch = true
  }

  private nextPage(): void {
    const { core } = this
    core.pc = BigInt.asUintN(64, core.pcPage + 4096n)
    core.refetch = true
  }

  /** What decides how the PE goes on and lies in no word of its state: see PeState. */
  save(): EngineState {
    const { codeGeneration, tlbGeneration } = this
    const { guarded, refetch } = this.core
    const page = refetch || this.current === null ? -1 : this.current.page
    return { page, guarded, codeGeneration, tlbGeneration }
  }

  /** Goes on from a saved state, with memory and the core's words as they were then. */
  restore(saved: EngineState): void {
    this.codeGeneration = saved.codeGeneration
    this.tlbGeneration = saved.tlbGeneration
    this.pages.clear()
    this.core.refetch = saved.page < 0
    this.core.guarded = saved.guarded
    this.current = saved.page < 0 ? null : this.openPage(saved.page)
  }

  /** The faulting instruction is not retired unless its preferred return address is the next one. */
  private take(fault: GuestFault): void {
    const { core } = this
    this.operations.branched = false
    this.operations.called = null
    if (fault.returnTo === 'this' && !this.fetching) {
      core.instructions--
      core.cycles -= this.current?.code[core.pcOffset >>> 2]?.cost ?? 0
    }
    this.fetching = false
    core.takeFault(fault)
    this.watchLockup(fault)
    this.chargeEntry()
  }

  private chargeEntry(): void {
    const { core } = this
    const cost = this.costs['exception-entry']
    core.cycles += cost
    core.recorder.trapCost(cost)
  }

  /** @throws MachineStop when the PE does nothing but take exceptions */
  private watchLockup(fault: GuestFault): void {
    const { core } = this
    if (core.instructions !== core.retiredAtFault) {
      core.retiredAtFault = core.instructions
      core.faultsInARow = 0
    }
    if (++core.faultsInARow < LOCKUP_AFTER) return
    const where = `EL${core.el} vector 0x${core.pc.toString(16)}`
    const why = exceptionClassName(fault.ec)
    throw new MachineStop(
      'lockup',
      0,
      `PE${core.pe} takes exceptions at its own ${where} without end (${why})`,
    )
  }

  /** Finds the page behind PC: PC alignment, translation and permission, illegal state, branch target, in this order of priority. */
  private fetchPage(): void {
    const { core } = this
    this.fetching = true
    this.left--
    if (core.pcOffset & 3) throw new GuestFault(EC.PC_ALIGNMENT, 0, { far: core.pc })
    const physical = this.mmu.fetch(core.pc)
    const page = Math.floor((physical - RAM_BASE) / 4096)
    const { codePages } = core.views
    if (physical < RAM_BASE || page >= codePages.length) {
      throw new GuestFault(EC.INSTRUCTION_ABORT, FSC.EXTERNAL, { far: core.pc })
    }
    if (core.ps & PS.IL) throw new GuestFault(EC.ILLEGAL_STATE, 0)
    core.guarded = this.mmu.guarded && core.hasBti
    if (core.guarded && core.btype() !== 0) this.checkBranchTarget(page)
    this.left++
    this.fetching = false
    core.refetch = false
    const found = this.pages.get(page) ?? this.openPage(page)
    this.current = found
  }

  /** AArch64.BranchTargetException for an indirect branch into a guarded page that did not meet a landing pad. */
  private checkBranchTarget(page: number): void {
    const { core } = this
    const btype = core.btype()
    const word = Atomics.load(core.views.ram32, page * 1024 + (core.pcOffset >>> 2))
    // SCTLR_ELx.BT0 speaks for EL0, BT1 or BT for the EL itself.
    const strict = ((core.sctlr() >> (core.el === 0 ? 35n : 36n)) & 1n) === 1n
    if (!isLandingPad(word, btype, strict)) throw new GuestFault(EC.BRANCH_TARGET, btype)
  }

  private openPage(page: number): CodePage {
    const version = followCode(this.core.views.codePages, page)
    const opened = { page, version, code: new Array<Instruction | undefined>(1024) }
    this.pages.set(page, opened)
    return opened
  }

  private decodeAt(page: CodePage, at: number): Instruction {
    const { core } = this
    const word = Atomics.load(core.views.ram32, page.page * 1024 + at)
    const decoded = decode(word)
    const row = decoded && (!decoded.row.needs || core.features.has(decoded.row.needs)) ? decoded.row : null
    const marks = this.marks.get(RAM_BASE + page.page * 4096 + at * 4) ?? null
    const mayStop = this.stops?.mayStop(at * 4, row) ?? false
    const fields = decoded?.fields ?? {}
    const sem = row ? row.sem : semWithoutRow(word)
    const instruction: Instruction = {
      word,
      sem: row && this.watcher ? this.watcher.decoded<ReferenceOperations>(word, row, fields, sem) : sem,
      fields,
      cost: row ? this.costs[row.cost] : this.costs.alu,
      special:
        row?.cost === 'isb' || row?.cost === 'dsb' || row?.cost === 'exception-return' ? row.cost : null,
      marks: marks ?? (mayStop ? [] : null),
      mayStop,
    }
    page.code[at] = instruction
    return instruction
  }

  /** Another PE or the client asked for attention: drop what became stale, leave when the machine shall pause or stop. */
  private attend(): void {
    const { cells } = this
    Atomics.store(cells, this.attention, 0)
    if (Atomics.exchange(cells, this.signalled, 0) !== 0) this.core.asynchronous.sample()
    this.safePoints.look()
    if (Atomics.load(cells, control.COMMAND) !== 0) this.leave = this.interrupted = true
  }

  /** Forgets translations and decoded pages that another PE made stale. */
  private dropStale(): void {
    const { cells, core } = this
    const tlb = Atomics.load(cells, control.TLB_GENERATION)
    if (tlb !== this.tlbGeneration) {
      this.tlbGeneration = tlb
      this.mmu.invalidate()
    }
    const code = Atomics.load(cells, control.CODE_GENERATION)
    if (code !== this.codeGeneration) {
      this.codeGeneration = code
      for (const [number, page] of this.pages) {
        if (page.version !== codeVersion(core.views.codePages, number)) this.pages.delete(number)
      }
      core.refetch = true
    }
  }
}
