import type {
  Access,
  AtomicOp,
  Operations,
  PauthKey,
  SysregEncoding,
} from '../../../shared/isa/operations.ts'
import { type Core, PS } from '../cpu/core.ts'
import { EC, GuestFault, MachineStop } from '../cpu/fault.ts'
import { EVENT, effectiveSlotOf, V0 } from '../cpu/layout.ts'
import { HCR } from '../mmu/controls.ts'
import { PointerAuthentication } from '../pauth/pointer-authentication.ts'
import type { SysregAccess } from '../sysreg/access.ts'
import { undefinedInstruction } from '../sysreg/access.ts'
import type { SystemOperations } from '../sysreg/system-ops.ts'
import { checkVectorAccess } from '../sysreg/vector-access.ts'
import * as integer from './integer.ts'
import type { MemoryOperations } from './memory-operations.ts'

const GCR_EFFECTIVE = effectiveSlotOf('GCR_EL1')
const RGSR_EFFECTIVE = effectiveSlotOf('RGSR_EL1')

export type WaitKind = 'wfi' | 'wfe'

/** What the world outside the PE does for an instruction. */
export interface EnginePorts {
  /** HLT #0xF000; @returns X0. */
  semihosting(): void
  /** SMC at EL1 or EL2: the firmware's answer goes to X0. */
  firmwareCall(): void
  /** WFI and WFE: whether what they wait for has come already; WFE's event is then used up. */
  waitEnds(kind: WaitKind): boolean
  /** The PE waits from here on: its turn ends. `until`: CNTVCT_EL0 at which a timed form ends at the latest. */
  wait(kind: WaitKind, until: bigint | null): void
  /** CNTVCT_EL0 as read at the current EL. */
  virtualCount(): bigint
  /** SEV: sets the event register of every PE. */
  sendEvent(): void
}

/** The operations interface on bigint values: obviously right, one method per operation. */
export class ReferenceOperations implements Operations<bigint> {
  /** Set by a branch; the engine then continues at `target`. */
  branched = false
  /** Set with `branched` by SVC and HVC, which do nothing else: taking these without a throw costs a third as much. */
  called: GuestFault | null = null
  target = 0n
  /** A 64-bit value taken apart without making further bigints. */
  private readonly value64 = new BigUint64Array(1)
  private readonly value32 = new Uint32Array(this.value64.buffer)
  private readonly core: Core
  private readonly state: BigUint64Array
  private readonly memory: MemoryOperations
  private readonly sysregs: SysregAccess
  private readonly system: SystemOperations
  private readonly pointers: PointerAuthentication
  private readonly ports: EnginePorts

  constructor(
    core: Core,
    memory: MemoryOperations,
    sysregs: SysregAccess,
    system: SystemOperations,
    ports: EnginePorts,
  ) {
    this.core = core
    this.state = core.state
    this.memory = memory
    this.sysregs = sysregs
    this.system = system
    this.pointers = new PointerAuthentication(core)
    this.ports = ports
  }

  /** Bits 63:32; bits 31:0 are left in value32[0]. */
  private highHalf(value: bigint): number {
    this.value64[0] = value
    return this.value32[1]!
  }

  imm(value: number | bigint): bigint {
    return typeof value === 'number' && value >= 0 ? integer.small(value) : BigInt.asUintN(64, BigInt(value))
  }

  x(n: number): bigint {
    return n === 31 ? 0n : this.state[n]!
  }
  setX(n: number, value: bigint): void {
    if (n !== 31) this.state[n] = value
  }
  xsp(n: number): bigint {
    return this.state[n === 31 ? this.core.sp : n]!
  }
  setXsp(n: number, value: bigint): void {
    this.state[n === 31 ? this.core.sp : n] = value
  }
  r(sf: number, n: number): bigint {
    if (n === 31) return 0n
    return sf ? this.state[n]! : BigInt.asUintN(32, this.state[n]!)
  }
  setR(sf: number, n: number, value: bigint): void {
    if (n !== 31) this.state[n] = sf ? value : BigInt.asUintN(32, value)
  }
  rsp(sf: number, n: number): bigint {
    const value = this.state[n === 31 ? this.core.sp : n]!
    return sf ? value : BigInt.asUintN(32, value)
  }
  setRsp(sf: number, n: number, value: bigint): void {
    this.state[n === 31 ? this.core.sp : n] = sf ? value : BigInt.asUintN(32, value)
  }

