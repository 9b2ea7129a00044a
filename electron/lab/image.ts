import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, isAbsolute, join, normalize, resolve } from 'node:path'
import { type Assembled, AssemblyError, assemble } from '../../shared/asm/assemble.ts'
import { readElf } from '../../shared/asm/elf-read.ts'
import { writeElf } from '../../shared/asm/elf-write.ts'
import { ProblemError } from '../../shared/base/result.ts'
import type { Experiment } from '../../shared/model/experiment.ts'

/** What a machine is started with. */
export interface RunImage {
  bytes: Uint8Array
  /** The file that it is or was made of, for messages: relative to resources/ or as the experiment names it. */
  file: string
  /** What was assembled; null for an ELF file. */
  assembled: Assembled | null
}

/** A source of one's own is refused beyond this: no image of the lab comes near. */
const SOURCE_MAX = 64 * 2 ** 20
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46]
/** By this name the image includes a policy of one's own. */
export const OWN_POLICY = 'own-policy.inc'

type Read = (path: string) => string | null

/** config.inc, with the name by which it includes the policy; left out, the one that the experiment names. */
export type Config = (policyFile?: string) => string

/**
 * The image of an experiment: the bundled hypervisor of its mode with a bundled policy, or what hypervisor.source names: a
 * policy (.inc), an image (.S, which may include everything of resources/), or an ELF file, whose bytes are taken as they are.
 * @throws ProblemError that names file, line and column of what cannot be read or assembled
 */
export function imageOf(
  { mode, source }: Experiment['hypervisor'],
  config: Config,
  resources: string,
): RunImage {
  const bundled = readIn(resources)
  const image = `hyp/${mode}/image.S`
  if (source === undefined) return runImage(assembled(image, bundled, config()), image)
  const bytes = readSource(source)
  if (ELF_MAGIC.every((byte, i) => bytes[i] === byte)) {
    readElf(bytes, source)
    return { bytes, file: source, assembled: null }
  }
  const text = textOf(bytes, source)
  const beside = readIn(dirname(resolve(source)))
  if (extname(source) === '.inc') {
    const read: Read = (path) => (path === OWN_POLICY ? text : (bundled(path) ?? beside(path)))
    return runImage(assembled(image, read, config(OWN_POLICY), { [OWN_POLICY]: source }), source)
  }
  const read: Read = (path) => (path === source ? text : (beside(path) ?? bundled(path)))
  return runImage(assembled(source, read, config()), source)
}

/**
 * The bundled hypervisor of a mode with a policy given as text, or with a bundled one: assembled, for those who look into it.
 * @param own text of a policy that is no file of resources/, and what it is called in messages
 * @throws ProblemError that names file, line and column of what cannot be assembled
 */
export function assembleMode(
  mode: Experiment['hypervisor']['mode'],
  own: { text: string; name: string } | null,
  config: Config,
  resources: string,
): Assembled {
  const bundled = readIn(resources)
  const image = `hyp/${mode}/image.S`
  if (own === null) return assembled(image, bundled, config())
  const read: Read = (path) => (path === OWN_POLICY ? own.text : bundled(path))
  return assembled(image, read, config(OWN_POLICY), { [OWN_POLICY]: own.name })
}

/**
 * The path of hypervisor.source as a run keeps it: absolute, looked for beside the experiment's file and then in the current
 * folder.
 * @throws ProblemError when there is no such file
 */
export function locateSource(source: string, experimentFile: string): string {
  if (isAbsolute(source)) return source
  const places = [resolve(dirname(experimentFile), source), resolve(source)]
  const found = places.find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new ProblemError(
    `${experimentFile}: hypervisor.source`,
    `there is no file ${[...new Set(places)].join(' or ')}`,
    'Name a policy (.inc), an image (.S) or an ELF file, by its path from the experiment’s folder or the current one.',
  )
}

const readIn =
  (folder: string): Read =>
  (path) => {
    const file = join(folder, normalize(join('/', path)))
    return existsSync(file) && statSync(file).isFile() ? readFileSync(file, 'utf8') : null
  }

/** The text of a policy file of one's own. @throws ProblemError when it cannot be read, or is no assembly */
export const readOwnText = (source: string): string => textOf(readSource(source), source)

function readSource(source: string): Uint8Array {
  const refuse = (cause: string): never => {
    throw new ProblemError(source, cause, 'Name a policy (.inc), an image (.S) or an ELF file.')
  }
  let bytes: Uint8Array
  try {
    const { size } = statSync(source)
    if (size > SOURCE_MAX)
      refuse(`${size} bytes are more than a hypervisor’s source may have (${SOURCE_MAX})`)
    bytes = readFileSync(source)
  } catch (error) {
    if (error instanceof ProblemError) throw error
    return refuse(`the file cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  return bytes
}

function textOf(bytes: Uint8Array, source: string): string {
  const kind = extname(source)
  if (!bytes.includes(0) && (kind === '.inc' || kind === '.S' || kind === '.s'))
    return Buffer.from(bytes).toString('utf8')
  throw new ProblemError(
    source,
    bytes.includes(0) ? 'this is neither assembly nor an ELF file' : 'the name does not say what it is',
    'Call a policy NAME.inc and an image NAME.S; an ELF file is known by its first bytes.',
  )
}

const runImage = (made: Assembled, file: string): RunImage => ({
  bytes: writeElf(made),
  file,
  assembled: made,
})

/** @param names what a file is called in messages, where that is not its name for `.include` */
function assembled(file: string, read: Read, config: string, names: Record<string, string> = {}): Assembled {
  const text = read(file)
  if (text === null) {
    throw new ProblemError(file, 'the hypervisor source is missing', 'Install Switchyard again.')
  }
  try {
    return assemble({ file, text }, { include: (path) => (path === 'config.inc' ? config : read(path)) })
  } catch (error) {
    const first = error instanceof AssemblyError ? error.problems[0] : undefined
    if (first === undefined) throw error
    // How the person's file came in by ours says nothing to them.
    const own = first.place.replace(/, included at config\.inc.*$/, '')
    const place = Object.entries(names).reduce((at, [name, shown]) => at.replace(name, shown), own)
    throw new ProblemError(place, first.cause, first.remedy)
  }
}
