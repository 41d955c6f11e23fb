import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The server that `npm run dashboard:dev` passes API calls on to. */
const SERVER = process.env['BATON_URL'] ?? 'http://127.0.0.1:8080';
/** Everything the app asks of the server; what is left is the app itself. */
const API_PATHS = ['/graphql', '/session', '/v1', '/docs', '/openapi.json'];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), tailwindcss()],
  server: { proxy: Object.fromEntries(API_PATHS.map((path) => [path, { target: SERVER, changeOrigin: false }])) },
  build: {
    // Browsers that know light-dark(), <dialog> and native modules: nothing is translated for older ones.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // The content security policy allows files of this origin alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
