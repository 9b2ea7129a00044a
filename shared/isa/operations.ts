/**
 * The operations that instruction semantics are written in. There is one semantics (the `sem` of each row) and one
 * interface; an engine supplies V. The reference engine's V is a bigint; a compiling engine's V is a piece of code.
 * So `sem` never computes on a V itself, and branches on a V only through `select` and `when`.
 *
 * Conventions
 * - V is a 64-bit value. A truth value is a V that is 0 or 1. Encoding fields are plain numbers, known at decode time.
 * - `sf` is 1 for the 64-bit and 0 for the 32-bit form: reads are zero-extended, writes clear bits 63:32,
 *   operations that take `sf` treat their operands as values of that width.
 * - Register 31 is XZR/WZR in x, r, setX, setR, and the current SP in xsp, rsp, setXsp, setRsp.
 * - An operation that takes an exception ends the instruction there: nothing after it happens.
 *   So write back the base register after the access, and destination registers last.
 * - A vector register is two V, its halves: bits 63:0 and bits 127:64. Semantics on elements are written on halves.
 */
export interface Operations<V> {
  /** Negative values wrap to 64 bits. */
  imm(value: number | bigint): V

  // general registers
  x(n: number): V
  setX(n: number, value: V): void
  xsp(n: number): V
  setXsp(n: number, value: V): void
  r(sf: number, n: number): V
  setR(sf: number, n: number, value: V): void
  rsp(sf: number, n: number): V
  setRsp(sf: number, n: number, value: V): void

  // 64-bit arithmetic and logic, modulo 2^64
  add(a: V, b: V): V
  sub(a: V, b: V): V
  mul(a: V, b: V): V
  and(a: V, b: V): V
  or(a: V, b: V): V
  xor(a: V, b: V): V
  not(a: V): V
  umulh(a: V, b: V): V
  smulh(a: V, b: V): V
  /** The low `width` bits (1..64), zero- or sign-extended to 64. */
  zext(a: V, width: number): V
  sext(a: V, width: number): V

  // width-dependent operations; shift amounts are taken modulo the width
  lsl(sf: number, a: V, amount: V): V
  lsr(sf: number, a: V, amount: V): V
  asr(sf: number, a: V, amount: V): V
  ror(sf: number, a: V, amount: V): V
  /** Division rounds towards zero; by zero gives 0; the most negative value by -1 gives itself. */
  udiv(sf: number, a: V, b: V): V
  sdiv(sf: number, a: V, b: V): V
  clz(sf: number, a: V): V
  cls(sf: number, a: V): V
  rbit(sf: number, a: V): V
  /** Reverses the bytes inside each container of `bytes` (2, 4 or 8). */
  rev(sf: number, a: V, bytes: number): V
  /** CRC-32 (castagnoli false, polynomial 0x04C11DB7) or CRC-32C (true, 0x1EDC6F41) over the low `bytes` of value. */
  crc32(castagnoli: boolean, bytes: number, accumulator: V, value: V): V

  // comparison and choice
  eq(a: V, b: V): V
  ltu(a: V, b: V): V
  lts(a: V, b: V): V
  select(condition: V, ifTrue: V, ifFalse: V): V
  when(condition: V, then: () => void, otherwise?: () => void): void

  // flags
  /** a + b + carryIn (a V of 0 or 1) at width sf; sets NZCV from the result. For a subtraction pass not(b) and carry 1. */
  addSetFlags(sf: number, a: V, b: V, carryIn: V): V
  /** Sets N and Z from value at width sf, clears C and V. */
  logicSetFlags(sf: number, value: V): void
  /** NZCV as a 4-bit number: N is bit 3. */
  nzcv(): V
  setNzcv(value: V): void
  carry(): V
  /** Whether condition code cc (0 EQ ... 14 AL, 15 NV = always) holds. */
  condition(cc: number): V

