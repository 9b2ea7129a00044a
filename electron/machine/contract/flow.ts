import type { Insn } from '../../../shared/isa/insn.ts'
import type { Access, Operations, SysregEncoding } from '../../../shared/isa/operations.ts'

type Machine = Operations<bigint>

/** Where a value came from, unchanged in all its 64 bits; null: it was computed. */
export type Source =
  | { kind: 'register'; n: number }
  /** The n-th element that the instruction loads. */
  | { kind: 'loaded'; n: number }
  | { kind: 'system register'; encoding: SysregEncoding }
  /** XZR or an immediate. */
  | { kind: 'constant' }
  | null

/** A value inside an instruction: its origin, and how to compute it before the instruction is executed. */
interface Term {
  source: Source
  value: (o: Machine) => bigint
}

/** One access to memory: `elements` neighbours of `bytes` each. */
export interface Touch {
  address: (o: Machine) => bigint
  bytes: number
  elements: number
  /** Stores only: what each element is. */
  sources: readonly Source[]
  checked: boolean
}

/** Tags that are stored to, or loaded from: `granules` of them, from the block's start on where the address names a block. */
export interface TagTouch {
  address: (o: Machine) => bigint
  granules: number
  /** Granule i's tag; null for a load. */
  tag: ((o: Machine, i: number) => number) | null
}

/** What one instruction does with values that it does not compute, read off its declared semantics. */
export interface Flow {
  row: Insn
  /** It loads from a literal pool: a constant of the program. */
  literal: boolean
  /** Bit n: Xn is written; Xn's value is used otherwise than by moving it. */
  writes: number
  uses: number
  /** Bit n: Xn's value is moved on. */
  moved: number
  /** Registers that receive a value unchanged. */
  moves: readonly { to: number; from: NonNullable<Source> }[]
  loads: readonly Touch[]
  stores: readonly Touch[]
  /** Both. */
  touches: readonly Touch[]
  tagLoads: readonly TagTouch[]
  tagStores: readonly TagTouch[]
  mrs: SysregEncoding | null
  msr: { encoding: SysregEncoding; source: Source; value: (o: Machine) => bigint } | null
  /** MSR (immediate) of PSTATE.TCO. */
  tco: number | null
  barrier: 'isb' | 'dsb' | null
  /** A draw or a step by GCR_EL1 where tag access is on. */
  tagSource: boolean
}

const GRANULE = 16n
const TAG_BLOCK = 256n
const ZERO_BLOCK = 64n
/** op1, CRn, CRm, op2 of DC GVA, DC GZVA and DC ZVA. */
const DC = { '3.7.4.3': 'tags', '3.7.4.4': 'both', '3.7.4.1': 'data' } as const
const TCO_FIELD = 0b011_100

/** One run of an instruction's semantics on terms. Both arms of a condition are followed, so what they set is not a move. */
class Reading {
  writes = 0
  read = 0
  moved = 0
  readonly moves: { to: number; from: NonNullable<Source> }[] = []
  readonly loads: Touch[] = []
  readonly stores: Touch[] = []
  readonly tagLoads: TagTouch[] = []
  readonly tagStores: TagTouch[] = []
  mrs: Flow['mrs'] = null
  msr: Flow['msr'] = null
  tco: number | null = null
  barrier: Flow['barrier'] = null
  tagSource = false
  private conditional = 0
  private elements = 0

