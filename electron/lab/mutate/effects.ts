/** What an instruction of the switch reads and writes, by name: registers, system registers, and one name a context's slot. */
export interface Effects {
  reads: string[]
  writes: string[]
}

/** Of the instructions that sites consist of; null for one that cannot be moved or repeated without a second thought. */
export function effectsOf(text: string): Effects | null {
  const mrs = /^mrs (\w+), (\w+)$/.exec(text)
  if (mrs) return { reads: [mrs[2]!], writes: [general(mrs[1]!)] }
  const msr = /^msr (\w+), (\w+)$/.exec(text)
  if (msr) return { reads: [general(msr[2]!)], writes: [msr[1]!] }
  const memory = /^(str|ldr) (\w+), \[(\w+)(?:, #(\d+))?\]$/.exec(text)
  if (memory === null) return null
  const [, what, register = '', base = '', offset = '0'] = memory
  const slot = `[${base}+${offset}]`
  return what === 'str'
    ? { reads: [general(register), general(base)], writes: [slot] }
    : { reads: [general(base), slot], writes: [general(register)] }
}

const general = (name: string): string => name.replace(/^w/, 'x')

/** Whether two instructions in a row do the same in either order. Slots of different contexts may be one: both bases count. */
export function commute(a: Effects, b: Effects): boolean {
  const touch = (writes: readonly string[], names: readonly string[]): boolean =>
    writes.some((write) => names.some((name) => mayBeSame(write, name)))
  return !touch(a.writes, [...b.reads, ...b.writes]) && !touch(b.writes, a.reads)
}

const SLOT = /^\[(\w+)\+(\d+)\]$/
function mayBeSame(a: string, b: string): boolean {
  const [slotA, slotB] = [SLOT.exec(a), SLOT.exec(b)]
  if (slotA && slotB) return slotA[1] === slotB[1] ? slotA[2] === slotB[2] : true
  return a === b
}

/** Executed twice it leaves what it leaves executed once: nothing that it reads does it write. */
export const isRepeatable = ({ reads, writes }: Effects): boolean =>
  !writes.some((write) => reads.some((read) => mayBeSame(write, read)))
