/** `0x` and at least `digits` lower-case hex digits. */
export function hex(value: bigint | number, digits = 1): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16).padStart(digits, '0')}`
}

/** Hex digits in groups of four, separated by a thin space, as the workspace prints addresses: `0000 ffff 8200 1040`. */
export function groupedHex(value: bigint, digits = 16): string {
  const text = BigInt.asUintN(64, value).toString(16).padStart(digits, '0')
  return text.replace(/(?!^)(?=(?:[0-9a-f]{4})+$)/g, '\u2009')
}
