/** The output of --json: one object on one line. 64-bit values are written as 0x strings, since JSON numbers cannot hold them. */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? `0x${item.toString(16)}` : item,
  )
  return `${text}\n`
}
