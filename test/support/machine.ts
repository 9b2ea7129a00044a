import { RAM_BASE } from '../../electron/machine/board/map.ts'
import { Pe } from '../../electron/machine/board/pe.ts'
import { allocateShared, type Views, viewsOf } from '../../electron/machine/board/shared-memory.ts'
import type { Core } from '../../electron/machine/cpu/core.ts'
import type { InterruptInputs, InterruptSignals } from '../../electron/machine/cpu/interrupts.ts'
import { effectiveSlotOf, PC, PSTATE, slotOf, storedRegisters } from '../../electron/machine/cpu/layout.ts'
import type { Chooser } from '../../electron/machine/sync/chooser.ts'
import type { Release, SyncMode } from '../../electron/machine/sync/synchronisation.ts'
import { type CostClass, costClasses } from '../../shared/arch/cost.ts'
import type { FeatureChoice } from '../../shared/arch/features.ts'
import type { SyncParameters } from '../../shared/arch/synchronisation.ts'
import { assemble } from '../../shared/asm/assemble.ts'

export interface TestMachineOptions {
  features?: Partial<FeatureChoice>
  sync?: SyncMode
  release?: Release
  syncParameters?: Partial<SyncParameters>
  /** For sync 'explore'. */
  chooser?: Chooser
  ramBytes?: number
  signals?: InterruptSignals
  /** PEs that the memory has room for; default 1. */
  pes?: number
  /** Makes this machine the given PE of another one's memory. */
  beside?: { machine: TestMachine; pe: number }
  inputs?: InterruptInputs
}

/** PSTATE.M of each EL with its own SP, DAIF set. */
export const EL = { 0: 0x3c0n, 1: 0x3c5n, 2: 0x3c9n } as const

/** Bits of control registers that tests turn on. */
export const SCTLR = {
  M: 1n,
  A: 2n,
  SA: 8n,
  SA0: 16n,
  SPAN: 1n << 23n,
  ITFSB: 1n << 37n,
  TCF0: (mode: bigint) => mode << 38n,
  TCF: (mode: bigint) => mode << 40n,
  ATA0: 1n << 42n,
  ATA: 1n << 43n,
  DSSBS: 1n << 44n,
  EIS: 1n << 22n,
  EOS: 1n << 11n,
} as const

/** Where things are in a test's RAM; physical, and virtual where a test maps nothing else. */
export const place = {
  code: 0x4001_0000n,
  vectors: 0x4002_0000n,
  data: 0x4004_0000n,
  tables: 0x4010_0000n,
} as const

/** What an exception left at the EL it was taken to. */
export interface Taken {
  el: number
  /** Offset from VBAR_ELx. */
  vector: number
  esr: bigint
  far: bigint
  elr: bigint
  spsr: bigint
}

const oneCycle = Object.fromEntries(costClasses.map((c) => [c, 1])) as Record<CostClass, number>

/**
 * A machine with one PE at EL2, MMU off, every register 0 but for its RES1 bits and defined reset values. Programs are
 * text; nothing is UNKNOWN.
 */
export class TestMachine {
  readonly views: Views
  readonly pe: Pe
  readonly core: Core

  constructor(options: TestMachineOptions = {}) {
    this.views =
      options.beside?.machine.views ?? viewsOf(allocateShared(options.pes ?? 1, options.ramBytes ?? 4 << 20))
    this.pe = new Pe(this.views, {
      pe: options.beside?.pe ?? 0,
      features: { mte: 3, mteAsync: true, ras: true, exs: false, ...options.features },
      sync: options.sync ?? 'eager',
      release: options.release ?? 'ddi0487-m',
      syncParameters: options.syncParameters,
      chooser: options.chooser,
      costs: oneCycle,
      clock: 'model',
      probes: { registers: [], switches: false, faults: false, events: false },
      marks: new Map(),
      now: () => 0,
      waitForRoom: () => {},
      ...(options.signals ? { signals: options.signals } : {}),
      ...(options.inputs ? { inputs: options.inputs } : {}),
    })
    this.core = this.pe.core
    this.pe.reset(1)
    for (const name of storedRegisters()) {
      if (this.pe.sysregs.named(name)?.row.reset === 'unknown') this.set(name, 0n)
    }
    this.set('VBAR_EL1', place.vectors)
    this.set('VBAR_EL2', place.vectors + 0x800n)
    this.core.state[PSTATE] = EL[2]
    this.core.load()
  }

  /** A register by name, both its words, without any access rule. */
  set(name: string, value: bigint): this {
    const ones = this.pe.sysregs.named(name)?.ones ?? 0n
    this.core.state[slotOf(name)] = value | ones
    this.core.state[effectiveSlotOf(name)] = value | ones
    this.core.controlsChanged()
    return this
  }

  get(name: string): bigint {
    return this.core.state[slotOf(name)]!
  }

  /** What instructions use, where that may lag behind `get`. */
  effective(name: string): bigint {
    return this.core.state[effectiveSlotOf(name)]!
  }

  x(n: number): bigint {
    return this.core.state[n]!
  }

  setX(values: Readonly<Record<number, bigint>>): this {
    for (const [n, value] of Object.entries(values)) this.core.state[Number(n)] = value
    return this
  }

  /** PSTATE in SPSR format. */
  pstate(value: bigint): this {
    this.core.store()
    this.core.state[PSTATE] = value
    this.core.load()
    return this
  }

