/**
 * Builds the SDK as a package of its own: `node scripts/build-sdk.ts [directory]` compiles `src/sdk` into the directory (`dist/sdk` by
 * default) and puts a manifest beside it, ready for `npm pack`. The package is called like this one, so that `baton/sdk` is its name
 * here and there, but it has none of the server's dependencies; it has none at all.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const out = resolve(process.argv[2] ?? join(ROOT, 'dist/sdk'));

rmSync(out, { recursive: true, force: true });
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.sdk.json'), '--outDir', out], { stdio: 'inherit' });
for (const file of readdirSync(out)) if (file.endsWith('.d.ts')) withJsExtensions(join(out, file));
writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`);
copyFileSync(join(ROOT, 'src/sdk/README.md'), join(out, 'README.md'));
copyFileSync(join(ROOT, 'LICENSE'), join(out, 'LICENSE'));

/** The compiler leaves `.ts` in the imports of declarations, which only recent versions of it understand. */
function withJsExtensions(declaration: string): void {
  const text = readFileSync(declaration, 'utf8');
  writeFileSync(declaration, text.replace(/(from '\.\/[^']+)\.ts'/g, "$1.js'"));
}

function manifest(): object {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return {
    name,
    version,
    license,
    description: 'TypeScript SDK of Baton: run jobs, trigger runs, await them.',
    type: 'module',
    engines: { node: '>=20' },
    // `default`, not `import`: Node since 20.19 can `require` a module like this, and would not find it under `import`.
    exports: { './sdk': { types: './entry.d.ts', default: './entry.js' }, './package.json': './package.json' },
    // Any library that implements Standard Schema will do, and none is needed.
    peerDependencies: { zod: '^3.24.0 || ^4.0.0' },
    peerDependenciesMeta: { zod: { optional: true } },
    sideEffects: false,
  };
}
