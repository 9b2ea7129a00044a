import { describeProblem, ProblemError } from '../../shared/base/result.ts'
import type { PendingFaultView, PendingRegister } from '../../shared/model/pending.ts'
import type { Timeline } from '../machine/debug/timeline.ts'

const help = `info position      where each PE is, and the oldest place that can be gone back to
info snapshots     how many there are, what they take, and when they were taken
goto PE N          go to where PE has just retired N instructions, back or ahead
goto N             go to moment N: instructions that all PEs have executed
pending [PE]       writes to system registers that have not reached those who use them
help               this text
`

/** What `monitor WORDS` in gdb answers. `moved`: the machine is somewhere else, so gdb's view of it is stale. */
export interface MonitorAnswer {
  text: string
  moved: boolean
}

/** Runs a monitor command. Never throws for what was typed. */
export function monitor(timeline: Timeline, line: string): MonitorAnswer {
  const words = line.trim().split(/\s+/)
  try {
    return answer(timeline, words)
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return { text: `${describeProblem(error.problem)}\n`, moved: false }
  }
}

function answer(timeline: Timeline, words: string[]): MonitorAnswer {
  const said = (text: string): MonitorAnswer => ({ text, moved: false })
  const [verb, ...rest] = words
  const phrase = words.join(' ')
  if (phrase === 'info position') return said(positions(timeline))
  if (phrase === 'info snapshots') return said(snapshots(timeline))
  if (verb === 'goto') return goTo(timeline, rest)
  if (verb === 'pending') return said(pending(timeline, rest))
  if (phrase === '' || phrase === 'help') return said(help)
  return said(`there is no command '${phrase}'; 'monitor help' lists them\n`)
}

function positions(timeline: Timeline): string {
  const { pes, next } = timeline.board
  const lines = pes.map((pe) => {
    const { power, el, instructions, pc } = pe.status()
    const turn = pe === next ? ', next' : ''
    return `PE${pe.index}: instruction ${instructions}, EL${el}, 0x${pc.toString(16)}, ${power}${turn}`
  })
  const { position, reason } = timeline.oldest(0)
  return [`moment ${timeline.moment}`, ...lines, `oldest: moment ${position.moment} (${reason})`, ''].join(
    '\n',
  )
}

function snapshots(timeline: Timeline): string {
  const { count, bytes, moments } = timeline.snapshots()
  return `${count} snapshots, ${Math.round(bytes / 1024)} KiB, at moments ${moments.join(' ')}\n`
}

/** Instructions that one goto runs ahead at most: gdb waits for its answer. */
const AHEAD = 5_000_000

function goTo(timeline: Timeline, words: string[]): MonitorAnswer {
  const numbers = words.map((word) => (/^\d+$/.test(word) ? Number(word) : Number.NaN))
  if (numbers.some((n) => !Number.isSafeInteger(n)) || numbers.length < 1 || numbers.length > 2) {
    return { text: 'write: goto PE N, or goto N\n', moved: false }
  }
  const [first, instructions] = numbers as [number, number | undefined]
  if (instructions !== undefined && first >= timeline.board.pes.length) {
    return { text: `there is no PE${first}; the last is PE${timeline.board.pes.length - 1}\n`, moved: false }
  }
  const reached =
    instructions === undefined
      ? timeline.gotoMoment(first, AHEAD)
      : timeline.gotoPosition(first, instructions, AHEAD)
  return { text: `${reached ? '' : notReached(timeline)}${positions(timeline)}`, moved: true }
}

const notReached = (timeline: Timeline): string =>
  timeline.board.end() || timeline.board.idle
    ? 'the machine does not get there\n'
    : `not there yet, after ${AHEAD} instructions more: the same command goes on\n`

function pending(timeline: Timeline, words: string[]): string {
  const only = words.length > 0 ? Number(words[0]) : null
  const lines = timeline.board.pes
    .filter((pe) => only === null || pe.index === only)
    .flatMap((pe) => {
      const { registers, faults } = pe.pending()
      return [...registers.map(registerText), ...faults.map(faultText)].map(
        (text) => `PE${pe.index}: ${text}`,
      )
    })
  return lines.length > 0 ? `${lines.join('\n')}\n` : 'nothing is pending\n'
}

function registerText({ register, fields, candidates, readers, closedBy }: PendingRegister): string {
  const values = candidates.map((value) => `0x${value.toString(16)}`).join(' or ')
  const which = fields.length > 0 ? ` (${fields.join(', ')})` : ''
  return `${register}${which}: ${readers} see ${values}, until ${closedBy.join(', ')}`
}

function faultText({ register, bit, closedBy }: PendingFaultView): string {
  return `an asynchronous tag fault for ${register}.${bit}, until ${closedBy.join(', ')}`
}

/** What gdb's user reads when the machine has ended. */
export function endText(timeline: Timeline): string {
  const reason = timeline.board.end()
  const why =
    reason?.kind === 'exit'
      ? `the guest ended with code ${reason.code} (${reason.by})`
      : reason?.kind === 'limit'
        ? `the limit of ${reason.which} is reached`
        : `the machine ended: ${reason && 'message' in reason ? reason.message : reason?.kind}`
  return `${why}; reverse-step and reverse-continue go back, kill ends it\n`
}