  add(a: bigint, b: bigint): bigint {
    return BigInt.asUintN(64, a + b)
  }
  sub(a: bigint, b: bigint): bigint {
    return BigInt.asUintN(64, a - b)
  }
  mul(a: bigint, b: bigint): bigint {
    return BigInt.asUintN(64, a * b)
  }
  and(a: bigint, b: bigint): bigint {
    return a & b
  }
  or(a: bigint, b: bigint): bigint {
    return a | b
  }
  xor(a: bigint, b: bigint): bigint {
    return a ^ b
  }
  not(a: bigint): bigint {
    return BigInt.asUintN(64, ~a)
  }
  umulh(a: bigint, b: bigint): bigint {
    return integer.umulh(a, b)
  }
  smulh(a: bigint, b: bigint): bigint {
    return integer.smulh(a, b)
  }
  zext(a: bigint, width: number): bigint {
    return BigInt.asUintN(width, a)
  }
  sext(a: bigint, width: number): bigint {
    return BigInt.asUintN(64, BigInt.asIntN(width, a))
  }
  lsl(sf: number, a: bigint, amount: bigint): bigint {
    return integer.lsl(sf, a, amount)
  }
  lsr(sf: number, a: bigint, amount: bigint): bigint {
    return integer.lsr(sf, a, amount)
  }
  asr(sf: number, a: bigint, amount: bigint): bigint {
    return integer.asr(sf, a, amount)
  }
  ror(sf: number, a: bigint, amount: bigint): bigint {
    return integer.ror(sf, a, amount)
  }
  udiv(sf: number, a: bigint, b: bigint): bigint {
    return integer.udiv(sf, a, b)
  }
  sdiv(sf: number, a: bigint, b: bigint): bigint {
    return integer.sdiv(sf, a, b)
  }
  clz(sf: number, a: bigint): bigint {
    return integer.clz(sf, a)
  }
  cls(sf: number, a: bigint): bigint {
    return integer.cls(sf, a)
  }
  rbit(sf: number, a: bigint): bigint {
    return integer.rbit(sf, a)
  }
  rev(sf: number, a: bigint, bytes: number): bigint {
    return integer.rev(sf, a, bytes)
  }
  crc32(castagnoli: boolean, bytes: number, accumulator: bigint, value: bigint): bigint {
    return integer.crc32(castagnoli, bytes, accumulator, value)
  }

  eq(a: bigint, b: bigint): bigint {
    return a === b ? 1n : 0n
  }
  ltu(a: bigint, b: bigint): bigint {
    return a < b ? 1n : 0n
  }
  lts(a: bigint, b: bigint): bigint {
    return BigInt.asIntN(64, a) < BigInt.asIntN(64, b) ? 1n : 0n
  }
  select(condition: bigint, ifTrue: bigint, ifFalse: bigint): bigint {
    return condition !== 0n ? ifTrue : ifFalse
  }
  when(condition: bigint, then: () => void, otherwise?: () => void): void {
    if (condition !== 0n) then()
    else otherwise?.()
  }

  addSetFlags(sf: number, a: bigint, b: bigint, carryIn: bigint): bigint {
    const { core } = this
    if (sf) {
      const result = BigInt.asUintN(64, a + b + carryIn)
      const left = this.highHalf(a)
      const right = this.highHalf(b)
      const high = this.highHalf(result)
      core.n = high >>> 31
      core.z = high === 0 && this.value32[0] === 0 ? 1 : 0
      core.c = (carryIn !== 0n ? result <= a : result < a) ? 1 : 0
      core.v = ((left ^ high) & (right ^ high)) >>> 31
      return result
    }
    const left = Number(BigInt.asUintN(32, a))
    const right = Number(BigInt.asUintN(32, b))
    const sum = left + right + Number(carryIn)
    const result = sum >>> 0
    core.n = result >>> 31
    core.z = result === 0 ? 1 : 0
    core.c = sum > 0xffff_ffff ? 1 : 0
    core.v = ((left ^ result) & (right ^ result)) >>> 31
    return BigInt(result)
  }
  logicSetFlags(sf: number, value: bigint): void {
    const { core } = this
    const result = sf ? value : BigInt.asUintN(32, value)
    core.n = result >> (sf ? 63n : 31n) ? 1 : 0
    core.z = result === 0n ? 1 : 0
    core.c = 0
    core.v = 0
  }
  nzcv(): bigint {
    const { core } = this
    return BigInt((core.n << 3) | (core.z << 2) | (core.c << 1) | core.v)
  }
  setNzcv(value: bigint): void {
    const flags = Number(value & 15n)
    this.core.n = flags >> 3
    this.core.z = (flags >> 2) & 1
    this.core.c = (flags >> 1) & 1
    this.core.v = flags & 1
  }
  carry(): bigint {
    return this.core.c ? 1n : 0n
  }
  condition(cc: number): bigint {
    return holds(this.core, cc) ? 1n : 0n
  }

