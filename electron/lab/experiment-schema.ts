import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { experimentSchema } from '../../shared/model/experiment.ts'

/** resources/schema/experiment.schema.json: what editors check and complete experiment files with. */
export function schemaText(): string {
  const schema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...experimentSchema }
  return `${JSON.stringify(schema, null, 2)}\n`
}

export const schemaFile = (resources: string): string => join(resources, 'schema/experiment.schema.json')

if (import.meta.main) writeFileSync(schemaFile(join(import.meta.dirname, '../../resources')), schemaText())
