import type { CostClass } from '../../../shared/arch/cost.ts'
import { costClasses } from '../../../shared/arch/cost.ts'
import { RAM_BASE } from '../../machine/board/map.ts'
import { Pe } from '../../machine/board/pe.ts'
import { allocateShared, type Views, viewsOf } from '../../machine/board/shared-memory.ts'
import { MachineStop } from '../../machine/cpu/fault.ts'
import { PC, PSTATE, slotOf, storedRegisters, V0, X0 } from '../../machine/cpu/layout.ts'
import type { Chooser } from '../../machine/sync/chooser.ts'
import type { Release, SyncMode } from '../../machine/sync/synchronisation.ts'
import { differenceOf } from './memory-difference.ts'
import {
  type CaseEnd,
  DATA_BYTES,
  type OracleCase,
  type OracleException,
  type OracleResult,
  UDATA_BYTES,
} from './record.ts'

const RAM_BYTES = 4 << 20

/** Offsets into RAM: translation tables of EL1&0 and EL2 (one per level), then the pages of the window. */
const at = {
  tables1: 0x1_0000,
  tables2: 0x1_3000,
  code: 0x2_0000,
  vectors: 0x2_2000,
  data: 0x2_4000,
  udata: 0x2_6000,
} as const

const CODE_VA = 0x2_0000_0000n
const VECTORS_VA = CODE_VA + 0x1_0000n
/** Not mapped: whatever is taken to EL2 ends the case, so its handler never runs. */
const VBAR_EL2 = 0x3_0000_0000n

/** The marker behind a case's code: SVC #0xE0D at EL0, HVC #0xE0D at EL1 and EL2. */
const MARK = 0xe0d
const svc = (immediate: number): number => (0xd400_0001 | (immediate << 5)) >>> 0
const hvc = (immediate: number): number => (0xd400_0002 | (immediate << 5)) >>> 0

const VALID_PAGE = (1n << 10n) | (3n << 8n) | 3n // AF, inner shareable
const NORMAL = 1n << 2n
const TAGGED = 2n << 2n
const EL0 = 1n << 6n
const READ_ONLY = 1n << 7n
const NEVER_EXECUTE = 3n << 53n
const EL0_NEVER_EXECUTES = 1n << 54n
const GUARDED = 1n << 50n

/** Pages of the window by their number from its start. At EL2 (one privilege level) AP[1] is RES1 and bit 54 is XN. */
const window: readonly [page: number, offset: number, attributes: bigint][] = [
  [0x000, at.code, NORMAL | READ_ONLY | EL0],
  [0x001, at.code + 0x1000, NORMAL | READ_ONLY | EL0],
  [0x010, at.vectors, NORMAL | READ_ONLY | EL0_NEVER_EXECUTES],
  [0x020, at.code, NORMAL | READ_ONLY | EL0 | GUARDED],
  [0x021, at.code + 0x1000, NORMAL | READ_ONLY | EL0 | GUARDED],
  [0x100, at.data, TAGGED | EL0 | NEVER_EXECUTE],
  [0x101, at.data + 0x1000, TAGGED | EL0 | NEVER_EXECUTE],
  [0x110, at.data, TAGGED | EL0 | READ_ONLY | NEVER_EXECUTE],
  [0x111, at.data + 0x1000, TAGGED | EL0 | READ_ONLY | NEVER_EXECUTE],
  [0x120, at.udata, NORMAL | EL0 | NEVER_EXECUTE],
  [0x130, at.data, TAGGED | NEVER_EXECUTE],
  [0x131, at.data + 0x1000, TAGGED | NEVER_EXECUTE],
]

const el2Attributes = (offset: number, attributes: bigint): bigint =>
  (offset === at.vectors ? attributes & ~EL0_NEVER_EXECUTES : attributes & ~(1n << 53n)) | EL0

/** Registers that every case starts from, beyond those it names; the rest is 0. */
const fixed: Readonly<Record<string, bigint>> = {
  TTBR0_EL1: BigInt(RAM_BASE + at.tables1),
  TTBR1_EL1: BigInt(RAM_BASE + at.tables1),
  TTBR0_EL2: BigInt(RAM_BASE + at.tables2),
  VBAR_EL1: VECTORS_VA,
  VBAR_EL2,
  MAIR_EL2: 0xf0_ff00n,
  CPACR_EL1: 3n << 20n,
  CPTR_EL2: 0x33ffn,
  SCTLR_EL2: 0x30c5_183dn,
  TCR_EL2: 0x8082_3519n,
}
/** Zero at entry although their reset value is UNKNOWN: a result may hold them. */
const cleared: readonly string[] = [
  'ESR_EL1',
  'FAR_EL1',
  'ELR_EL1',
  'SPSR_EL1',
  'PAR_EL1',
  'CONTEXTIDR_EL1',
  'TPIDR_EL1',
  'TPIDR_EL0',
  'TPIDRRO_EL0',
  'CNTKCTL_EL1',
  'MDSCR_EL1',
  'ESR_EL2',
  'FAR_EL2',
  'HPFAR_EL2',
  'MDCR_EL2',
  'CNTVOFF_EL2',
  'GCR_EL1',
  'RGSR_EL1',
  'TFSR_EL1',
  'TFSRE0_EL1',
  'TFSR_EL2',
  'FPCR',
  'FPSR',
  ...storedRegisters().filter((name) => /^AP..Key/.test(name)),
]

