import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: fileURLToPath(new URL('../../../dist/apps/console/web', import.meta.url)),
    emptyOutDir: true,
    // What the style sheet uses as it stands: light-dark(), nesting, container units.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    // The CSP allows 'self' only: no data: URLs, and no inlined loader.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
  },
});