  pc(): bigint {
    return this.core.pc
  }
  branch(target: bigint): void {
    this.branched = true
    this.target = target
  }

  branchIndirect(target: bigint, call: boolean, n: number): void {
    this.branch(target)
    const { core } = this
    if (!core.hasBti) return
    if (call) core.setBranchType(2)
    else core.setBranchType(core.guarded && n !== 16 && n !== 17 ? 3 : 1)
  }

  signPointer(pointer: bigint, modifier: bigint, key: PauthKey): bigint {
    return this.pointers.sign(pointer, modifier, key)
  }
  authenticatePointer(pointer: bigint, modifier: bigint, key: PauthKey): bigint {
    return this.pointers.authenticate(pointer, modifier, key)
  }
  stripPointer(pointer: bigint, data: boolean): bigint {
    return this.pointers.strip(pointer, data)
  }
  genericCode(value: bigint, modifier: bigint): bigint {
    return this.pointers.generic(value, modifier)
  }

  base(n: number): bigint {
    if (n !== 31) return this.state[n]!
    const { core } = this
    const sp = this.state[core.sp]!
    if (sp & 15n && core.controls().spCheck[core.el === 0 ? 0 : 1]) throw new GuestFault(EC.SP_ALIGNMENT, 0)
    return sp
  }
  load(address: bigint, access: Access): bigint {
    return this.memory.load(address, access)
  }
  store(address: bigint, value: bigint, access: Access): void {
    this.memory.store(address, value, access)
  }
  loadPair(address: bigint, access: Access): readonly [bigint, bigint] {
    return this.memory.loadPair(address, access)
  }
  storePair(address: bigint, first: bigint, second: bigint, access: Access): void {
    this.memory.storePair(address, first, second, access)
  }
  loadExclusive(address: bigint, access: Access): bigint {
    return this.memory.loadExclusive(address, access)
  }
  loadExclusivePair(address: bigint, access: Access): readonly [bigint, bigint] {
    return this.memory.loadExclusivePair(address, access)
  }
  storeExclusive(address: bigint, value: bigint, access: Access): bigint {
    return this.memory.storeExclusive(address, value, access)
  }
  storeExclusivePair(address: bigint, first: bigint, second: bigint, access: Access): bigint {
    return this.memory.storeExclusivePair(address, first, second, access)
  }
  clearExclusive(): void {
    this.memory.clearExclusive()
  }
  atomic(op: AtomicOp, address: bigint, operand: bigint, access: Access): bigint {
    return this.memory.atomic(op, address, operand, access)
  }
  compareAndSwap(address: bigint, expected: bigint, value: bigint, access: Access): bigint {
    return this.memory.compareAndSwap(address, expected, value, access)
  }
  compareAndSwapPair(
    address: bigint,
    expected: readonly [bigint, bigint],
    value: readonly [bigint, bigint],
    access: Access,
  ): readonly [bigint, bigint] {
    return this.memory.compareAndSwapPair(address, expected, value, access)
  }
  prefetch(_address: bigint): void {}

  vectorAccess(): void {
    checkVectorAccess(this.core)
  }
  half(n: number, which: 0 | 1): bigint {
    return this.state[V0 + n * 2 + which]!
  }
  setHalf(n: number, which: 0 | 1, value: bigint): void {
    this.state[V0 + n * 2 + which] = value
  }
  setVector(n: number, low: bigint, high: bigint): void {
    this.state[V0 + n * 2] = low
    this.state[V0 + n * 2 + 1] = high
  }
  loadElements(address: bigint, count: number, access: Access): readonly bigint[] {
    return this.memory.loadElements(address, count, access)
  }
  storeElements(address: bigint, values: readonly bigint[], access: Access): void {
    this.memory.storeElements(address, values, access)
  }
  /** An instruction that the ID registers promise and the machine has not: the end of the run, once its access is allowed. */
  notModelled(name: string): never {
    const { core } = this
    checkVectorAccess(core)
    throw new MachineStop(
      'model-error',
      0,
      `at 0x${core.pc.toString(16)}: ${name} is not modelled (word 0x${(core.word >>> 0).toString(16).padStart(8, '0')})`,
    )
  }

