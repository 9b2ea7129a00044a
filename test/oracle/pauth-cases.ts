import { assemble } from '../../shared/asm/assemble.ts'
import { type Draw, numbers } from './draw.ts'

/**
 * Pointer authentication for `npm run oracle -- --pauth --seed N`: short programs at every EL that sign, authenticate and
 * strip, with the right and the wrong key and modifier, under each combination of TBI, TBID and TxSZ, and what traps them.
 */

const CODE = 0x2_0000_0000n
const GUARDED = 0x2_0000n
/** DATA with the tag of all its granules. */
const DATA = 0x0500_0002_0010_1000n

const hex = (value: bigint): string => `0x${value.toString(16)}`
const random64 = (draw: Draw): bigint =>
  BigInt.asUintN(64, (BigInt(draw(2 ** 32)) << 32n) | BigInt(draw(2 ** 32)))

/** SCTLR_ELx of a case with checks off, and what enables the keys. */
const SCTLR_EL1 = 0xc20_34d5_d81dn
const SCTLR_EL2 = 0x800_30c5_183dn
const ENABLED = (1n << 31n) | (1n << 30n) | (1n << 27n) | (1n << 13n)
/** HCR_EL2 of a case; without API and APK pointer authentication and its keys trap. */
const HCR = 0x100_0300_8000_0038n
const API = 1n << 41n
const APK = 1n << 40n

interface Settings {
  el: number
  tbi: readonly [number, number]
  tbid: readonly [number, number]
  /** T0SZ and T1SZ; the window is mapped for T0SZ 25 to 30. */
  size: readonly [number, number]
  /** Bits of SCTLR_ELx that enable keys. */
  enabled: bigint
  hcr: bigint
  entry: bigint
}

const usual: Settings = {
  el: 1,
  tbi: [1, 1],
  tbid: [0, 0],
  size: [25, 25],
  enabled: ENABLED,
  hcr: HCR,
  entry: 0n,
}

const tcrEl1 = ({ tbi, tbid, size }: Settings): bigint =>
  (0x62_b519_3519n & ~((0x3fn << 16n) | 0x3fn | (3n << 37n))) |
  BigInt(size[0]) |
  (BigInt(size[1]) << 16n) |
  (BigInt(tbi[0]) << 37n) |
  (BigInt(tbi[1]) << 38n) |
  (BigInt(tbid[0]) << 51n) |
  (BigInt(tbid[1]) << 52n)

const tcrEl2 = ({ tbi, tbid, size }: Settings): bigint =>
  (0x8082_3519n & ~0x3fn) | BigInt(size[0]) | (BigInt(tbi[0]) << 20n) | (BigInt(tbid[0]) << 29n)

function settingsText({ el, tbi, tbid, size, enabled, hcr, entry }: Settings): string {
  const parts = [
    `EL${el}`,
    `TBI ${tbi.join('')}`,
    ...(tbid.some(Boolean) ? [`TBID ${tbid.join('')}`] : []),
    ...(size[0] === 25 && size[1] === 25 ? [] : [`TxSZ ${size.join(' ')}`]),
    ...(enabled === ENABLED ? [] : [`enabled ${hex(enabled)}`]),
    ...(hcr === HCR ? [] : [`HCR ${hex(hcr)}`]),
    ...(entry === 0n ? [] : ['guarded']),
  ]
  return parts.join(', ')
}

function words(text: string): string[] {
  const program = assemble({ file: 'case.s', text }, { include: () => null, base: CODE })
  const bytes = program.sections.find(({ address }) => address === CODE)!.bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 4 }, (_, i) =>
    view
      .getUint32(i * 4, true)
      .toString(16)
      .padStart(8, '0'),
  )
}

const keyNames = ['apia', 'apib', 'apda', 'apdb', 'apga']

class Cases {
  readonly lines: string[] = []
  private readonly draw: Draw

  constructor(draw: Draw) {
    this.draw = draw
  }

  /** @param x registers that the program needs; the others are 0. */
  add(name: string, text: string, settings: Settings, x: Readonly<Record<number, bigint>>): void {
    const { draw } = this
    const { el } = settings
    const asm = text.split(';').map((line) => line.trim())
    this.lines.push(
      JSON.stringify({
        id: `${this.lines.length} ${name} (${settingsText(settings)})`,
        features: ['pauth'],
        code: words(asm.join('\n')),
        asm,
        entry: Number(settings.entry),
        el,
        x: Array.from({ length: 31 }, (_, n) => hex(x[n] ?? 0n)),
        sp: hex(DATA + 0x40n),
        sp_other: hex(DATA),
        mem: { lcg: 1 + draw(2 ** 31) },
        tags: '5'.repeat(512),
        keys: Object.fromEntries(keyNames.map((key) => [key, hex((random64(draw) << 64n) | random64(draw))])),
        hcr_el2: hex(settings.hcr),
        ...(el === 2
          ? { sctlr_el2: hex(SCTLR_EL2 | settings.enabled), tcr_el2: hex(tcrEl2(settings)) }
          : { sctlr_el1: hex(SCTLR_EL1 | settings.enabled), tcr_el1: hex(tcrEl1(settings)) }),
      }),
    )
  }
}

