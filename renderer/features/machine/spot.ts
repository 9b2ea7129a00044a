/** Which machine the Machine view shows, and where: what a link to it says. */
export interface MachineSpot {
  /** The finding (from 1) whose execution is followed; null: the run's own. */
  finding: number | null
  pe: number
  /** Instructions of all PEs, of the PE that is shown, or its model cycles; null lets the view choose. */
  where: { kind: 'moment' | 'position' | 'cycle'; at: number } | null
}

const natural = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null

/** `pe/0/moment/5000`, `pe/1/position/120/finding/2`; what is not understood is left out. */
export function parseSpot(parts: readonly string[]): MachineSpot {
  const after = (word: string): number | null => natural(parts[parts.indexOf(word) + 1])
  const has = (word: string): boolean => parts.includes(word)
  const kind = (['moment', 'position', 'cycle'] as const).find(has)
  const at = kind === undefined ? null : after(kind)
  const finding = has('finding') ? after('finding') : null
  const pe = has('pe') ? after('pe') : null
  return {
    finding: finding !== null && finding > 0 ? finding : null,
    pe: pe !== null && pe < 16 ? pe : 0,
    where: kind === undefined || at === null ? null : { kind, at },
  }
}

export function formatSpot({ finding, pe, where }: MachineSpot): string {
  const place = where === null ? '' : `/${where.kind}/${where.at}`
  return `/pe/${pe}${place}${finding === null ? '' : `/finding/${finding}`}`
}
