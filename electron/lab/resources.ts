import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { parse } from 'jsonc-parser'
import type { KnownNames } from '../../shared/model/experiment-rules.ts'
import type { ExperimentEntry } from '../../shared/model/session.ts'

/** Names of the files of a folder with that extension, sorted; none where the folder is absent. */
function names(folder: string, extension: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => extname(file) === extension)
    .map((file) => basename(file, extension))
    .sort()
}

/** What an experiment may refer to. A guest is a source that defines the label guest_NAME; others are parts of the image. */
export function knownNames(resources: string): KnownNames {
  const guests = join(resources, 'guests')
  return {
    guests: names(guests, '.S').filter((name) =>
      new RegExp(`^guest_${name}:`, 'm').test(readFileSync(join(guests, `${name}.S`), 'utf8')),
    ),
    policies: names(join(resources, 'hyp/policies'), '.inc'),
    profiles: names(join(resources, 'profiles'), '.json'),
  }
}

/** The parser recurses, and gives up on a text that is nested without end. */
function namesIn(text: string): { name?: unknown; title?: unknown } {
  try {
    return (parse(text, [], { allowTrailingComma: true }) ?? {}) as { name?: unknown; title?: unknown }
  } catch {
    return {}
  }
}

/** The experiments of a folder, by file name. A file that is no experiment is listed all the same: a run says what is wrong. */
export function experimentsIn(folder: string): ExperimentEntry[] {
  return names(folder, '.json').map((file) => {
    const path = join(folder, `${file}.json`)
    const text = readFileSync(path, 'utf8')
    const { name, title } = namesIn(text)
    const shown = typeof name === 'string' ? name : file
    return { name: shown, title: typeof title === 'string' ? title : shown, path, text }
  })
}