  /** Puts a program into RAM; @returns its size in bytes. */
  load(text: string, address: bigint = place.code): number {
    const program = assemble({ file: 'test.s', text }, { include: () => null, base: address })
    for (const section of program.sections) {
      if (section.nobits || section.address === 0n) continue
      this.views.ram8.set(section.bytes, Number(section.address) - RAM_BASE)
    }
    const bytes = program.sections.find((s) => s.address === address)!.bytes.length
    for (let page = 0; page < bytes; page += 4096)
      this.pe.mmu.codeWritten((Number(address) - RAM_BASE + page) >> 12)
    return bytes
  }

  /**
   * Loads a program and runs it from its start until it leaves its bytes: at the end, or by an exception or branch.
   * @returns the exception that ended it, or null
   */
  run(text: string, address: bigint = place.code): Taken | null {
    return this.runFrom(address, address, this.load(text, address))
  }

  /** Runs from `pc` while PC stays inside `[start, start + bytes)`: for code that is mapped somewhere else. */
  runFrom(pc: bigint, start: bigint, bytes: number): Taken | null {
    this.core.store()
    this.core.state[PC] = pc
    this.core.load()
    for (let left = 10_000; left > 0; left--) {
      this.pe.engine.run(1)
      const at = this.core.pc
      if (at < start || at >= start + BigInt(bytes)) return this.taken()
    }
    throw new Error('the program did not end')
  }

  /** Executes one instruction at PC. */
  step(): this {
    this.pe.engine.run(1)
    return this
  }

  private taken(): Taken | null {
    const { el, pc } = this.core
    if (el === 0) return null
    const vector = pc - this.get(`VBAR_EL${el}`)
    if (vector < 0n || vector >= 0x800n) return null
    return {
      el,
      vector: Number(vector),
      esr: this.get(`ESR_EL${el}`),
      far: this.get(`FAR_EL${el}`),
      elr: this.get(`ELR_EL${el}`),
      spsr: this.get(`SPSR_EL${el}`),
    }
  }

  read64(address: bigint): bigint {
    return this.views.ram.getBigUint64(Number(address) - RAM_BASE, true)
  }

  write64(address: bigint, value: bigint): this {
    this.views.ram.setBigUint64(Number(address) - RAM_BASE, value, true)
    return this
  }

  /** Tags of `count` granules from an address on. */
  tags(address: bigint, count: number): number[] {
    const first = (Number(address) - RAM_BASE) >> 4
    return [...this.views.tags.subarray(first, first + count)]
  }

  setTags(address: bigint, ...tags: number[]): this {
    this.views.tags.set(tags, (Number(address) - RAM_BASE) >> 4)
    return this
  }
}

/** An address with a logical tag. */
export const tagged = (address: bigint, tag: bigint): bigint => (address & ~(0xfn << 56n)) | (tag << 56n)

/** Fields of a page or block descriptor: valid, access flag, inner shareable. */
export const descriptor = {
  PAGE: 0x703n,
  BLOCK: 0x701n,
  AF: 1n << 10n,
  EL0: 1n << 6n,
  READ_ONLY: 1n << 7n,
  PXN: 1n << 53n,
  UXN: 1n << 54n,
  attribute: (index: bigint) => index << 2n,
  /** Stage 2: readable, writable, Normal Write-Back. */
  S2_READ: 1n << 6n,
  S2_WRITE: 1n << 7n,
  S2_NORMAL: 0xfn << 2n,
} as const

/** Translation tables in a test machine's RAM, 4 KiB granule. */
export class Tables {
  readonly root: bigint
  private readonly machine: TestMachine
  private readonly startLevel: number
  private next: bigint

  /** @param root physical address of the first table; the following ones are placed behind `tables` tables of the start level */
  constructor(machine: TestMachine, root: bigint, startLevel = 1, tables = 1) {
    this.machine = machine
    this.root = root
    this.startLevel = startLevel
    this.next = root + BigInt(tables) * 0x1000n
  }

  /** Maps the page or block of `level` at an address; `bits` is its whole descriptor but for the tables on the way. */
  map(address: bigint, bits: bigint, level = 3, tableBits = 0n): this {
    let table = this.root
    for (let at = this.startLevel; at < level; at++) {
      const entry = table + this.index(address, at) * 8n
      if (this.machine.read64(entry) === 0n) {
        this.machine.write64(entry, this.next | 3n)
        this.next += 0x1000n
      }
      this.machine.write64(entry, this.machine.read64(entry) | tableBits)
      table = this.machine.read64(entry) & 0xffff_ffff_f000n
    }
    this.machine.write64(table + this.index(address, level) * 8n, bits)
    return this
  }

  /** Physical address of the descriptor that an earlier `map` wrote. */
  entry(address: bigint, level = 3): bigint {
    let table = this.root
    for (let at = this.startLevel; at < level; at++) {
      table = this.machine.read64(table + this.index(address, at) * 8n) & 0xffff_ffff_f000n
    }
    return table + this.index(address, level) * 8n
  }

  private index(address: bigint, level: number): bigint {
    const all = BigInt.asUintN(48, address) >> BigInt(39 - 9 * level)
    return level === this.startLevel ? all & 0x1fffn : all & 511n
  }
}
