/**
 * The output of --json: one object on one line. 64-bit values are written as 0x strings, since JSON numbers cannot hold them;
 * typed arrays as lists.
 */
export function jsonLine(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return `0x${item.toString(16)}`
    return item instanceof Float64Array ? [...item] : item
  })
  return `${text}\n`
}