  tagAccessEnabled(): bigint {
    const { core } = this
    const level = core.el === 0 ? 0 : 1
    if (core.sync.pending) core.sync.useTagAccess(core.controls().regime !== 'EL1&0', level === 1)
    return core.controls().tagAccess[level] ? 1n : 0n
  }
  tagOf(address: bigint): bigint {
    this.value64[0] = address
    return integer.small((this.value32[1]! >>> 24) & 15)
  }
  withTag(address: bigint, tag: bigint): bigint {
    this.value64[0] = address
    this.value32[1] = (this.value32[1]! & 0xf0ff_ffff) | (Number(tag & 15n) << 24)
    return this.value64[0]
  }
  nextTag(start: bigint, offset: number, exclude: bigint): bigint {
    return integer.small(integer.chooseNonExcludedTag(Number(start & 15n), offset, Number(exclude & 0xffffn)))
  }
  gcrExclude(): bigint {
    if (this.core.sync.pending) this.core.sync.useGcr()
    // Without FEAT_MTE2 there is no GCR_EL1: nothing is excluded, and tag access is off anyway.
    return this.core.features.has('FEAT_MTE2') ? this.state[GCR_EFFECTIVE]! & 0xffffn : 0n
  }
  /** RRND = 1 is IMPLEMENTATION DEFINED: the same sequence as RRND = 0, from seed 1 where the seed is 0. */
  randomTag(exclude: bigint): bigint {
    const { core } = this
    if (core.sync.pending) core.sync.useRgsr()
    core.watcher?.drawing()
    const rgsr = this.state[RGSR_EFFECTIVE]!
    let seed = Number((rgsr >> 8n) & 0xffffn)
    if (seed === 0 && this.state[GCR_EFFECTIVE]! & 0x1_0000n) seed = 1
    const drawn = integer.drawTagOffset(seed)
    const tag = integer.chooseNonExcludedTag(Number(rgsr & 15n), drawn.offset, Number(exclude & 0xffffn))
    core.sync.writeDrawn((BigInt(drawn.seed) << 8n) | BigInt(tag))
    core.recorder.touch('RGSR_EL1', 'irg')
    core.recorder.draw(core, tag)
    return integer.small(tag)
  }
  loadTag(address: bigint): bigint {
    return this.memory.loadTag(address)
  }
  storeTags(address: bigint, granules: number, tag: bigint, zero: boolean): void {
    this.memory.storeTags(address, granules, tag, zero)
  }
  loadTagBlock(address: bigint): bigint {
    return this.memory.loadTagBlock(address)
  }
  storeTagBlock(address: bigint, value: bigint): void {
    this.memory.storeTagBlock(address, value)
  }
  zeroTagBlock(address: bigint, value: bigint): void {
    this.memory.zeroTagBlock(address, value)
  }

