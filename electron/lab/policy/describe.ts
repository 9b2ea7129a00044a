import type { PolicyEntry } from '../../../shared/model/session.ts'
import { type PathPart, pathParts } from '../../workers/trace-switches.ts'
import { type CostInterval, costOf } from '../cost-interval.ts'
import { readCostProfile } from '../cost-profile.ts'
import { policyList } from '../policy-list.ts'
import { knownNames } from '../resources.ts'
import { type DeadOffset, deadOffsets } from './dead-offset.ts'
import { assemblePolicy, modesIn, type PolicyMode, type PolicySource } from './image.ts'
import { markText } from './marks.ts'
import { compareMeasured, type MeasuredComparison, readMeasured } from './measured.ts'
import { isHypervisors, type TripCounts } from './path.ts'
import { policyProse } from './prose.ts'
import { isBarrier } from './routines.ts'
import { viewPolicy } from './view.ts'

export interface PolicyLine extends Pick<PolicyEntry, 'name' | 'line'> {
  modes: PolicyMode[]
}

/** The bundled policies in a line each, with the modes that their page says they are for. */
export const policyLines = (resources: string): PolicyLine[] =>
  policyList(resources).map(({ name, line, prose }) => ({
    name,
    line,
    modes: modesOf(prose, modesIn(resources)),
  }))

/** A policy's page says `Modes: both`, `Modes: nVHE ...` or `Modes: VHE ...`; one that says nothing is for all there are. */
export function modesOf(prose: string, all: readonly PolicyMode[]): PolicyMode[] {
  const said = /\bModes: (both|nVHE|VHE)\b/.exec(prose)?.[1]
  return all.filter((mode) => said === undefined || said === 'both' || said.toLowerCase() === mode)
}

export interface ListedRoutine {
  name: string
  file: string
  parts: PathPart[]
  code: { address: string; text: string; marks: string[] }[]
}

export interface PolicyDescription {
  name: string
  prose: string
  modes: PolicyMode[]
  mode: PolicyMode
  /** What each switch is set to; `mainline` where it differs from there. */
  switches: { name: string; value: number; mainline: number | null }[]
  /** The hypervisor's routines that a switch executes, in the order of the image. */
  routines: ListedRoutine[]
  barriers: { place: string; text: string; parts: PathPart[] }[]
  counts: Record<'mte' | 'plain' | 'put' | 'load', TripCounts | null>
  /** A round trip of a VM with MTE. */
  costs: { profile: string; cycles: CostInterval }[]
  deadOffsets: DeadOffset[]
  /** The real KVM's round trips beside ours. */
  measured: MeasuredComparison[]
}

/** Everything that is to be seen of a policy in one mode. @throws ProblemError when it cannot be assembled */
export function describePolicy(resources: string, source: PolicySource, mode: PolicyMode): PolicyDescription {
  const { image, routines, path, files } = viewPolicy(resources, source, mode)
  const base = mainlineSwitches(resources, mode)
  const partsOf = (name: string) =>
    pathParts.filter((part) => part !== 'host' && path.routines[part].includes(name))
  const listed = routines
    .filter(isHypervisors)
    .map(({ name, file, code }) => ({ name, file, parts: partsOf(name), code }))
    .filter(({ parts }) => parts.length > 0)
  const prose = source.text === null ? policyProse(resources, source.name) : ''
  return {
    name: source.name,
    prose,
    modes: modesOf(prose, modesIn(resources)),
    mode,
    switches: image.constants
      .filter(({ name }) => name.startsWith('POLICY_'))
      .map(({ name, value }) => ({
        name,
        value: Number(value),
        mainline: base.get(name) === value ? null : Number(base.get(name) ?? 0n),
      })),
    routines: listed.map(({ name, file, parts, code }) => ({
      name,
      file,
      parts,
      code: code.map(({ address, text }) => ({
        address: address.toString(16),
        text,
        marks: (path.marks.get(address) ?? []).map(markText),
      })),
    })),
    barriers: listed.flatMap(({ name, parts, code }) =>
      code
        .filter(({ text }) => isBarrier(text))
        .map(({ address, text }) => ({
          place: `${name}+0x${(address - code[0]!.address).toString(16)}`,
          text,
          parts,
        })),
    ),
    counts: { mte: path.mte, plain: path.plain, put: path.put, load: path.load },
    costs: profilesOf(resources).flatMap((profile) =>
      path.mte === null ? [] : [{ profile: profile.name, cycles: costOf(path.mte.classes, profile) }],
    ),
    deadOffsets: deadOffsets(image, files),
    measured: compareMeasured(readMeasured(resources), mode, path.whole.mte, path.whole.plain),
  }
}

export const profilesOf = (resources: string) =>
  knownNames(resources).profiles.map((name) => readCostProfile(resources, name))

const mainlineSwitches = (resources: string, mode: PolicyMode): Map<string, bigint> =>
  new Map(
    assemblePolicy(resources, { name: 'mainline', text: null }, mode).constants.map(({ name, value }) => [
      name,
      value,
    ]),
  )
