/**
 * Writes dashboard/dist, which the server serves, and before it the types of the dashboard's GraphQL documents. Part of `npm ci`, so that
 * `npm start` needs no second step; again by hand with `npm run dashboard` after changes.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'vite';

const ROOT = join(import.meta.dirname, '..');
const DASHBOARD = join(ROOT, 'dashboard');

const tada = join(ROOT, 'node_modules/gql.tada/bin/cli.js');
execFileSync(process.execPath, [tada, 'generate-output'], { cwd: DASHBOARD, stdio: ['ignore', 'ignore', 'inherit'] });
await build({ configFile: join(DASHBOARD, 'vite.config.ts'), logLevel: 'warn' });