  readSysreg(encoding: SysregEncoding): bigint {
    return this.sysregs.read(encoding)
  }
  writeSysreg(encoding: SysregEncoding, value: bigint): void {
    this.sysregs.write(encoding, value)
  }
  systemInstruction(op1: number, crn: number, crm: number, op2: number, t: number): void {
    this.system.execute(op1, crn, crm, op2, this.x(t))
  }
  /** MSR (immediate). Fields other than DAIF and the user-accessible ones need EL1; DAIF at EL0 needs SCTLR_EL1.UMA. */
  writePstate(op1: number, op2: number, immediate: number): void {
    const { core } = this
    const key = (op1 << 3) | op2
    if (core.el === 0 && op1 === 0) throw undefinedInstruction()
    switch (key) {
      case 0b000_011:
        core.setPs(PS.UAO, (immediate & 1) !== 0)
        return
      case 0b000_100:
        core.setPs(PS.PAN, (immediate & 1) !== 0)
        return
      case 0b000_101:
        core.setLevel(core.el, immediate & 1)
        return
      case 0b011_001:
        core.setPs(PS.SSBS, (immediate & 1) !== 0)
        return
      case 0b011_010:
        core.setPs(PS.DIT, (immediate & 1) !== 0)
        return
      case 0b011_100:
        core.setPs(PS.TCO, (immediate & 1) !== 0)
        return
      case 0b011_110:
      case 0b011_111:
        if (core.el === 0 && (core.sctlr() & (1n << 9n)) === 0n) {
          throw this.sysregs.accessTrap([0, op1, 4, immediate, op2], false, 1)
        }
        core.setPs(immediate << 6, key === 0b011_110)
        return
      default:
        throw undefinedInstruction()
    }
  }
  /**
   * ISB synchronises context; DSB completes pending tag faults unless it orders stores only (option xx10);
   * DMB and DSB order memory, which the host's own barrier does.
   */
  barrier(kind: 'isb' | 'dsb' | 'dmb' | 'sb', option: number): void {
    const { core } = this
    if (kind === 'isb') {
      core.sync.contextEvent()
      core.refetch = true
      return
    }
    if (kind === 'sb') return
    if (kind === 'dmb') {
      this.memory.fence()
      return
    }
    this.memory.complete()
    if ((option & 3) !== 2) core.sync.completeFaults(2)
  }
  hint(number: number): void {
    switch (number) {
      case 2:
        this.waitFor('wfe', null, 0)
        return
      case 3:
        this.waitFor('wfi', null, 0)
        return
      case 4:
        this.ports.sendEvent()
        return
      case 5:
        this.state[EVENT] = 1n
        return
      case 16:
        if (this.core.features.has('FEAT_RAS')) this.core.asynchronous.errorBarrier()
        return
      default:
    }
  }
  waitUntil(kind: WaitKind, until: bigint, register: number): void {
    this.waitFor(kind, until, register)
  }
  /** One that would not wait is not trapped either. */
  private waitFor(kind: WaitKind, until: bigint | null, register: number): void {
    if (this.ports.waitEnds(kind)) return
    if (until !== null && this.ports.virtualCount() >= until) return
    this.trapWait(kind, until === null ? null : register)
    this.ports.wait(kind, until)
  }
  /** EC 0x01: SCTLR_ELx.nTWI and nTWE for EL0, HCR_EL2.TWI and TWE below EL2. Timed forms name their register. */
  private trapWait(kind: WaitKind, register: number | null): void {
    const { core } = this
    const event = kind === 'wfe'
    const timed = register === null ? 0 : 2 | (1 << 2) | (register << 5)
    const iss = (1 << 24) | (0xe << 20) | timed | (event ? 1 : 0)
    if (core.el === 0 && (core.sctlr() & (1n << (event ? 18n : 16n))) === 0n) throw new GuestFault(0x01, iss)
    const inHost = core.e2h() && core.tge()
    const hypervisor = event ? HCR.TWE : HCR.TWI
    if (core.el < 2 && !inHost && core.hcr() & hypervisor) throw new GuestFault(0x01, iss, { target: 2 })
  }
  svc(immediate: number): void {
    this.call(new GuestFault(EC.SVC, immediate, { returnTo: 'next' }))
  }
  hvc(immediate: number): void {
    const { core } = this
    if (core.el === 0) throw undefinedInstruction()
    // Without EL2 there is no hypervisor to call: HVC is the firmware's conduit, as with QEMU's virtualization=off.
    if (!core.features.has('FEAT_EL2')) {
      this.ports.firmwareCall()
      return
    }
    if (core.hcr() & HCR.HCD) throw undefinedInstruction()
    this.call(new GuestFault(EC.HVC, immediate, { target: 2, returnTo: 'next' }))
  }
  private call(fault: GuestFault): void {
    this.called = fault
    this.branched = true
  }
  smc(immediate: number): void {
    const { core } = this
    if (core.el === 0 || !core.features.has('FEAT_EL2')) throw undefinedInstruction()
    if (core.el === 1 && core.hcr() & HCR.TSC) throw new GuestFault(EC.SMC, immediate, { target: 2 })
    this.ports.firmwareCall()
  }
  breakpoint(immediate: number): void {
    throw new GuestFault(EC.BRK, immediate)
  }
  halt(immediate: number): void {
    if (immediate !== 0xf000) throw undefinedInstruction()
    this.ports.semihosting()
  }
  exceptionReturn(key?: PauthKey): void {
    const { core } = this
    if (core.el === 0) throw undefinedInstruction()
    if (key === undefined) core.exceptionReturn()
    else core.exceptionReturn(this.pointers.authenticate(core.elr(), this.xsp(31), key))
    this.branched = true
    this.target = core.pc
  }
  undefined(): void {
    throw undefinedInstruction()
  }
  undefinedAtEl0(): void {
    if (this.core.el === 0) throw undefinedInstruction()
  }
}

/** ConditionHolds (DDI 0487). */
export function holds(core: Core, cc: number): boolean {
  let result: boolean
  switch (cc >> 1) {
    case 0:
      result = core.z === 1
      break
    case 1:
      result = core.c === 1
      break
    case 2:
      result = core.n === 1
      break
    case 3:
      result = core.v === 1
      break
    case 4:
      result = core.c === 1 && core.z === 0
      break
    case 5:
      result = core.n === core.v
      break
    case 6:
      result = core.n === core.v && core.z === 0
      break
    default:
      return true
  }
  return cc & 1 ? !result : result
}
