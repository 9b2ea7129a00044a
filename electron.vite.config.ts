import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'electron-vite'

const at = (path: string) => resolve(import.meta.dirname, path)

/** The development server injects styles, which the page's strict policy would block; what is built keeps the policy. */
export const withoutPagePolicy = {
  name: 'without-page-policy',
  apply: 'serve' as const,
  transformIndexHtml: (html: string) =>
    html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, ''),
}

export default defineConfig({
  main: {
    build: {
      rolldownOptions: { input: { index: at('electron/main/index.ts'), cli: at('electron/cli/index.ts') } },
    },
  },
  preload: {
    build: {
      rolldownOptions: {
        input: { index: at('electron/preload/index.ts') },
        // A sandboxed preload must be CommonJS; with "type": "module" the name has to say so.
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('renderer'),
    build: {
      rolldownOptions: { input: { index: at('renderer/index.html') } },
      minify: true,
      chunkSizeWarningLimit: 2000, // KiB; the page comes from this machine
      assetsInlineLimit: 0, // data: URLs would need holes in the content security policy
    },
    plugins: [vue(), withoutPagePolicy],
  },
})
