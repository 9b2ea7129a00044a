import type { Assembled } from '../../../shared/asm/link.ts'
import { OWN_POLICY } from '../image.ts'
import { assemblePolicy, type PolicyMode, type PolicySource } from './image.ts'
import { type SwitchPath, switchPath } from './path.ts'
import { type Routine, routinesOf } from './routines.ts'

/** A policy assembled in one mode, and what its switch executes on the reference machine. */
export interface PolicyView {
  name: string
  mode: PolicyMode
  image: Assembled
  routines: Routine[]
  path: SwitchPath
  /** Sources that are the policy's own. */
  files: ReadonlySet<string>
}

export function viewPolicy(resources: string, source: PolicySource, mode: PolicyMode): PolicyView {
  const image = assemblePolicy(resources, source, mode)
  const routines = routinesOf(image)
  return {
    name: source.name,
    mode,
    image,
    routines,
    path: switchPath(resources, image, routines, mode),
    files: policyFiles(source),
  }
}

const policyFiles = ({ name, text }: PolicySource): Set<string> =>
  new Set([text === null ? `hyp/policies/${name}.inc` : OWN_POLICY])