  /** The operations that this looks at; every other one computes. */
  readonly handlers: Partial<Record<keyof Machine, (...operands: never[]) => unknown>> = {
    imm: (value: number | bigint): Term => ({ source: { kind: 'constant' }, value: (o) => o.imm(value) }),
    x: (n: number) => this.register(n, (o) => o.x(n), true),
    r: (sf: number, n: number) => this.register(n, (o) => o.r(sf, n), sf === 1),
    xsp: (n: number) => this.register(n === 31 ? -1 : n, (o) => o.xsp(n), true),
    rsp: (sf: number, n: number) => this.register(n === 31 ? -1 : n, (o) => o.rsp(sf, n), sf === 1),
    base: (n: number) => this.register(n === 31 ? -1 : n, (o) => o.base(n), true),
    setX: (n: number, value: Term) => this.set(n, value),
    setR: (sf: number, n: number, value: Term) => this.set(n, sf ? value : null),
    setXsp: (n: number, value: Term) => this.set(n, value),
    setRsp: (sf: number, n: number, value: Term) => this.set(n, sf ? value : null),
    or: (a: Term, b: Term) => this.unchanged(a, b) ?? this.unchanged(b, a) ?? this.computed('or', [a, b]),
    add: (a: Term, b: Term) => this.computed('add', [a, b]),
    lsl: (sf: number, a: Term, amount: Term) => this.shifted('lsl', sf, a, amount),
    when: (condition: Term, then: () => void, otherwise?: () => void) => {
      this.conditional++
      then()
      otherwise?.()
      this.conditional--
      return condition
    },
    load: (address: Term, access: Access) => this.loaded(address, access, 1)[0],
    loadPair: (address: Term, access: Access) => this.loaded(address, access, 2),
    loadElements: (address: Term, count: number, access: Access) => this.loaded(address, access, count),
    loadExclusive: (address: Term, access: Access) => this.loaded(address, access, 1)[0],
    loadExclusivePair: (address: Term, access: Access) => this.loaded(address, access, 2),
    store: (address: Term, value: Term, access: Access) => this.stored(address, access, [value]),
    storePair: (address: Term, first: Term, second: Term, access: Access) =>
      this.stored(address, access, [first, second]),
    storeElements: (address: Term, values: readonly Term[], access: Access) =>
      this.stored(
        address,
        access,
        values.map(() => null),
      ),
    storeExclusive: (address: Term, _value: Term, access: Access) => this.stored(address, access, [null]),
    storeExclusivePair: (address: Term, _first: Term, _second: Term, access: Access) =>
      this.stored(address, access, [null, null]),
    atomic: (_op: string, address: Term, _operand: Term, access: Access) =>
      this.stored(address, access, [null]),
    compareAndSwap: (address: Term, _expected: Term, _value: Term, access: Access) =>
      this.stored(address, access, [null]),
    compareAndSwapPair: (address: Term, _expected: unknown, _value: unknown, access: Access) => {
      this.stored(address, access, [null, null])
      return [nothing, nothing]
    },
    storeTags: (address: Term, granules: number, tag: Term, zero: boolean) => {
      this.tagStores.push({ address: address.value, granules, tag: (o) => Number(tag.value(o)) })
      if (zero) this.zeroed(address.value, granules * 2)
    },
    storeTagBlock: (address: Term, value: Term) => {
      const tag = (o: Machine, i: number): number => Number((value.value(o) >> BigInt(i * 4)) & 15n)
      this.tagStores.push({ address: down(address, TAG_BLOCK), granules: 16, tag })
    },
    zeroTagBlock: (address: Term, value: Term) => {
      const tag = (o: Machine): number => Number(value.value(o) & 15n)
      this.tagStores.push({ address: down(address, ZERO_BLOCK), granules: 4, tag })
      this.zeroed(down(address, ZERO_BLOCK), 8)
    },
    loadTag: (address: Term) => {
      this.tagLoads.push({ address: down(address, GRANULE), granules: 1, tag: null })
      return nothing
    },
    loadTagBlock: (address: Term) => {
      this.tagLoads.push({ address: down(address, TAG_BLOCK), granules: 16, tag: null })
      return nothing
    },
    gcrExclude: () => {
      this.tagSource = true
      return nothing
    },
    readSysreg: (encoding: SysregEncoding): Term => {
      this.mrs = encoding
      return { source: { kind: 'system register', encoding }, value: nothing.value }
    },
    writeSysreg: (encoding: SysregEncoding, value: Term) => {
      this.move(value)
      this.msr = { encoding, source: value.source, value: value.value }
    },
    systemInstruction: (op1: number, crn: number, crm: number, op2: number, t: number) => {
      const what = DC[`${op1}.${crn}.${crm}.${op2}` as keyof typeof DC]
      if (what === undefined) return
      const address: Term = { source: null, value: (o) => o.x(t) }
      const start = down(address, ZERO_BLOCK)
      if (what !== 'data') {
        const tag = (o: Machine): number => Number((o.x(t) >> 56n) & 15n)
        this.tagStores.push({ address: start, granules: 4, tag })
      }
      if (what !== 'tags') this.zeroed(start, 8)
    },
    writePstate: (op1: number, op2: number, immediate: number) => {
      if (((op1 << 3) | op2) === TCO_FIELD) this.tco = immediate & 1
    },
    barrier: (kind: string) => {
      if (kind === 'isb' || kind === 'dsb') this.barrier = kind
    },
  }

