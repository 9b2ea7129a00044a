import Type from 'typebox'
import { Value } from 'typebox/value'
import { ProblemError } from '../../shared/base/result.ts'
import type { CallName, Calls } from '../../shared/contract/calls.ts'

/** What a call's arguments must look like: they may come from a socket, so nothing about them is taken for granted. */

const count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum })
const run = count(1, Number.MAX_SAFE_INTEGER)
const cycle = count(0, Number.MAX_SAFE_INTEGER)
const range = Type.Union([Type.Object({ from: cycle, to: cycle }), Type.Null()])
const columns = count(1, 20_000)
const pe = Type.Union([count(0, 15), Type.Null()])
const vcpu = Type.Union([count(-3, 127), Type.Null()])
const text = Type.String({ maxLength: 1_000_000 })

const address = Type.BigInt({ minimum: 0n, maximum: 2n ** 64n - 1n })
const name = Type.String({ minLength: 1, maxLength: 200 })
const finding = Type.Union([count(1, 1_000_000), Type.Null()])
const onePe = count(0, 15)
const place = { run, finding, moment: cycle, pe: onePe }
const event = Type.Union([
  Type.Object({
    kind: Type.Union([Type.Literal('switch'), Type.Literal('tag-fault'), Type.Literal('el-change')]),
  }),
  Type.Object({ kind: Type.Literal('address'), address }),
  Type.Object({ kind: Type.Literal('register'), register: name }),
  Type.Object({ kind: Type.Literal('memory'), address, bytes: count(1, 64) }),
])
const target = Type.Union([
  Type.Object({ kind: Type.Literal('moment'), moment: cycle }),
  Type.Object({ kind: Type.Literal('position'), pe: onePe, instructions: cycle }),
  Type.Object({ kind: Type.Literal('cycle'), pe: onePe, cycle }),
  Type.Object({ kind: Type.Literal('end') }),
  Type.Object({ kind: Type.Literal('step'), pe: onePe, count: count(-1000, 1000) }),
  Type.Object({ kind: Type.Literal('until'), event, back: Type.Boolean() }),
])

const side = Type.Array(run, { minItems: 1, maxItems: 10_000, uniqueItems: true })

const none = Type.Object({})
const ofRun = Type.Object({ run })

const schemas = {
  'session.info': none,
  'session.backup': none,
  'experiment.list': none,
  'experiment.check': Type.Object({ text }),
  'policy.list': none,
  'museum.list': none,
  'run.list': none,
  'run.get': ofRun,
  'run.progress': ofRun,
  'run.start': Type.Object({ text, name: Type.String(), set: Type.Array(Type.String(), { maxItems: 1000 }) }),
  'run.pause': ofRun,
  'run.resume': ofRun,
  'run.stop': ofRun,
  'run.delete': ofRun,
  'run.experiment': ofRun,
  'run.findings': ofRun,
  'run.card': ofRun,
  'run.console': ofRun,
  'run.latency': Type.Object({ run, range, columns, pe, vcpu }),
  'run.latency-band': Type.Object({ run, range, columns }),
  'run.distribution': Type.Object({ run, range, bins: columns, pe, vcpu }),
  'run.faults': Type.Object({ run, range, columns }),
  'run.fault-map': Type.Object({ run, range, columns, rows: count(1, 1000) }),
  'run.fault-list': Type.Object({ run, range, offset: cycle, limit: cycle, granules: Type.Optional(range) }),
  'run.events': Type.Object({ run, range, columns, pe }),
  'run.slices': Type.Object({ run, range, columns }),
  'run.registers': Type.Object({
    run,
    range,
    columns,
    pe: count(0, 15),
    registers: Type.Array(Type.String(), { maxItems: 64 }),
  }),
  'run.switch': Type.Object({ run, id: cycle }),
  'run.switch-at': Type.Object({ run, cycle, pe }),
  'run.compare': Type.Object({ a: side, b: side, least: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) }),
  'machine.go': Type.Object({ run, finding, from: Type.Union([cycle, Type.Null()]), pe: onePe, target }),
  'machine.code': Type.Object({ ...place, address, count: count(1, 1000) }),
  'machine.memory': Type.Object({ ...place, address, granules: count(1, 1024) }),
  'machine.walk': Type.Object({ ...place, address }),
  'machine.symbol': Type.Object({ run, finding, name }),
  'machine.stop': ofRun,
} satisfies { [C in CallName]: Type.TSchema & { static?: Calls[C]['args'] } }

/** @throws ProblemError that names the argument */
export function checkArguments(name: CallName, args: unknown): void {
  const [error] = Value.Errors(schemas[name], args)
  const reversed = error === undefined && isReversed(args)
  if (error === undefined && !reversed) return
  const where = error?.instancePath.slice(1).replaceAll('/', '.')
  throw new ProblemError(
    where ? `${name}: ${where}` : name,
    error === undefined ? 'the range ends before it begins' : `the argument ${error.message}`,
    'This is what shared/contract/calls.ts says about the call.',
  )
}

function isReversed(args: unknown): boolean {
  const { range } = args as { range?: { from: number; to: number } | null }
  return range !== undefined && range !== null && range.to < range.from
}
