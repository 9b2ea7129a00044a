import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { branchTargetCases } from '../oracle/branch-target-cases.ts'
import { pauthCases } from '../oracle/pauth-cases.ts'
import { accessCases, rowCases } from '../oracle/row-cases.ts'
import { dependsOnLevel, drawWords, verdicts, wordCases } from '../oracle/undefined.ts'
import { launcher } from '../support/command-line.ts'

const FOLDER = 'test/oracle'
const OUT = 'out/oracle'
const PART = 4000
const tools = ['qemu-system-aarch64', 'aarch64-linux-gnu-as', 'aarch64-linux-gnu-objdump', 'cpp', 'python3']

/**
 * `npm run oracle`: lets QEMU run cases and replays here what it recorded. Needs qemu-system-aarch64, cross binutils, cpp and
 * python3. The cases stay in out/oracle.
 *
 * `--seed N --cases N --branches`: random programs. `--rows`: three words of every instruction row.
 * `--accesses`: every row with a base register, with tag mismatches in each mode, by SP, and unaligned.
 * `--branch-targets`: indirect branches to landing pads and others.
 * `--pauth`: pointers signed, authenticated and stripped, and what traps that.
 * `--undefined N`: whether N words, half of them uniform and half near our rows, are UNDEFINED.
 * `--sync --seed N --cases N`: random programs with all outcomes that the synchronisation model allows, by the enumerator of
 * test/oracle/sync, compared with what this machine explores. Needs python3 alone.
 */
export async function main(args: string[]): Promise<number> {
  const options = {
    seed: { type: 'string' },
    cases: { type: 'string' },
    branches: { type: 'boolean' },
    rows: { type: 'boolean' },
    accesses: { type: 'boolean' },
    'branch-targets': { type: 'boolean' },
    pauth: { type: 'boolean' },
    undefined: { type: 'string' },
    sync: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ args, options })
  const missing = (values.sync ? ['python3'] : tools).filter(
    (tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined,
  )
  if (missing.length > 0) {
    console.log(
      `oracle: missing ${missing.join(', ')}. Install Debian's qemu-system-arm, binutils-aarch64-linux-gnu, cpp, python3.`,
    )
    return 1
  }
  mkdirSync(OUT, { recursive: true })
  if (values.sync) return exploreFresh(values.seed ?? randomSeed(), values.cases ?? '500')
  execFileSync('bash', [join(FOLDER, 'build.sh'), OUT], { stdio: 'inherit' })
  const seed = values.seed ?? randomSeed()
  if (values.undefined !== undefined) {
    recordVerdicts(Number(values.undefined), Number(seed), join(OUT, `words-${seed}.txt.gz`))
    return 0
  }
  const recorded = values.rows
    ? record('rows', rowCases(Number(seed)))
    : values.accesses
      ? record('accesses', accessCases(Number(seed)))
      : values['branch-targets']
        ? record('branch-targets', branchTargetCases())
        : values.pauth
          ? record('pauth', pauthCases(Number(seed)))
          : recordPrograms(seed, values)
  return spawnSync(process.execPath, [launcher, 'verify', recorded], { stdio: 'inherit' }).status ?? 1
}

const randomSeed = (): string => String(Math.floor(Math.random() * 1e6))

/** Single-EL and switch programs, as many of each. */
function exploreFresh(seed: string, cases: string): number {
  const statuses = ['random', 'switch'].map((kind) => {
    const file = join(OUT, `sync-${kind}-${seed}.jsonl.gz`)
    python('sync/syncgen.py', [kind, cases, seed, file])
    return spawnSync(process.execPath, [launcher, 'explore', file], { stdio: 'inherit' }).status ?? 1
  })
  return Math.max(...statuses)
}

function recordPrograms(seed: string, values: { cases?: string; branches?: boolean }): string {
  const cases = join(OUT, `cases-${seed}${values.branches ? '-branches' : ''}.jsonl.gz`)
  const draw = [
    '-s',
    seed,
    '-n',
    values.cases ?? '500',
    '-o',
    cases,
    ...(values.branches ? ['--branches'] : []),
  ]
  python('gen.py', draw)
  return cases
}

function record(name: string, lines: string): string {
  const drawn = join(OUT, `${name}.jsonl`)
  const cases = join(OUT, `cases-${name}.jsonl.gz`)
  writeFileSync(drawn, lines)
  python('oracle.py', [drawn, cases])
  return cases
}

/** Records in parts, because a case takes 20 KiB of memory while it waits. */
function recordVerdicts(count: number, seed: number, file: string): void {
  const words = drawWords(count, seed)
  const lines: string[] = []
  for (let at = 0; at < words.length; at += PART) {
    const part = words.slice(at, at + PART)
    const atEl1 = verdictsOf(part, 1)
    const atEl0 = verdictsOf(part.filter(dependsOnLevel), 0)
    for (const [word, verdict] of atEl1) lines.push(`${word}${verdict}${atEl0.get(word) ?? ''}`)
  }
  writeFileSync(file, gzipSync(`${lines.join('\n')}\n`))
  console.log(`${file}: ${lines.length} words`)
}

function verdictsOf(words: readonly number[], el: 0 | 1): ReadonlyMap<string, string> {
  if (words.length === 0) return new Map()
  const [drawn, results] = [join(OUT, 'words.jsonl'), join(OUT, 'words-results.jsonl')]
  writeFileSync(drawn, wordCases(words, el))
  python('oracle.py', [drawn, results])
  return verdicts(readFileSync(results, 'utf8'))
}

function python(script: string, args: readonly string[]): void {
  execFileSync('python3', [join(FOLDER, script), ...args], {
    stdio: 'inherit',
    env: {
      ...process.env,
      HARNESS: join(OUT, 'harness.elf'),
      CPU: 'max,sve=off,sme=off,pauth-qarma5=on',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  })
}
