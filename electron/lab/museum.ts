import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import Type, { type Static } from 'typebox'
import { Value } from 'typebox/value'
import { ProblemError } from '../../shared/base/result.ts'
import type { MuseumCase, MuseumVariant } from '../../shared/model/museum.ts'

const text = Type.String({ minLength: 1 })
/** `experiment` is a path from the museum's folder; `set` holds the overrides that make the variant. */
const variant = Type.Object({ experiment: text, set: Type.Array(text), what: text })
const index = Type.Array(
  Type.Object({
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]*$' }),
    title: text,
    line: text,
    hazards: Type.Array(Type.String({ pattern: '^H[0-9]+$' })),
    broken: variant,
    fixed: variant,
  }),
)

/**
 * The bundled bug museum: resources/experiments/museum/index.json, and NAME.md with the story of each case.
 * @throws ProblemError that names the file and what is wrong with it
 */
export function museumCases(resources: string): MuseumCase[] {
  const folder = join(resources, 'experiments/museum')
  const path = join(folder, 'index.json')
  if (!existsSync(path)) return []
  const entries = readIndex(path)
  return entries.map(({ name, title, line, hazards, broken, fixed }) => ({
    name,
    title,
    line,
    hazards,
    story: read(join(folder, `${name}.md`)),
    broken: readVariant(folder, broken),
    fixed: readVariant(folder, fixed),
  }))
}

function readIndex(path: string): Static<typeof index> {
  let entries: unknown
  try {
    entries = JSON.parse(read(path))
  } catch (error) {
    if (error instanceof ProblemError) throw error
    throw damaged(path, 'it is not JSON')
  }
  const [problem] = Value.Errors(index, entries)
  if (problem !== undefined) throw damaged(path, `${problem.instancePath || 'the list'} ${problem.message}`)
  return entries as Static<typeof index>
}

const readVariant = (folder: string, { experiment, set, what }: Static<typeof variant>): MuseumVariant => ({
  name: basename(experiment, '.json'),
  text: read(join(folder, experiment)),
  set,
  what,
})

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw damaged(path, 'it cannot be read')
  }
}

const damaged = (path: string, cause: string): ProblemError =>
  new ProblemError(path, cause, 'Install Switchyard again, or mend the file.')
