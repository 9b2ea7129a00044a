import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

/** A test that takes longer hangs; the full counts take their time. In milliseconds. */
const testTimeout = process.env.SWITCHYARD_LONG === '1' ? 900_000 : 30_000

const at = (path: string) => resolve(import.meta.dirname, path)

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['{shared,electron,test}/**/*.test.ts'],
          exclude: ['test/{e2e,electron}/**'],
          testTimeout,
        },
      },
      {
        plugins: [vue()],
        test: { name: 'ui', environment: 'happy-dom', include: ['renderer/**/*.test.ts'] },
      },
      {
        resolve: { alias: { electron: at('test/electron/electron-stub.ts') } },
        test: { name: 'electron', environment: 'node', include: ['test/electron/**/*.test.ts'] },
      },
      {
        // Drives what `npm run build` made; started by `npm test` after the build.
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
