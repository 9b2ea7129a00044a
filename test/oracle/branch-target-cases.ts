/**
 * Indirect branches to every kind of instruction, from and to guarded pages, for `npm run oracle -- --branch-targets`: FEAT_BTI.
 */

const CODE = 0x2_0000_0000n
const GUARDED = 0x2_0000n
const UNMAPPED = '0x300000000'
const NOP = 'd503201f'

const branches = {
  'br x0': 'd61f0000',
  'br x16': 'd61f0200',
  'br x17': 'd61f0220',
  'blr x1': 'd63f0020',
  'ret x1': 'd65f0020',
}

const targets = {
  nop: NOP,
  bti: 'd503241f',
  'bti c': 'd503245f',
  'bti j': 'd503249f',
  'bti jc': 'd50324df',
  paciasp: 'd503233f',
  pacibsp: 'd503237f',
  'brk #1': 'd4200020',
  'hlt #1': 'd4400020',
  'ldr x2, [x3]': 'f9400062', // not mapped: BTYPE in SPSR_ELx
  'svc #1': 'd4000021',
}

/** SCTLR_ELx with BT0 and BT1, or BT. */
const controls = (el: number, strict: boolean): object => {
  const bits = strict ? 3n << 35n : 0n
  return el === 2
    ? { sctlr_el2: `0x${(0x900_30c5_183dn | bits).toString(16)}` }
    : { sctlr_el1: `0x${(0xd20_34d5_d81dn | bits).toString(16)}` }
}

/** A case a line, without results. */
export function branchTargetCases(): string {
  const lines: string[] = []
  for (const el of [0, 1, 2]) {
    for (const [branch, branchWord] of Object.entries(branches)) {
      for (const [target, targetWord] of Object.entries(targets)) {
        for (const [from, to] of [
          [GUARDED, GUARDED],
          [GUARDED, 0n],
          [0n, GUARDED],
        ] as const) {
          const strict = lines.length % 2 === 1
          const address = `0x${(CODE + to + 8n).toString(16)}`
          const x = Array.from({ length: 18 }, (_, n) => (n === 3 ? UNMAPPED : address))
          lines.push(
            JSON.stringify({
              id: `EL${el} ${branch} to ${target}${from ? ' from guarded' : ''}${to ? ' to guarded' : ''}`,
              features: ['bti'],
              code: [branchWord, NOP, targetWord, NOP],
              asm: [branch, 'nop', target, 'nop'],
              entry: Number(from),
              el,
              x,
              ...controls(el, strict),
            }),
          )
        }
      }
    }
  }
  return `${lines.join('\n')}\n`
}
