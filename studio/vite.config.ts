import {defineConfig} from 'vitest/config';

// The built page is part of the Python package, under names that do not change, so that a test can
// rebuild it and compare. `npm run dev` passes the API on to a studio that runs on port 8000.
export default defineConfig({
  base: './',
  build: {
    outDir: '../musicvae/studio/static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    rollupOptions: {
      output: {
        entryFileNames: 'assets/studio.js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/studio[extname]',
      },
    },
  },
  server: {host: '127.0.0.1', proxy: {'/api': {target: 'http://127.0.0.1:8000', changeOrigin: true}}},
  test: {include: ['tests/**/*.test.ts']},
});
