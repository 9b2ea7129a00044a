import type { RegisterMoment, SwitchDetail } from '../../shared/model/views.ts'
import { fieldsOf } from './fields.ts'

/** The four moments of a switch, in order. */
export const moments = [
  { key: 'hostBefore', title: 'host before' },
  { key: 'guestEntry', title: 'guest entry' },
  { key: 'guestExit', title: 'guest exit' },
  { key: 'hostAfter', title: 'host after' },
] as const

export interface MomentCell {
  moment: RegisterMoment | null
  /** Differs from the moment before. */
  changed: boolean
  /** The written value is not yet what instructions use. */
  pending: boolean
}

export interface FieldRow {
  name: string
  cells: { text: string; title: string | undefined; changed: boolean; mask: number | null }[]
}

export interface RegisterBlock {
  register: string
  /** A value needs more than 32 bits: four of them do not fit side by side. */
  wide: boolean
  cells: MomentCell[]
  fields: FieldRow[]
  /** One sentence when something is pending, else null. */
  note: string | null
}

/** A switch's registers side by side: what changed from moment to moment, and what is pending. */
export function registerBlocks(detail: SwitchDetail): RegisterBlock[] {
  return inOrder(detail.registers).map((entry) => {
    const values = moments.map(({ key }) => entry[key])
    const cells = values.map((moment, i): MomentCell => {
      const before = i > 0 ? values[i - 1] : null
      return {
        moment,
        changed: moment !== null && before != null && moment.architectural !== before.architectural,
        pending: moment !== null && moment.architectural !== moment.effective,
      }
    })
    const pendingAt = cells.flatMap((cell, i) => (cell.pending ? [moments[i]?.title ?? ''] : []))
    return {
      register: entry.register,
      wide: values.some((moment) => moment !== null && moment.architectural >> 32n !== 0n),
      cells,
      fields: fieldRows(entry.register, values),
      note:
        pendingAt.length > 0
          ? `pending at ${pendingAt.join(' and ')}: not yet guaranteed to be in use`
          : null,
    }
  })
}

/** What this laboratory is about comes first; the rest keeps its order. */
const first = ['RGSR_EL1', 'GCR_EL1', 'TFSR_EL1', 'TFSRE0_EL1']

function inOrder(registers: SwitchDetail['registers']): SwitchDetail['registers'] {
  const known = first.flatMap((name) => registers.filter((entry) => entry.register === name))
  return [...known, ...registers.filter((entry) => !first.includes(entry.register))]
}

const MANY = 8

function fieldRows(register: string, values: readonly (RegisterMoment | null)[]): FieldRow[] {
  const decoded = values.map((moment) => (moment ? fieldsOf(register, moment.architectural) : null))
  const names = decoded.find((fields) => fields !== null)?.map((field) => field.name) ?? []
  const rows = names.map((name, n) => ({
    name,
    cells: decoded.map((fields, i) => {
      const [field, before] = [fields?.[n], i > 0 ? decoded[i - 1]?.[n] : undefined]
      return {
        text: field?.text ?? '–',
        title: field?.title,
        changed: field !== undefined && before !== undefined && field.value !== before.value,
        mask: field?.mask ?? null,
      }
    }),
  }))
  // A register of many fields (SCTLR_EL1) would bury what changed.
  return rows.length > MANY ? rows.filter((row) => row.cells.some((cell) => cell.changed)) : rows
}
