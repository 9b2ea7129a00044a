import { maskOf } from '../base/bits.ts'
import type { Feature } from './features.ts'
import type { FieldTable, Sysreg } from './sysreg.ts'

const ALL = maskOf(63, 0)

/** The 64 bits of a register in one context: fields, bits that read as zero, bits that read as one. They partition 2^64. */
export interface Layout {
  fields: bigint
  res0: bigint
  res1: bigint
}

/** High and low bit of a field table's entry. */
export function spanOf(position: FieldTable[string]): readonly [high: number, low: number] {
  return typeof position === 'number' ? [position, position] : position
}

/** The fields in force while HCR_EL2.E2H has the given value. */
export function fieldTable(row: Sysreg, e2h: boolean): FieldTable {
  return e2h && row.e2hLayout ? row.e2hLayout.fields : row.fields
}

/** Position of a field, or undefined where the layout in force has none of that name. */
export function fieldAt(
  row: Sysreg,
  field: string,
  e2h = false,
): readonly [high: number, low: number] | undefined {
  const position = fieldTable(row, e2h)[field]
  return position === undefined ? undefined : spanOf(position)
}

/** The layout of a row (not of an alias: resolve it first) on a PE with these features. */
export function rowLayout(row: Sysreg, features: ReadonlySet<Feature>, e2h = false): Layout {
  const table = fieldTable(row, e2h)
  let res1 = (e2h && row.e2hLayout ? row.e2hLayout.res1 : row.res1) ?? 0n
  let fields = row.raz || Object.keys(table).length > 0 ? 0n : ALL
  for (const [name, position] of Object.entries(table)) {
    const mask = maskOf(...spanOf(position))
    const needs = row.fieldFeatures?.[name]
    const oneWithout = row.res1Without?.[name]
    if (oneWithout && !features.has(oneWithout)) res1 |= mask
    else if (!needs || features.has(needs)) fields |= mask
  }
  return { fields, res0: ALL & ~fields & ~res1, res1 }
}

/**
 * What a write stores: `value & stored | ones`. A bit that is RES0 or RES1 in one layout of E2H only keeps what was
 * written (glossary of DDI 0487, RES0 and RES1), so that changing E2H does not change the register.
 */
export function rowStorage(row: Sysreg, features: ReadonlySet<Feature>): { stored: bigint; ones: bigint } {
  const layouts = [rowLayout(row, features, false), rowLayout(row, features, true)] as const
  const ones = layouts[0].res1 & layouts[1].res1
  const zeros = layouts[0].res0 & layouts[1].res0
  return { stored: ALL & ~ones & ~zeros, ones }
}