/** An address of a range with a tag, or with anything, in its top byte; or one that is no address of either range. */
function pointer(draw: Draw, kind: number, { size }: Settings): bigint {
  const upper = draw(2)
  const width = BigInt(64 - size[upper]!)
  const low = random64(draw) & ((1n << width) - 1n)
  const canonical = upper ? BigInt.asUintN(64, low | (-1n << width)) : low
  const top = BigInt(draw(256)) << 56n
  if (kind === 0) return canonical
  if (kind === 1) return (canonical & ~(0xffn << 56n)) | top
  return random64(draw)
}

const letters = ['ia', 'ib', 'da', 'db'] as const

/** Signs, and authenticates as it was signed or otherwise. */
function roundTrips(cases: Cases, draw: Draw, settings: Settings): void {
  const key = letters[draw(4)]!
  const other = letters[draw(4)]!
  const x = (kind: number) => ({ 1: pointer(draw, kind, settings), 2: random64(draw), 3: random64(draw) })
  const kind = draw(3)
  cases.add(`sign ${kind}`, `pac${key} x1, x2`, settings, x(kind))
  cases.add(`sign by zero ${kind}`, `pac${key.replace(/^./, '$&z')} x1`, settings, x(kind))
  cases.add('sign, authenticate', `pac${key} x1, x2; aut${key} x1, x2`, settings, x(draw(2)))
  cases.add(
    'sign by zero, authenticate',
    `pac${key.replace(/^./, '$&z')} x1; aut${key.replace(/^./, '$&z')} x1`,
    settings,
    x(draw(2)),
  )
  cases.add('another modifier', `pac${key} x1, x2; aut${key} x1, x3`, settings, x(draw(2)))
  cases.add('another key', `pac${key} x1, x2; aut${other} x1, x2`, settings, x(draw(2)))
  cases.add(
    'one bit turned over',
    `pac${key} x1, x2; eor x1, x1, #${hex(1n << BigInt(draw(64)))}; aut${key} x1, x2`,
    settings,
    x(draw(2)),
  )
  cases.add('strip', `pac${key} x1, x2; xpac${draw(2) ? 'i' : 'd'} x1`, settings, x(draw(3)))
  cases.add('sign twice', `pac${key} x1, x2; pac${key} x1, x2`, settings, x(draw(2)))
  cases.add('generic', 'pacga x1, x2, x3; pacga x4, x3, sp', settings, x(2))
}

const hints = [
  ['pacia1716', 'autia1716'],
  ['pacib1716', 'autib1716'],
  ['paciaz', 'autiaz'],
  ['pacibz', 'autibz'],
  ['paciasp', 'autiasp'],
  ['pacibsp', 'autibsp'],
] as const

function hintSpace(cases: Cases, draw: Draw, settings: Settings): void {
  for (const [sign, authenticate] of hints) {
    const x = { 16: random64(draw), 17: pointer(draw, 0, settings), 30: pointer(draw, 1, settings) }
    cases.add('hint', sign, settings, x)
    cases.add('hints', `${sign}; ${authenticate}`, settings, x)
    cases.add('hint on what was not signed', authenticate, settings, x)
    cases.add(
      'hints with another modifier',
      `${sign}; mov x16, #1; sub sp, sp, #16; ${authenticate}`,
      settings,
      x,
    )
  }
  cases.add('hint', 'paciaz; xpaclri', settings, { 30: pointer(draw, 1, settings) })
}

