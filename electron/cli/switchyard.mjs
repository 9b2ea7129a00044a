#!/usr/bin/env node
// The launcher: committed as it is, so that npx finds it before anything is built. Checks Node, builds if needed, hands over.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { continueUnderNode24, isNewEnough } from './node-24.mjs'

const script = realpathSync(fileURLToPath(import.meta.url))
const root = dirname(dirname(dirname(script)))
const built = join(root, 'out/main/cli.js')
const args = process.argv.slice(2)

if (isNewEnough()) {
  if (needsBuild()) build()
  await import(pathToFileURL(built).href)
} else {
  continueUnderNode24(root, script, args)
}

/** `start` shows what the sources say, so it builds when they are newer; other verbs build only when nothing is built yet. */
function needsBuild() {
  if (!existsSync(built)) return 'out/ is missing'
  if (args[0] !== 'start' || !existsSync(join(root, 'electron.vite.config.ts'))) return null
  const builtMs = statSync(built).mtimeMs
  const newer = ['electron', 'renderer', 'shared'].some((folder) => newestMs(join(root, folder)) > builtMs)
  return newer ? 'out/ is older than the sources' : null
}

function newestMs(folder) {
  let newest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name.endsWith('.test.ts')) continue
    newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs)
  }
  return newest
}

function build() {
  const tool = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  process.stderr.write(`switchyard: ${needsBuild()}, building it first (a few seconds)\n`)
  if (!existsSync(tool)) {
    process.stderr.write(`${root}: the build tool is not installed.\n  Run \`npm ci\` in this folder.\n`)
    process.exit(1)
  }
  const result = spawnSync(process.execPath, [tool, 'build', '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  })
  if (result.status === 0 && existsSync(built)) return
  process.stderr.write(
    `${result.stdout ?? ''}${result.stderr ?? ''}${root}: the build failed.\n  Run \`npm run build\` to see why.\n`,
  )
  process.exit(1)
}
