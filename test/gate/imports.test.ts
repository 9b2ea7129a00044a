import { describe, expect, it } from 'vitest'
import { breachesOf } from './imports.ts'

describe('the import law', () => {
  it('lets through what the table allows', () => {
    expect(breachesOf('electron/store/open.ts', "import Database from 'better-sqlite3'")).toEqual([])
    expect(breachesOf('electron/lab/runs.ts', "import { openStore } from '../store/client.ts'")).toEqual([])
    expect(
      breachesOf('renderer/features/runs/View.vue', "<script setup>\nimport { ref } from 'vue'\n</script>"),
    ).toEqual([])
    expect(breachesOf('shared/isa/insn.ts', "import { hex } from '../base/hex.ts'")).toEqual([])
    expect(
      breachesOf('electron/workers/bundled.ts', "import spawn from '../store/worker?nodeWorker'"),
    ).toEqual([])
  })

  it.each([
    [
      'electron/lab/runs.ts',
      "import Database from 'better-sqlite3'",
      'only electron/store may import better-sqlite3',
    ],
    ['electron/cli/serve.ts', "import { WebSocketServer } from 'ws'", 'only electron/serve may import ws'],
    ['electron/lab/x.ts', "import type { App } from 'electron/main'", 'may import electron'],
    ['electron/machine/cpu/core.ts', "import { readFileSync } from 'node:fs'", 'must run without Node'],
    [
      'electron/machine/cpu/core.ts',
      "export { x } from '../../lab/x.ts'",
      'electron/machine may not import electron/lab',
    ],
    [
      'electron/cli/boot.ts',
      "const w = await import('../workers/pe-worker?nodeWorker')",
      'bundler-only imports',
    ],
    [
      'renderer/features/runs/store.ts',
      "import { x } from '../faults/x.ts'",
      'features may not import each other',
    ],
    [
      'renderer/features/runs/View.vue',
      "<script>\nimport * as e from 'echarts/core'\n</script>",
      'may import echarts',
    ],
    [
      'renderer/analysis/align.ts',
      "import { lab } from '../api/lab.ts'",
      'renderer/analysis may not import renderer/api',
    ],
    ['shared/arch/x.ts', "import { x } from '../isa/x.ts'", 'shared/arch may not import shared/isa'],
    ['electron/stray.ts', '', 'no row of the import law'],
  ])('refuses, in %s, %s', (file, text, message) => {
    expect(breachesOf(file, text)).toEqual([expect.stringContaining(message)])
  })

  it('names the line', () => {
    const text =
      '<template />\n\n<script setup lang="ts">\nimport a from "vue"\nimport b from "echarts"\n</script>'
    expect(breachesOf('renderer/widgets/Hex.vue', text)).toEqual([
      expect.stringMatching(/^renderer\/widgets\/Hex\.vue:5: echarts/),
    ])
  })
})
