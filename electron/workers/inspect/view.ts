import { isSysregName, sysregGroups } from '../../../shared/arch/sysregs.ts'
import { disassemble } from '../../../shared/asm/disassemble.ts'
import type {
  CodeLine,
  MachineMemory,
  MachineState,
  MachineWalk,
  PeGlance,
  RegisterValue,
} from '../../../shared/model/machine-view.ts'
import { HOST, HOST_TASK, type Owner } from '../../../shared/model/trace.ts'
import { RAM_BASE } from '../../machine/board/map.ts'
import type { Pe } from '../../machine/board/pe.ts'
import { fetchWord, ramOffset } from '../../machine/debug/memory.ts'
import { readGeneral, readPc, readPstate } from '../../machine/debug/registers.ts'
import { page } from '../../machine/mmu/walk.ts'
import type { Inspector } from './inspector.ts'
import type { Symbols } from './symbols.ts'

/** Instructions shown before and behind the one that is next. */
const AROUND = { before: 12, behind: 36 }
/** No allocation tag: nothing is mapped there. */
export const NO_TAG = 255

const generalNames = [...Array.from({ length: 31 }, (_, n) => `x${n}`), 'sp']

/** The machine as it is, as one PE sees it. */
export function stateOf(
  inspector: Inspector,
  symbols: Symbols,
  index: number,
  reached: boolean,
): MachineState {
  const { timeline } = inspector
  const pe = inspector.peOf(index)
  const pending = pe.pending()
  const effective = new Map(pending.registers.map((one) => [one.register, one.effective]))
  const end = timeline.board.end()
  return {
    at: timeline.position(index),
    cycle: inspector.cycles(index),
    end: end === null ? (timeline.board.idle ? 'every PE waits for input' : null) : endWords(end),
    reached,
    oldest: timeline.oldest(index).position.moment,
    pes: timeline.board.pes.map((one) => glance(one, timeline.board.next)),
    world: worldOf(pe),
    general: [
      ...generalNames.map((name) => ({ name, value: readGeneral(pe, name) })),
      { name: 'pc', value: readPc(pe) },
      { name: 'pstate', value: readPstate(pe) },
    ],
    system: Object.entries(sysregGroups).flatMap(([group, names]) => {
      if (group === 'VHE names') return []
      const registers = names.flatMap((name): RegisterValue[] => {
        const value = pe.sysregs.inspect(name)
        if (value === null) return []
        const late = effective.get(name)
        return [late === undefined ? { name, value } : { name, value, effective: late }]
      })
      return registers.length > 0 ? [{ group, registers }] : []
    }),
    pending,
    code: codeOf(pe, symbols, readPc(pe) - BigInt(AROUND.before * 4), AROUND.before + AROUND.behind),
  }
}

function glance(pe: Pe, next: Pe | null): PeGlance {
  const { power, el, instructions, pc } = pe.status()
  return { pe: pe.index, instructions, pc, el, next: pe === next, power: power === 'on' ? 'running' : power }
}

function worldOf(pe: Pe): string {
  const { el, owner } = pe.status()
  return `${ownerWords(owner)} at EL${el}`
}

function ownerWords(owner: Owner): string {
  if (owner === HOST) return 'the host'
  if (owner === HOST_TASK) return 'the host’s task'
  return owner >= 0 ? `vCPU ${owner}` : 'nobody known'
}

function endWords(end: NonNullable<ReturnType<Inspector['timeline']['board']['end']>>): string {
  switch (end.kind) {
    case 'exit':
      return `the machine ended by ${end.by} with code ${end.code}`
    case 'limit':
      return `the limit of ${end.which} is reached`
    default:
      return 'message' in end ? `${end.kind}: ${end.message}` : end.kind
  }
}

/** Instructions from an address on, as they are in memory now. */
export function codeOf(pe: Pe, symbols: Symbols, from: bigint, count: number): CodeLine[] {
  return Array.from({ length: count }, (_, i) => {
    const address = BigInt.asUintN(64, (from & ~3n) + BigInt(i * 4))
    const word = fetchWord(pe, address)
    return {
      address,
      word,
      text: word === null ? '' : disassemble(word, address, symbols.place),
      place: symbols.place(address),
    }
  })
}

/** Granules of memory, each with its tag; what is not mapped to RAM is said to be so. */
export function memoryOf(pe: Pe, address: bigint, granules: number): MachineMemory {
  const start = BigInt.asUintN(64, address & ~15n)
  const bytes = new Uint8Array(granules * 16)
  const tags = new Uint8Array(granules).fill(NO_TAG)
  for (let i = 0; i < granules; i++) {
    const offset = ramOffset(pe, BigInt.asUintN(64, start + BigInt(i * 16)))
    if (offset === null) continue
    bytes.set(pe.core.views.ram8.subarray(offset, offset + 16), i * 16)
    tags[i] = pe.core.views.tags[offset / 16]!
  }
  const first = ramOffset(pe, start)
  return { address: start, bytes, tags, physical: first === null ? null : BigInt(RAM_BASE + first) }
}

/** How an address is translated now. */
export function walkOf(pe: Pe, address: bigint): MachineWalk {
  const controls = pe.core.controls()
  const { translation, reads } = pe.mmu.lookThrough(BigInt.asUintN(64, address), controls)
  const { fault, physical, flags } = translation
  return {
    address,
    regime: `${controls.regime}${controls.mmuOn ? '' : ', stage 1 off'}${controls.stage2 === null ? '' : ', with stage 2'}`,
    reads: reads.map(({ at, ...read }) => ({ ...read, at: BigInt(at) })),
    result: fault
      ? {
          fault: `stage ${fault.stage} fault, status 0x${fault.fsc.toString(16)}${fault.onWalk ? ', on a stage 1 table' : ''}`,
        }
      : {
          physical: BigInt(Math.floor(physical / 4096) * 4096) + (address & 0xfffn),
          tagged: (flags & page.TAGGED) !== 0,
          device: (flags & page.DEVICE) !== 0,
          readable: permissions(flags),
          fault: null,
        },
  }
}

function permissions(flags: number): string {
  const letters = (read: number, write: number, execute: number): string =>
    `${flags & read ? 'r' : '-'}${flags & write ? 'w' : '-'}${flags & execute ? 'x' : '-'}`
  const privileged = letters(page.PRIVILEGED_READ, page.PRIVILEGED_WRITE, page.PRIVILEGED_EXECUTE)
  return `privileged ${privileged}, EL0 ${letters(page.EL0_READ, page.EL0_WRITE, page.EL0_EXECUTE)}`
}

/** Whether a name is one that a run can be followed to: x0 to x30, sp, or a system register. */
export const isRegister = (name: string): boolean => generalNames.includes(name) || isSysregName(name)
