import { resolve } from 'node:path'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

const at = (path: string): string => resolve(import.meta.dirname, path)

/** The renderer alone, for work on it in a browser: `vite build -c vite.renderer.config.ts`. */
export default defineConfig({
  root: at('renderer'),
  base: './',
  plugins: [vue()],
  // Nothing is inlined: the page's policy allows fonts and images from itself only.
  build: { outDir: at('out/renderer'), emptyOutDir: true, assetsInlineLimit: 0 },
})