/** Branches and loads of signed addresses, and of others. */
function combined(cases: Cases, draw: Draw, settings: Settings): void {
  const target = CODE + settings.entry + 12n
  const x = { 0: target, 1: DATA, 2: random64(draw), 16: target, 17: target, 30: target }
  const pad = 'bti jc'
  for (const letter of ['a', 'b']) {
    for (const branch of ['bra', 'blra']) {
      // The recorder dies of BRAA and BRAB by another register than X16 and X17 (an assertion in its translator).
      const plain = branch === 'bra' ? 'x17' : 'x0'
      cases.add(
        'branch',
        `paci${letter} ${plain}, x2; ${branch}${letter} ${plain}, x2; nop; ${pad}`,
        settings,
        x,
      )
      cases.add('branch', `paci${letter} x16, sp; ${branch}${letter} x16, sp; nop; nop`, settings, x)
      cases.add('branch', `paciz${letter} x0; ${branch}${letter}z x0; nop; nop`, settings, x)
      cases.add(
        'branch, another modifier',
        `paci${letter} x0, x2; ${branch}${letter}z x0; nop; nop`,
        settings,
        x,
      )
    }
    cases.add('branch with link in x30', `pacizb x30; blrabz x30; nop; ${pad}`, settings, x)
    cases.add('return', `paci${letter}sp; reta${letter}; nop; nop`, settings, x)
    cases.add('return, not signed', `reta${letter}; nop; nop; nop`, settings, x)
    cases.add('load', `pacdz${letter} x1; ldra${letter} x3, [x1, #${8 * (draw(64) - 32)}]`, settings, x)
    cases.add('load', `pacdz${letter} x1; ldra${letter} x3, [x1, #${8 * (draw(64) - 32)}]!`, settings, x)
    cases.add('load over its base', `pacdz${letter} x1; ldra${letter} x1, [x1, #16]!`, settings, x)
    cases.add('load, not signed', `ldra${letter} x3, [x1, #8]`, settings, x)
    cases.add(
      'load by SP',
      `mov x3, sp; pacdz${letter} x3; mov sp, x3; ldra${letter} x3, [sp, #16]!; mov x4, sp`,
      settings,
      x,
    )
  }
  if (settings.el > 0) {
    cases.add(
      'exception return',
      `paciasp; msr elr_el${settings.el}, x30; mov x3, #0x3c0; msr spsr_el${settings.el}, x3; eretaa`,
      settings,
      x,
    )
    cases.add('exception return, not signed', `msr elr_el${settings.el}, x30; eretab`, settings, x)
  }
}

/** What HCR_EL2 and SCTLR_ELx make of each kind. */
function controls(cases: Cases, draw: Draw, settings: Settings): void {
  const x = { 0: CODE + 8n, 1: pointer(draw, 0, settings), 2: random64(draw), 30: CODE + 8n }
  const kinds = [
    'pacia x1, x2',
    'autdb x1, x2',
    'pacga x1, x2, x2',
    'xpaci x1',
    'xpaclri',
    'paciasp',
    'autib1716',
    'retaa',
  ]
  for (const kind of kinds) cases.add(kind, kind, settings, x)
  cases.add('ldrab', 'ldrab x3, [x2]', settings, { 2: DATA })
  cases.add('braaz', 'braaz x0; nop; nop', settings, x)
  if (settings.el > 0)
    cases.add('a key', 'msr apibkeyhi_el1, x2; mrs x3, apibkeyhi_el1; mrs x4, apgakeylo_el1', settings, x)
}

/** A case a line, without results. */
export function pauthCases(seed: number): string {
  const draw = numbers(seed)
  const cases = new Cases(draw)
  const bit = (): number => draw(2)
  for (const el of [0, 1, 2]) {
    for (let round = 0; round < 12; round++) {
      // Where bit 55 and bit 63 differ the recorder takes the range by one, AddPAC by the other: both are alike here then.
      const [tbi, tbid, size] = [bit(), draw(3) === 0 ? 1 : 0, 25 + draw(6)]
      roundTrips(cases, draw, {
        ...usual,
        el,
        tbi: [tbi, tbi],
        tbid: [tbid, tbid],
        size: [size, tbi && !tbid ? 16 + draw(24) : size],
      })
    }
    for (const tbi of [0, 1]) {
      const settings: Settings = { ...usual, el, tbi: [tbi, tbi], tbid: [0, 0] }
      hintSpace(cases, draw, settings)
      if (tbi) combined(cases, draw, settings)
    }
    combined(cases, draw, { ...usual, el, entry: GUARDED })
    controls(cases, draw, { ...usual, el, enabled: 0n })
    controls(cases, draw, { ...usual, el, hcr: HCR & ~API })
    controls(cases, draw, { ...usual, el, hcr: HCR & ~APK })
    controls(cases, draw, { ...usual, el, enabled: 0n, hcr: HCR & ~(API | APK) })
    for (const one of [31n, 30n, 27n, 13n]) {
      const settings = { ...usual, el, enabled: 1n << one }
      const x = { 1: pointer(draw, 0, settings), 2: random64(draw) }
      cases.add('every key', 'pacia x1, x2; pacib x1, x2; pacda x1, x2; pacdb x1, x2', settings, x)
    }
  }
  return `${cases.lines.join('\n')}\n`
}
