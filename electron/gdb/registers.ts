import type { Pe } from '../machine/board/pe.ts'
import {
  readGeneral,
  readPc,
  readPstate,
  readVector,
  writeGeneral,
  writePc,
  writePstate,
  writeVector,
} from '../machine/debug/registers.ts'
import { hexToValue, valueToHex } from './packet.ts'
import type { TargetRegister } from './target-description.ts'

/** A register's value as gdb wants it; `x` for each digit where the PE has none to show. */
export function registerHex(pe: Pe, register: TargetRegister): string {
  const value = read(pe, register)
  return value === null ? 'x'.repeat(register.bytes * 2) : valueToHex(value, register.bytes)
}

function read(pe: Pe, register: TargetRegister): bigint | null {
  switch (register.kind) {
    case 'general':
      return readGeneral(pe, register.name)
    case 'pc':
      return readPc(pe)
    case 'pstate':
      return readPstate(pe)
    case 'vector':
      return readVector(pe, register.n)
    case 'system':
      return pe.sysregs.inspect(register.row)
  }
}

/** @returns false where the text is no value, or the register cannot be given one */
export function setRegister(pe: Pe, register: TargetRegister, hex: string): boolean {
  const value = hexToValue(hex, register.bytes)
  if (value === null) return false
  switch (register.kind) {
    case 'general':
      writeGeneral(pe, register.name, value)
      return true
    case 'pc':
      writePc(pe, value)
      return true
    case 'pstate':
      return writePstate(pe, value)
    case 'vector':
      writeVector(pe, register.n, value)
      return true
    case 'system':
      return pe.sysregs.alter(register.row, value)
  }
}
