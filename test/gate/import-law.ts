/**
 * The import law: which folder may import which. The whole architecture in one table; `npm run check` enforces it
 * (imports.ts) and electron/README.md's diagram is drawn from it.
 *
 * Every key may also import itself and shared/base; keys under electron/ also electron/base. A value names a folder and
 * all below it. `npm:` lines own the named package: nobody else imports it; other packages are free. Features may not
 * import each other. Tests (x.test.ts, test/) are outside the law.
 */
export const mayImport: Record<string, readonly string[]> = {
  'shared/base': [],
  'shared/arch': [],
  'shared/isa': ['shared/arch'],
  'shared/asm': ['shared/arch', 'shared/isa'],
  'shared/model': ['shared/arch'],
  'shared/contract': ['shared/model'],
  'shared/stats': [],

  'electron/base': ['shared/contract', 'shared/model'],
  'electron/machine': ['shared/arch', 'shared/isa', 'shared/asm', 'shared/model'],
  'electron/gdb': ['electron/machine', 'shared'],
  'electron/workers': ['electron/machine', 'shared'],
  'electron/workers/bundled.ts': ['electron/store', 'electron/workers'],
  'electron/store': ['shared', 'npm:better-sqlite3'],
  'electron/lab': ['electron/store', 'electron/workers', 'shared'],
  'electron/serve': ['electron/lab', 'shared', 'npm:ws'],
  'electron/cli': ['electron/gdb', 'electron/lab', 'electron/serve', 'electron/workers', 'shared'],
  'electron/main': ['electron/lab', 'electron/workers', 'shared', 'npm:electron'],
  'electron/preload': ['shared/contract', 'npm:electron'],

  'renderer/api': ['shared'],
  'renderer/analysis': ['shared'],
  'renderer/widgets': ['npm:vue'],
  'renderer/charts': ['renderer/analysis', 'renderer/widgets', 'shared', 'npm:vue', 'npm:echarts'],
  'renderer/features/*': [
    'renderer/api',
    'renderer/analysis',
    'renderer/charts',
    'renderer/widgets',
    'shared',
    'npm:vue',
    'npm:pinia',
  ],
  'renderer/app': ['renderer', 'shared', 'npm:vue', 'npm:pinia'],
}

/** Folders that also run in a browser, or must stay free of files and clocks, and the `node:` modules they may use all the same. */
export const withoutNode: Record<string, readonly string[]> = {
  shared: [],
  renderer: [],
  'electron/machine': ['node:crypto'], // the state hash
}

/** Imports that only the bundler understands (`./x?nodeWorker`) may stand in this file alone. */
export const bundlerImportsIn = 'electron/workers/bundled.ts'
export const bundlerSuffixes: readonly string[] = ['nodeWorker', 'modulePath', 'asset', 'loader']

/** Exceptions, each with the date it was granted and how it ends: `from -> to (yyyy-mm-dd, reason)`. */
export const debt: readonly { from: string; to: string; since: string; reason: string }[] = []