const vectorNames = ['sp0_sync', 'spx_sync', 'lower64_sync', 'lower32_sync'] as const

/** A program of a recorded case ends after a few hundred instructions, or never. */
const INSTRUCTION_LIMIT = 20_000

const oneCycle = Object.fromEntries(costClasses.map((c) => [c, 1])) as Record<CostClass, number>

/**
 * One PE with the address space of the recorded cases. The memory and the translation tables are kept from case to case,
 * registers and pages are set anew.
 */
export class CaseMachine {
  /** Collects the instruction words that `run` executes, where somebody wants them. */
  executed: Set<number> | null = null
  private readonly views: Views
  private readonly pe: Pe

  /** @param sync when indirect writes take effect; the recorded cases of QEMU were made so that it does not matter */
  constructor(
    sync: SyncMode = 'eager',
    release: Release = 'ddi0487-m',
    more: { exs?: boolean; chooser?: Chooser; syncSeed?: number } = {},
  ) {
    this.views = viewsOf(allocateShared(1, RAM_BYTES))
    this.pe = new Pe(this.views, {
      pe: 0,
      features: { mte: 3, mteAsync: true, ras: true, exs: more.exs ?? false, lse2: true, pauth: true },
      sync,
      release,
      chooser: more.chooser,
      syncParameters: { seed: more.syncSeed ?? 1 },
      costs: oneCycle,
      clock: 'model',
      probes: { registers: [], switches: false, faults: false, events: false },
      marks: new Map(),
      now: () => 0,
      waitForRoom: () => {},
    })
    this.writeTables(at.tables1, (_, attributes) => attributes)
    this.writeTables(at.tables2, el2Attributes)
    for (let vector = 0; vector < 16; vector++)
      this.views.ram32[(at.vectors >> 2) + vector * 32] = hvc(0x100 + vector)
  }

  /**
   * Runs a case to its marker, its first exception or the instruction limit.
   * @param until an address to stop at before its instruction is executed; the end is then `timeout`
   */
  run(oracle: OracleCase, until?: bigint): OracleResult {
    this.prepare(oracle)
    const { pe } = this
    let end: CaseEnd = 'timeout'
    try {
      for (let left = INSTRUCTION_LIMIT; left > 0 && pe.core.pc !== until; left--) {
        pe.engine.run(1)
        this.executed?.add(pe.core.word)
        if (oracle.more.length > 0 ? this.ended(oracle) : pe.core.pcPage === VBAR_EL2) {
          end = 'exc_el2'
          break
        }
      }
    } catch (error) {
      if (!(error instanceof MachineStop)) throw error
      end = 'stopped'
    }
    pe.core.sync.completeFaults(2)
    pe.core.sync.contextEvent()
    pe.core.store()
    return this.result(oracle, end)
  }

  /** A program of several parts ends where an exception leaves them: its handler at EL2 takes calls from EL1 alone. */
  private ended({ registers }: OracleCase): boolean {
    const { core } = this.pe
    if (core.el === 1) return core.pcPage === VECTORS_VA
    return core.pc === registers.VBAR_EL2! + 0x200n
  }

  private writeTables(base: number, attributesOf: (offset: number, attributes: bigint) => bigint): void {
    const { ram64 } = this.views
    const entry = (table: number, index: number, value: bigint): void => {
      ram64[((base + table * 0x1000) >> 3) + index] = value
    }
    entry(0, Number(CODE_VA >> 30n), BigInt(RAM_BASE + base + 0x1000) | 3n)
    entry(1, 0, BigInt(RAM_BASE + base + 0x2000) | 3n)
    for (const [page, offset, attributes] of window) {
      entry(2, page, BigInt(RAM_BASE + offset) | VALID_PAGE | attributesOf(offset, attributes))
    }
  }

  private prepare(oracle: OracleCase): void {
    const { pe, views } = this
    pe.reset(1)
    const { state } = pe.core
    for (const name of cleared) this.set(name, 0n)
    for (const [name, value] of Object.entries(fixed)) this.set(name, value)
    for (const [name, value] of Object.entries(oracle.registers)) this.set(name, value)
    for (const [el, value] of oracle.sp.entries()) this.set(`SP_EL${el}`, value)
    oracle.x.forEach((value, i) => {
      state[X0 + i] = value
    })
    oracle.v?.forEach((value, i) => {
      state[V0 + 2 * i] = BigInt.asUintN(64, value)
      state[V0 + 2 * i + 1] = value >> 64n
    })
    const words = views.ram32.subarray(at.code >> 2, (at.code >> 2) + 0x800)
    words.fill(0)
    for (const { offset, code } of [{ offset: 0, code: oracle.code }, ...oracle.more]) {
      words.set(code, offset / 4)
      words[offset / 4 + code.length] = oracle.el === 0 ? svc(MARK) : hvc(MARK)
    }
    pe.mmu.codeWritten(at.code >> 12)
    views.ram8.set(oracle.mem, at.data)
    views.ram8.set(oracle.umem, at.udata)
    views.tags.set(oracle.tags, at.data >> 4)
    state[PC] = CODE_VA + oracle.entry
    state[PSTATE] = oracle.spsr
    pe.core.load()
  }

