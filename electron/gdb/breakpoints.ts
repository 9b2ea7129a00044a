import type { BreakCondition } from '../../shared/model/debug.ts'

/** Breakpoints and watchpoints that gdb has set: `Z` packets, by type, address and length. */
export class Breakpoints {
  private readonly set = new Map<string, { condition: BreakCondition; type: number }>()

  /** A `Z` or `z` packet's text behind its letter, such as `0,40080000,4`. @returns false where it is not understood */
  change(insert: boolean, text: string): boolean {
    const [, type, address, length] = /^([0-4]),([0-9a-f]{1,16}),([0-9a-f]{1,8})(?:;.*)?$/i.exec(text) ?? []
    if (type === undefined || address === undefined || length === undefined) return false
    const key = `${type},${address},${length}`
    const condition = conditionOf(Number(type), BigInt(`0x${address}`), Number.parseInt(length, 16))
    if (insert) this.set.set(key, { condition, type: Number(type) })
    else this.set.delete(key)
    return true
  }

  clear(): void {
    this.set.clear()
  }

  conditions(): BreakCondition[] {
    return [...this.set.values()].map(({ condition }) => condition)
  }

  /** What a stop reply says of the condition that held, by its index in `conditions`. */
  reason(index: number, address: bigint | undefined): string {
    const { type, condition } = [...this.set.values()][index]!
    if (condition.kind !== 'memory') return type === 0 ? 'swbreak:;' : 'hwbreak:;'
    const word = { write: 'watch', read: 'rwatch', access: 'awatch' }[condition.access]
    return `${word}:${reported(condition.address, address).toString(16)};`
  }
}

/** gdb finds its watchpoint by an address inside it: where the access began before, that is where the watchpoint begins. */
function reported(watched: bigint, accessed: bigint | undefined): bigint {
  const at = accessed === undefined ? watched : BigInt.asUintN(56, accessed)
  return at < BigInt.asUintN(56, watched) ? watched : (watched & ~((1n << 56n) - 1n)) | at
}

function conditionOf(type: number, address: bigint, bytes: number): BreakCondition {
  if (type < 2) return { kind: 'address', address }
  const access = (['write', 'read', 'access'] as const)[type - 2]!
  return { kind: 'memory', access, address, bytes: Math.max(bytes, 1) }
}
