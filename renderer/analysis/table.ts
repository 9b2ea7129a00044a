/** The numbers behind a figure: its table twin and its CSV. */
export interface DataTable {
  columns: { title: string; numeric?: boolean }[]
  length: number
  row(index: number): (string | number)[]
}

const quoted = (cell: string | number): string => {
  const text = String(cell)
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** RFC 4180 with a comment line of provenance first; numbers are written plainly, without grouping. */
export function toCsv(table: DataTable, provenance: string): string {
  const lines = [`# ${provenance}`, table.columns.map((column) => quoted(column.title)).join(',')]
  for (let i = 0; i < table.length; i++) lines.push(table.row(i).map(quoted).join(','))
  return `${lines.join('\r\n')}\r\n`
}
