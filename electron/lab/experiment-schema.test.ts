import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { schemaFile, schemaText } from './experiment-schema.ts'

it('the schema that editors read is the one that experiments are checked with (npm run schema writes it)', () => {
  const file = schemaFile(join(import.meta.dirname, '../../resources'))
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(schemaText()))
})
