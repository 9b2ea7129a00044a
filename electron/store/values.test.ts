import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fromStored, toStored } from './values.ts'

it('a 64-bit value comes back from SQLite as it was', () => {
  const db = new Database(':memory:')
  const echo = db.prepare<[bigint], { value: bigint }>('SELECT ? AS value').safeIntegers()
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      expect(fromStored(echo.get(toStored(value))!.value)).toBe(value)
    }),
    { examples: [[0n], [2n ** 63n - 1n], [2n ** 63n], [2n ** 64n - 1n]] },
  )
  db.close()
})