  // program counter and branches
  /** Address of this instruction. */
  pc(): V
  branch(target: V): void
  /** BR and BLR (call) through Xn: branches, and sets PSTATE.BTYPE for the check of the target in a guarded page. */
  branchIndirect(target: V, call: boolean, n: number): void

  // pointer authentication: each is trapped by HCR_EL2.API but stripPointer; nothing happens where SCTLR_ELx.En* is 0
  /** AddPACIA, IB, DA or DB. */
  signPointer(pointer: V, modifier: V, key: PauthKey): V
  /** AuthIA, IB, DA or DB, alone or combined: with FEAT_FPACCOMBINE both fault where the code does not match. */
  authenticatePointer(pointer: V, modifier: V, key: PauthKey): V
  /** Strip; the address as it is without FEAT_PAuth. */
  stripPointer(pointer: V, data: boolean): V
  /** AddPACGA: no bit of SCTLR_ELx enables it. */
  genericCode(value: V, modifier: V): V

  // memory: see Access. Addresses carry their top byte; the engine applies TBI, tag check, translation and alignment.
  /** The base address in Xn|SP: for n = 31 the SP alignment check (SCTLR_ELx.SA, SA0) comes first. */
  base(n: number): V
  /** @returns the element, zero-extended; so do loadPair and the exclusives. */
  load(address: V, access: Access): V
  store(address: V, value: V, access: Access): void
  /** Two elements of access.bytes each at address and address + bytes; both are checked before anything moves. */
  loadPair(address: V, access: Access): readonly [V, V]
  storePair(address: V, first: V, second: V, access: Access): void
  loadExclusive(address: V, access: Access): V
  loadExclusivePair(address: V, access: Access): readonly [V, V]
  /** @returns 0 when the store happened, 1 when the monitor was not held. */
  storeExclusive(address: V, value: V, access: Access): V
  storeExclusivePair(address: V, first: V, second: V, access: Access): V
  clearExclusive(): void
  /** @returns the old value, zero-extended. */
  atomic(op: AtomicOp, address: V, operand: V, access: Access): V
  compareAndSwap(address: V, expected: V, value: V, access: Access): V
  compareAndSwapPair(
    address: V,
    expected: readonly [V, V],
    value: readonly [V, V],
    access: Access,
  ): readonly [V, V]
  prefetch(address: V): void

  // vector registers: see vector.ts for what rows build from these
  /**
   * CheckFPAdvSIMDEnabled64: takes the trap that CPACR_EL1 and CPTR_EL2 ask for (EC 0x07). The first operation of every
   * instruction that uses a vector register.
   */
  vectorAccess(): void
  /** Half 0 (bits 63:0) or 1 (bits 127:64) of Vn. */
  half(n: number, which: 0 | 1): V
  setHalf(n: number, which: 0 | 1, value: V): void
  /** Vd as a whole; a scalar or 64-bit result has a high half of zero. */
  setVector(n: number, low: V, high: V): void
  /** `count` elements of access.bytes each, one behind the other: at most 64 bytes, all checked before anything moves. */
  loadElements(address: V, count: number, access: Access): readonly V[]
  storeElements(address: V, values: readonly V[], access: Access): void

  // memory tags
  /** Whether Allocation Tag access is enabled at the current EL (AArch64.AllocationTagAccessIsEnabled). */
  tagAccessEnabled(): V
  /** Bits 59:56. */
  tagOf(address: V): V
  /** address with bits 59:56 replaced by tag. */
  withTag(address: V, tag: V): V
  /** ChooseNonExcludedTag(start, offset, exclude); offset is a plain number. */
  nextTag(start: V, offset: number, exclude: V): V
  /** GCR_EL1.Exclude as this instruction sees it: the effective value of the synchronisation model. */
  gcrExclude(): V
  /** IRG's draw: ChooseNonExcludedTag(RGSR_EL1.TAG, random offset, exclude); updates RGSR_EL1. exclude already holds GCR. */
  randomTag(exclude: V): V
  /** The tag of the granule at address (aligned down to 16); 0 where tag access is off or the page is not Tagged. */
  loadTag(address: V): V
  /** 16-byte alignment check, then stores tag to `granules` granules; zero also clears their data. Probes all first. */
  storeTags(address: V, granules: number, tag: V, zero: boolean): void
  /** LDGM, STGM: the block of GMID_EL1.BS; a nibble per granule. STZGM: the block of DCZID_EL0.BS; tag in value[3:0]. */
  loadTagBlock(address: V): V
  storeTagBlock(address: V, value: V): void
  zeroTagBlock(address: V, value: V): void