  /** What an MSR of the value would leave in the register, synchronised. */
  private set(name: string, value: bigint): void {
    const register = this.pe.sysregs.named(name)
    if (register === undefined || register.slot < 0) throw new Error(`${name} has no storage`)
    const kept = (value & register.stored) | register.ones
    this.pe.core.state[register.slot] = kept
    this.pe.core.state[register.effective] = kept
  }

  private get(name: string): bigint {
    return this.pe.core.state[slotOf(name)]!
  }

  private result(oracle: OracleCase, reached: CaseEnd): OracleResult {
    const { state } = this.pe.core
    const seen =
      reached === 'exc_el2'
        ? this.exception(oracle)
        : { end: reached, pc: state[PC]!, pstate: state[PSTATE]!, exc: null }
    const sps = [this.get('SP_EL0'), this.get('SP_EL1'), this.get('SP_EL2')] as const
    return {
      ...seen,
      x: [...state.subarray(X0, X0 + 31)],
      sp: sps[seen.pstate & 1n ? Number((seen.pstate >> 2n) & 3n) : 0]!,
      sp_el0: sps[0],
      sp_el1: sps[1],
      sp_el2: oracle.el === 2 ? sps[2] : null,
      gcr: this.get('GCR_EL1'),
      rgsr: this.get('RGSR_EL1'),
      tfsr_el1: this.get('TFSR_EL1'),
      tfsre0_el1: this.get('TFSRE0_EL1'),
      tfsr_el2: this.get('TFSR_EL2'),
      mem_diff: differenceOf(oracle.mem, this.views.ram8.subarray(at.data, at.data + DATA_BYTES)),
      umem_diff: differenceOf(oracle.umem, this.views.ram8.subarray(at.udata, at.udata + UDATA_BYTES)),
      tag_diff: [...oracle.tags].flatMap((tag, granule) => {
        const now = this.views.tags[(at.data >> 4) + granule]!
        return now === tag ? [] : [[granule, now] as const]
      }),
      v_diff: this.vectorDifference(oracle.v),
      fpsr: this.get('FPSR'),
    }
  }

  private vectorDifference(before: OracleCase['v']): Record<string, bigint> {
    const { state } = this.pe.core
    const now = Array.from({ length: 32 }, (_, n) => (state[V0 + 2 * n + 1]! << 64n) | state[V0 + 2 * n]!)
    return Object.fromEntries(
      now.flatMap((value, n) => (value === (before?.[n] ?? 0n) ? [] : [[n, value] as const])),
    )
  }

  /** Reads back which exception ended the case: the marker, one taken to EL1 whose vector did HVC, or one taken to EL2. */
  private exception(oracle: OracleCase): Pick<OracleResult, 'end' | 'pc' | 'pstate' | 'exc'> {
    const { core } = this.pe
    if (core.el === 1) {
      const exc = this.taken(1, Number(core.pc - VECTORS_VA))
      return { end: 'exc_el1', pc: exc.elr, pstate: exc.spsr, exc }
    }
    const taken = this.taken(2, Number(core.pc - (oracle.registers.VBAR_EL2 ?? VBAR_EL2)))
    const called = (esr: bigint, ec: number, immediate: number): boolean =>
      esr >> 26n === BigInt(ec) && (esr & 0xffffn) === BigInt(immediate)
    const ended = (end: CaseEnd, exc: OracleException, isMarker: boolean) =>
      isMarker
        ? { end: 'marker' as const, pc: exc.elr - 4n, pstate: exc.spsr, exc: null }
        : { end, pc: exc.elr, pstate: exc.spsr, exc }
    const vector = Number(taken.esr & 0xfn)
    if (oracle.el < 2 && called(taken.esr, 0x16, 0x100 + vector) && taken.elr >> 12n === VECTORS_VA >> 12n) {
      const first = { ...this.taken(1, vector * 0x80), handler_pstate: taken.spsr }
      return ended('exc_el1', first, oracle.el === 0 && called(first.esr, 0x15, MARK))
    }
    return ended('exc_el2', taken, oracle.el > 0 && called(taken.esr, 0x16, MARK))
  }

  private taken(el: 1 | 2, vectorOffset: number): OracleException {
    return {
      target_el: el,
      vector: vectorNames[vectorOffset >> 9]!,
      esr: this.get(`ESR_EL${el}`),
      far: this.get(`FAR_EL${el}`),
      elr: this.get(`ELR_EL${el}`),
      spsr: this.get(`SPSR_EL${el}`),
      handler_pstate: null,
    }
  }
}