  /** The value of an operation that nobody here knows. */
  computed(name: string, operands: readonly unknown[]): Term {
    return {
      source: null,
      value: (o) => {
        const operation = o[name as keyof Machine] as (...values: unknown[]) => bigint
        return operation.apply(
          o,
          operands.map((operand) => (isTerm(operand) ? operand.value(o) : operand)),
        )
      },
    }
  }

  /** @param n 31: XZR; -1: SP, which is not followed */
  private register(n: number, value: Term['value'], whole: boolean): Term {
    if (n < 0) return { source: null, value }
    if (n === 31) return { source: { kind: 'constant' }, value }
    this.read |= 1 << n
    return { source: whole ? { kind: 'register', n } : null, value }
  }

  private set(n: number, value: Term | null): void {
    if (n === 31) return
    this.writes |= 1 << n
    const from = value?.source
    if (!from || from.kind === 'constant' || this.conditional > 0) return
    this.move(value)
    this.moves.push({ to: n, from })
  }

  private move(value: Term): void {
    if (value.source?.kind === 'register') this.moved |= 1 << value.source.n
  }

  /** `a` where `b` is XZR: MOV is an ORR. */
  private unchanged(a: Term, b: Term): Term | null {
    return b.source?.kind === 'constant' && zero(b) && a.source?.kind !== 'constant' ? a : null
  }

  private shifted(name: string, sf: number, a: Term, amount: Term): Term {
    return sf === 1 && amount.source?.kind === 'constant' && zero(amount)
      ? a
      : this.computed(name, [sf, a, amount])
  }

  private loaded(address: Term, access: Access, elements: number): Term[] {
    const { bytes, checked } = access
    this.loads.push({ address: address.value, bytes, elements, sources: [], checked })
    return Array.from({ length: elements }, () => {
      const n = this.elements++
      return { source: bytes === 8 ? { kind: 'loaded', n } : null, value: nothing.value }
    })
  }

  private stored(address: Term, access: Access, values: readonly (Term | null)[]): Term {
    const { bytes, checked } = access
    for (const value of values) if (value) this.move(value)
    const sources = values.map((value) => (bytes === 8 ? (value?.source ?? null) : null))
    this.stores.push({ address: address.value, bytes, elements: values.length, sources, checked })
    return nothing
  }

  private zeroed(address: Touch['address'], elements: number): void {
    const sources = Array.from({ length: elements }, () => null)
    this.stores.push({ address, bytes: 8, elements, sources, checked: false })
  }
}

const isTerm = (value: unknown): value is Term => typeof value === 'object' && value !== null

/** A value that is not known before the instruction is executed: loaded, read, drawn. No address depends on one. */
const nothing: Term = {
  source: null,
  value: () => {
    throw new Error('an address that depends on a loaded value')
  },
}

/** Whether a constant term is 0; constants do not look at the machine. */
const zero = (term: Term): boolean => term.value(constants) === 0n

const constants = {
  imm: (value: number | bigint) => BigInt.asUintN(64, BigInt(value)),
  x: () => 0n,
  r: () => 0n,
} as unknown as Machine

const down =
  (address: Term, block: bigint) =>
  (o: Machine): bigint =>
    address.value(o) & ~(block - 1n)

const cache = new Map<number, Flow>()

/** What the instruction of a word does with values; the same for every machine. */
export function flowOf(word: number, row: Insn, fields: Record<string, number>): Flow {
  const known = cache.get(word)
  if (known) return known
  const reading = new Reading()
  const operations = new Proxy(reading.handlers, {
    get: (handlers, name: string) =>
      handlers[name as keyof Machine] ?? ((...operands: unknown[]) => reading.computed(name, operands)),
  })
  row.sem(operations as unknown as Operations<Term>, fields)
  const { writes, read, moved, moves, loads, stores, tagLoads, tagStores } = reading
  const { mrs, msr, tco, barrier, tagSource } = reading
  const uses = read & ~moved
  const flow: Flow = {
    row,
    literal: row.name.includes('literal'),
    writes,
    uses,
    moved,
    moves,
    loads,
    stores,
    touches: [...loads, ...stores],
    tagLoads,
    tagStores,
    mrs,
    msr,
    tco,
    barrier,
    tagSource,
  }
  cache.set(word, flow)
  return flow
}

/** Whether an instruction touches general registers alone. */
export function isPlain(flow: Flow): boolean {
  const { touches, tagLoads, tagStores, mrs, msr, tco, barrier, tagSource } = flow
  return (
    touches.length + tagLoads.length + tagStores.length === 0 &&
    mrs === null &&
    msr === null &&
    tco === null &&
    barrier === null &&
    !tagSource
  )
}
