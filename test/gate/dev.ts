import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import vue from '@vitejs/plugin-vue'
import { createServer } from 'vite'
import { withoutPagePolicy } from '../../electron.vite.config.ts'
import { checkSteps, runStep } from './steps.ts'

const PORT = 5183

/**
 * `npm run dev`: the workspace with hot reload. With an Electron binary and a display in its window (main and preload
 * restart too); else in a browser, from Vite's server in front of a loopback host, whose code is that of the build made now.
 */
export async function main(args: string[]): Promise<number> {
  const hasDisplay = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (existsSync('node_modules/electron/path.txt') && hasDisplay) {
    const script = 'node_modules/electron-vite/bin/electron-vite.js'
    return (await runStep({ name: 'dev', script, args: ['dev', '--watch', ...args] })) ? 0 : 1
  }
  const build = checkSteps.find((step) => step.name === 'build')!
  if (!(await runStep(build))) return 1

  const host = spawn(process.execPath, ['electron/cli/switchyard.mjs', 'serve', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await firstLine(host.stdout)
  if (!url) return 1
  const { origin, search } = new URL(url)
  const vite = await createServer({
    configFile: false,
    root: resolve('renderer'),
    plugins: [vue(), withoutPagePolicy],
    server: {
      host: '127.0.0.1',
      port: PORT,
      headers: {
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      },
      proxy: { '/ws': { target: origin, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
    },
  })
  await vite.listen()
  console.log(`http://127.0.0.1:${vite.config.server.port}/${search}`)
  await new Promise((ended) => host.once('exit', ended)) // Ctrl+C reaches the host as well
  await vite.close()
  return 0
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string | null> {
  for await (const line of createInterface({ input: stream })) return line
  return null
}
