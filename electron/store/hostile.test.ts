import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ProblemError } from '../../shared/base/result.ts'
import { chunk, newRun } from '../../test/support/store-rows.ts'
import { xorshift } from '../../test/support/trace-rows.ts'
import { asProblem } from './failures.ts'
import { startSession } from './session.ts'

/** Cells of the columns of our own that are written over in each session, and how many sessions. */
const CELLS = 6
const SESSIONS = process.env.SWITCHYARD_LONG === '1' ? 2000 : 60
const SEED = 77

const folder = mkdtempSync(join(tmpdir(), 'switchyard-hostile-'))
const sound = join(folder, 'sound.switchyard')
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => {
  const { handlers } = startSession({ path: sound, version: '0.1.0' })
  const run = handlers['run.create'](newRun())
  handlers['run.append']({ run, chunk: chunk(400) })
  const stop = { kind: 'stopped' } as const
  handlers['run.finish']({ run, end: { state: 'stopped', stop, stateHash: null, hostNs: 1, pes: [] } })
  handlers.close({})
})

const cells: [table: string, column: string, kind: 'integer' | 'blob' | 'text'][] = [
  ['lane', 'pe', 'integer'],
  ['lane', 'name', 'text'],
  ['lane', 'part', 'text'],
  ['lane_block', 'level', 'integer'],
  ['lane_block', 'first_cycle', 'integer'],
  ['lane_block', 'last_cycle', 'integer'],
  ['lane_block', 'number', 'integer'],
  ['lane_block', 'count', 'integer'],
  ['lane_block', 'summary', 'blob'],
  ['lane_block', 'points', 'blob'],
  ['event_chunk', 'pe', 'integer'],
  ['event_chunk', 'first_cycle', 'integer'],
  ['event_chunk', 'last_cycle', 'integer'],
  ['event_chunk', 'count', 'integer'],
  ['event_chunk', 'columns', 'blob'],
  ['event_density', 'level', 'integer'],
  ['event_density', 'block', 'integer'],
  ['event_density', 'counts', 'blob'],
  ['latency_count', 'latency', 'integer'],
  ['latency_count', 'count', 'integer'],
  ['world_switch', 'start_cycle', 'integer'],
  ['world_switch', 'latency', 'integer'],
  ['tag_fault', 'kind', 'text'],
  ['register_change', 'cause', 'text'],
  ['run', 'cycles', 'integer'],
  ['run', 'pes', 'integer'],
  ['run', 'stop', 'text'],
]

function strange(random: () => number, kind: (typeof cells)[number][2], before: unknown): unknown {
  const pick = <T>(...choices: T[]): T => choices[random() % choices.length]!
  if (kind === 'integer') return pick(0n, 1n, -1n, 7n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n))
  if (kind === 'text')
    return pick('', 'latency', 'fault', 'x y z', '-1 sync sync', '{', 'null', '"', '\u0000')
  const bytes = Buffer.from(before instanceof Uint8Array ? before : [])
  if (bytes.length > 0 && random() % 2) bytes[random() % bytes.length] = random() % 256
  return pick<Uint8Array>(
    bytes,
    bytes.subarray(0, bytes.length >> 1),
    Buffer.alloc(0),
    Buffer.alloc(300, 0xff),
  )
}

function spoil(path: string, random: () => number): string[] {
  const db = new Database(path)
  db.pragma('foreign_keys = OFF')
  const done: string[] = []
  for (let i = 0; i < CELLS; i++) {
    const [table, column, kind] = cells[random() % cells.length]!
    const rows = db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number
    const offset = random() % Math.max(1, rows)
    const before = db.prepare(`SELECT ${column} FROM ${table} LIMIT 1 OFFSET ${offset}`).pluck().get()
    const value = strange(random, kind, before)
    // Often all rows: what is looked for is then met.
    const where = random() % 2 ? `${column} = ?` : '1 OR ?'
    try {
      db.prepare(`UPDATE OR IGNORE ${table} SET ${column} = ? WHERE ${where}`).run(value, before)
    } catch (error) {
      if (!(error instanceof Database.SqliteError)) throw error
    }
    done.push(`${table}.${column} = ${String(value).slice(0, 20)}`)
  }
  db.close()
  return done
}

it(`${SESSIONS} sessions that somebody has tampered with are read or said to be damaged`, () => {
  const random = xorshift(SEED)
  const path = join(folder, 'spoilt.switchyard')
  let answered = 0
  let refused = 0
  for (let i = 0; i < SESSIONS; i++) {
    copyFileSync(sound, path)
    const done = spoil(path, random)
    const { handlers } = startSession({ path, version: '0.1.0' })
    const ranges = [
      null,
      { from: 0, to: 2 ** 40 },
      { from: random() % 200_000, to: 200_000 + (random() % 9999) },
    ]
    for (const range of ranges) {
      const asked = { run: 1, range, columns: 300, pe: null, vcpu: null }
      const questions = [
        () => handlers['run.list']({}),
        () => handlers['run.latency'](asked),
        () => handlers['run.latency-band'](asked),
        () => handlers['run.distribution']({ ...asked, bins: 50 }),
        () => handlers['run.faults'](asked),
        () => handlers['run.fault-list']({ ...asked, offset: 0, limit: 100 }),
        () => handlers['run.registers']({ ...asked, pe: 0, registers: ['GCR_EL1'] }),
        () => handlers['run.events'](asked),
        () => handlers['run.switch']({ run: 1, id: 5 }),
        () => handlers['run.switch-at']({ run: 1, cycle: 5000, pe: 0 }),
      ]
      for (const [at, ask] of questions.entries()) {
        try {
          ask()
          answered++
        } catch (error) {
          const problem = asProblem(path, error)
          if (!(problem instanceof ProblemError))
            throw new Error(`question ${at} of session ${i}, seed ${SEED}: ${done.join('; ')}`, {
              cause: error,
            })
          refused++
        }
      }
    }
    handlers.close({})
    rmSync(path)
  }
  expect(answered).toBeGreaterThan(refused)
  expect(refused).toBeGreaterThan(0)
})
