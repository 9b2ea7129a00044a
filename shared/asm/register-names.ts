/** Names of the general registers. */
export interface Register {
  sf: 0 | 1
  n: number
  /** Whether register 31 was called SP (else ZR). */
  sp: boolean
}

const named: Readonly<Record<string, Register>> = {
  sp: { sf: 1, n: 31, sp: true },
  wsp: { sf: 0, n: 31, sp: true },
  xzr: { sf: 1, n: 31, sp: false },
  wzr: { sf: 0, n: 31, sp: false },
  lr: { sf: 1, n: 30, sp: false },
  fp: { sf: 1, n: 29, sp: false },
  ip1: { sf: 1, n: 17, sp: false },
  ip0: { sf: 1, n: 16, sp: false },
}

/** The general register that a text names, or null. */
export function readRegister(text: string): Register | null {
  const name = text.toLowerCase()
  const match = /^([xw])(\d|[12]\d|30)$/.exec(name)
  if (match) return { sf: match[1] === 'x' ? 1 : 0, n: Number(match[2]), sp: false }
  return Object.hasOwn(named, name) ? named[name]! : null
}

export function registerName(sf: number, n: number, sp: boolean): string {
  if (n < 31) return `${sf ? 'x' : 'w'}${n}`
  if (sp) return sf ? 'sp' : 'wsp'
  return `${sf ? 'x' : 'w'}zr`
}
