import type { Pe } from '../board/pe.ts'
import { PC, PSTATE, V0 } from '../cpu/layout.ts'

/** x0 to x30 and sp: what an instruction names directly. */
export const generalRegister = (name: string): boolean => name === 'sp' || /^x([12]?\d|30)$/.test(name)

/** A general register, or sp of the current EL. */
export function readGeneral(pe: Pe, name: string): bigint {
  return pe.core.state[generalSlot(pe, name)]!
}

export function writeGeneral(pe: Pe, name: string, value: bigint): void {
  pe.core.state[generalSlot(pe, name)] = BigInt.asUintN(64, value)
}

/** Word of a general register in the PE's state; that of sp changes with the EL and SPSel. */
export const generalSlot = (pe: Pe, name: string): number =>
  name === 'sp' ? pe.core.sp : Number(name.slice(1))

export const readPc = (pe: Pe): bigint => pe.core.pc

export function writePc(pe: Pe, value: bigint): void {
  pe.core.store()
  pe.core.state[PC] = BigInt.asUintN(64, value)
  pe.core.load()
}

/** PSTATE in SPSR_ELx format. */
export const readPstate = (pe: Pe): bigint => pe.core.packPstate()

/** Takes PSTATE over where its mode is one that the PE can be in. */
export function writePstate(pe: Pe, value: bigint): boolean {
  const mode = Number(value & 0x1fn)
  if (mode & 0x12 || mode >> 2 > 2 || mode === 1) return false
  pe.core.store()
  pe.core.state[PSTATE] = BigInt.asUintN(32, value)
  pe.core.load()
  return true
}

/** V0 to V31, 128 bits. */
export function readVector(pe: Pe, n: number): bigint {
  const { state } = pe.core
  return state[V0 + n * 2]! | (state[V0 + n * 2 + 1]! << 64n)
}

export function writeVector(pe: Pe, n: number, value: bigint): void {
  const { state } = pe.core
  state[V0 + n * 2] = BigInt.asUintN(64, value)
  state[V0 + n * 2 + 1] = BigInt.asUintN(64, value >> 64n)
}
