import { spanOf } from '../../shared/arch/layout.ts'
import { closingsOf } from '../../shared/arch/synchronisation.ts'
import type { Sysreg } from '../../shared/arch/sysreg.ts'
import { type SysregName, sysregGroups, sysregs } from '../../shared/arch/sysregs.ts'

/** One register as a page of the glossary: all of it from its row. */
export interface GlossaryEntry {
  name: string
  group: string
  doc: string
  /** `S3_0_C1_C0_6`. */
  encoding: string
  fields: { name: string; bits: string; needs: string | null; meanings: string[] }[]
  /** What the model does with it, in sentences. */
  modelled: string[]
  /** What it does not do, in sentences. */
  notModelled: string[]
}

const encodingOf = ([op0, op1, crn, crm, op2]: Sysreg['enc']): string =>
  `S${op0}_${op1}_C${crn}_C${crm}_${op2}`

const closingWords: Readonly<Record<string, string>> = {
  'program-order': 'program order alone',
  context: 'a context synchronisation event (ISB, exception entry or return)',
  'context-tlb': 'a context synchronisation event, and TLB maintenance for what a TLB may hold',
  'tag-fault': 'for asynchronous faults a DSB, or an entry with ITFSB set',
}

function modelledOf(row: Sysreg): string[] {
  const said: string[] = []
  if (row.alias)
    said.push(`Another name of ${row.alias}${row.onlyE2h ? ', there while HCR_EL2.E2H is 1' : ''}.`)
  if (row.e2h) said.push(`At EL2 with HCR_EL2.E2H = 1 this name reaches ${row.e2h}.`)
  if (row.feature) said.push(`Exists with ${row.feature}; its encoding is UNDEFINED without.`)
  const access = [
    row.read === 'none' ? 'never read' : `read from ${row.read} on`,
    row.write === 'none' ? 'never written' : `written from ${row.write} on`,
  ]
  said.push(`${access.join(', ')}.`.replace(/^./, (letter) => letter.toUpperCase()))
  for (const { bit, when } of row.traps ?? [])
    if (bit !== 'always') said.push(`Trapped while ${bit} is ${when}.`)
  if (row.sync)
    said.push(
      `A direct write reaches those who use it by ${closingsOf[row.sync].map((one) => closingWords[one] ?? one).join(', or ')}; until then the late modes may show them the old value.`,
    )
  if (row.switched)
    said.push(
      {
        'every-exit': 'Our hypervisors switch it at every entry and exit.',
        'el1-state':
          'Our hypervisors switch it with the EL1 state: every run under nVHE, load and put under VHE.',
        vm: 'Our hypervisors set it for each VM.',
      }[row.switched],
    )
  if (row.computed) said.push('Its value is made by the machine when it is read.')
  if (row.reset === 'unknown')
    said.push('UNKNOWN at reset: a seeded value that is easy to recognise, so that nobody relies on it.')
  return said
}

function notModelledOf(row: Sysreg): string[] {
  const said: string[] = []
  if (row.raz) said.push('Nothing is behind it: it reads as zero and ignores writes.')
  if (!row.sync && !row.alias && !row.computed && !row.raz && row.write !== 'none')
    said.push('A write of it is never late in this model: it takes effect at once, in every mode.')
  return said
}

/** The whole glossary, by group, in table order. */
export const glossary: readonly GlossaryEntry[] = Object.entries(sysregGroups).flatMap(([group, names]) =>
  names.map((name: SysregName): GlossaryEntry => {
    const row = sysregs[name]
    return {
      name,
      group,
      doc: row.doc,
      encoding: encodingOf(row.enc),
      fields: Object.entries(row.fields)
        .map(([field, position]) => {
          const [high, low] = spanOf(position)
          return {
            name: field,
            bits: high === low ? String(high) : `${high}:${low}`,
            needs: row.fieldFeatures?.[field] ?? null,
            meanings: Object.entries(row.meanings?.[field] ?? {}).map(
              ([value, words]) => `${value}: ${words}`,
            ),
            high,
          }
        })
        .sort((a, b) => b.high - a.high)
        .map(({ high: _, ...field }) => field),
      modelled: modelledOf(row),
      notModelled: notModelledOf(row),
    }
  }),
)

/** Entries whose name, purpose or fields have every word that is looked for. */
export function searchGlossary(words: string): readonly GlossaryEntry[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return glossary
  return glossary.filter((entry) => {
    const text =
      `${entry.name} ${entry.doc} ${entry.encoding} ${entry.fields.map(({ name }) => name).join(' ')}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