  // system
  readSysreg(encoding: SysregEncoding): V
  writeSysreg(encoding: SysregEncoding, value: V): void
  /** SYS #op1, Cn, Cm, #op2, Xt: cache, TLB, address-translation and tag maintenance (shared/arch/sysops rows). */
  systemInstruction(op1: number, crn: number, crm: number, op2: number, t: number): void
  /** MSR (immediate): the PSTATE field selected by op1 and op2, with the 4-bit immediate of CRm. */
  writePstate(op1: number, op2: number, immediate: number): void
  barrier(kind: 'isb' | 'dsb' | 'dmb' | 'sb', option: number): void
  /** Hint number CRm:op2 (NOP 0, YIELD 1, WFE 2, WFI 3, SEV 4, SEVL 5, ESB 16 ...). Unallocated numbers do nothing. */
  hint(number: number): void
  /** WFIT and WFET: waits until CNTVCT_EL0 reaches `until` at the latest; `t` is the register's number, for a trap. */
  waitUntil(kind: 'wfi' | 'wfe', until: V, t: number): void
  svc(immediate: number): void
  hvc(immediate: number): void
  smc(immediate: number): void
  breakpoint(immediate: number): void
  /** HLT: semihosting for 0xF000 where the machine has it, else UNDEFINED (halting debug is not implemented). */
  halt(immediate: number): void
  /** ERET, and with a key ERETAA and ERETAB: ELR_ELx is authenticated, with SP as the modifier. */
  exceptionReturn(key?: PauthKey): void
  undefined(): void
  /** Takes the UNDEFINED exception at EL0; at EL1 and EL2 does nothing. */
  undefinedAtEl0(): void
}

/** The keys that sign addresses, by the stem of their registers' names. */
export type PauthKey = 'APIA' | 'APIB' | 'APDA' | 'APDB'

/** op0, op1, CRn, CRm, op2. */
export type SysregEncoding = readonly [op0: number, op1: number, crn: number, crm: number, op2: number]

export type AtomicOp = 'add' | 'clr' | 'eor' | 'set' | 'smax' | 'smin' | 'umax' | 'umin' | 'swp'

/** What kind of memory access a row makes. One object per decoded instruction: build it from fields at decode time. */
export interface Access {
  /** Bytes of one element: 1, 2, 4, 8. */
  bytes: number
  /** Bytes whose natural alignment SCTLR_ELx.A and Device memory ask for, where that is not one element: 16 for a Q register. */
  unit?: number
  /** Subject to tag checking (facts: SP-relative immediate forms without write-back and literals are not). */
  checked: boolean
  /** LDTR/STTR class: EL0's permissions and tag-check settings. */
  unprivileged?: boolean
  acquire?: boolean
  release?: boolean
  /**
   * Ordered, exclusive and atomic accesses must be aligned to their size whatever SCTLR_ELx.A says, or with FEAT_LSE2 lie
   * inside 16 bytes. The size of a pair is twice `bytes` (LDXP, CASP, and STGP with its 16-byte rule).
   */
  aligned?: boolean
  /** Load-Exclusive or Store-Exclusive: SCTLR_ELx.nAA does not excuse it. */
  exclusive?: boolean
}
