import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { launcher } from '../support/command-line.ts'

const FOLDER = 'test/oracle'
const OUT = 'out/oracle'

/**
 * `npm run oracle [-- --seed N --cases N --branches]`: draws random cases, lets QEMU run them, and replays what it recorded
 * here. Needs qemu-system-aarch64, cross binutils, cpp and python3. The cases stay in out/oracle.
 */
export async function main(args: string[]): Promise<number> {
  const options = {
    seed: { type: 'string' },
    cases: { type: 'string' },
    branches: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ args, options })
  const missing = [
    'qemu-system-aarch64',
    'aarch64-linux-gnu-as',
    'aarch64-linux-gnu-objdump',
    'cpp',
    'python3',
  ].filter((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined)
  if (missing.length > 0) {
    console.log(
      `oracle: missing ${missing.join(', ')}. Install Debian's qemu-system-arm, binutils-aarch64-linux-gnu, cpp, python3.`,
    )
    return 1
  }
  const seed = values.seed ?? String(Math.floor(Math.random() * 1e6))
  const cases = join(OUT, `cases-${seed}${values.branches ? '-branches' : ''}.jsonl.gz`)
  mkdirSync(OUT, { recursive: true })
  execFileSync('bash', [join(FOLDER, 'build.sh'), OUT], { stdio: 'inherit' })
  const draw = [
    '-s',
    seed,
    '-n',
    values.cases ?? '500',
    '-o',
    cases,
    ...(values.branches ? ['--branches'] : []),
  ]
  execFileSync('python3', [join(FOLDER, 'gen.py'), ...draw], {
    stdio: 'inherit',
    env: { ...process.env, HARNESS: join(OUT, 'harness.elf'), PYTHONDONTWRITEBYTECODE: '1' },
  })
  return spawnSync(process.execPath, [launcher, 'verify', cases], { stdio: 'inherit' }).status ?? 1
}
