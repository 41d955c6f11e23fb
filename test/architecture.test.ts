import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 400;

interface Import {
  readonly from: string;
  /** A file of this repository, or the name of a package. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = ['src', 'graphql', 'rest', 'dashboard/src', 'bench', 'examples', 'scripts', 'test'].flatMap(sourceFiles);
const imports = files.flatMap(importsOf);

function sourceFiles(folder: string): string[] {
  const path = join(ROOT, folder);
  if (!statSync(path, { throwIfNoEntry: false })) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.(ts|tsx)$/.test(name));
}

function importsOf(from: string): Import[] {
  const text = readFileSync(join(ROOT, from), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm);
  return [...statements].map(([, type, names = '', target = '']) => ({
    from,
    to: target.startsWith('.') ? normalize(join(dirname(from), target)) : target,
    typeOnly: type !== undefined || onlyTypes(names),
  }));
}

function onlyTypes(names: string): boolean {
  const inner = /^\{(.*)\}$/s.exec(names.trim())?.[1];
  if (inner === undefined) return false;
  const parts = inner
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.length > 0 && parts.every((part) => part.startsWith('type '));
}

/** DESIGN §2: which folders a layer may import besides packages; a trailing file name means that file alone. */
const LAYERS: readonly { readonly layer: string; readonly may: readonly string[] }[] = [
  { layer: 'src/core/', may: ['src/core/'] },
  { layer: 'src/db/', may: ['src/core/', 'src/db/', 'generated/prisma/'] },
  { layer: 'src/auth/', may: ['src/core/', 'src/db/', 'src/auth/'] },
  { layer: 'src/domain/', may: ['src/core/', 'src/db/', 'src/auth/', 'src/domain/'] },
  { layer: 'src/executor/', may: ['src/core/', 'src/auth/run-token.ts', 'src/executor/'] },
  { layer: 'src/worker/', may: ['src/core/', 'src/db/', 'src/domain/', 'src/executor/', 'src/auth/run-token.ts', 'src/worker/'] },
  { layer: 'src/sdk/', may: ['src/sdk/'] },
  {
    layer: 'graphql/',
    may: ['src/core/', 'src/auth/', 'src/domain/', 'src/db/prisma.ts', 'src/db/errors.ts', 'generated/', 'graphql/'],
  },
  { layer: 'src/streams/', may: ['src/core/', 'src/auth/', 'src/streams/'] },
  { layer: 'src/web/', may: ['src/web/'] },
  { layer: 'src/graphql-sse/', may: ['src/core/', 'src/auth/', 'src/streams/', 'src/graphql-sse/', 'graphql/'] },
  { layer: 'rest/', may: ['src/core/', 'src/streams/', 'rest/'] },
  { layer: 'dashboard/', may: ['dashboard/'] },
];

/** src/core is pure: no package but zod and one that calculates, no builtin that touches the world. */
const CORE_PACKAGES = ['zod', 'croner', 'node:crypto', 'node:net'];

/** An insert, or an update whose set list (what comes before its `from` or `where`) names the status. */
const WRITES_STATUS = /insert into runs\b|update runs( r)?\s+set\b((?!\bfrom\b|\bwhere\b)[^`])*?\bstatus =/i;

describe('layers', () => {
  it.each(LAYERS)('$layer imports only what is below it', ({ layer, may }) => {
    const strays = imports
      .filter(({ from, to }) => from.startsWith(layer) && isOurs(to))
      .filter(({ to }) => !may.some((allowed) => to === allowed || (allowed.endsWith('/') && to.startsWith(allowed))))
      .map(({ from, to }) => `${from} -> ${to}`);

    expect(strays).toEqual([]);
  });

  it('src/core does no I/O', () => {
    const strays = imports.filter(({ from, to }) => from.startsWith('src/core/') && !isOurs(to) && !CORE_PACKAGES.includes(to));

    expect(strays.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('only the configuration reads the environment of the server', () => {
    const readers = files.filter(
      (file) => /^(src|graphql|rest)\//.test(file) && !file.startsWith('src/sdk/') && read(file).includes('process.env'),
    );

    expect(readers.filter((file) => !['src/config.ts', 'src/main.ts'].includes(file))).toEqual([]);
  });

  it('statuses of runs are written in three statements and nowhere else', () => {
    const writers = files.filter((file) => /^(src|graphql|rest)\//.test(file) && WRITES_STATUS.test(read(file)));

    expect(writers.sort()).toEqual([
      'src/domain/runs/claim-statement.ts',
      'src/domain/runs/insert-statement.ts',
      'src/domain/runs/transition-statement.ts',
    ]);
  });

  it('the resolvers write nothing by themselves', () => {
    const writers = files.filter(
      (file) =>
        file.startsWith('graphql/') &&
        /\.(create|createMany|update|updateMany|upsert|delete|deleteMany|\$executeRaw|\$queryRaw)\(/.test(read(file)),
    );

    expect(writers).toEqual([]);
  });
});

describe('files', () => {
  it('have no cycle of value imports', () => {
    expect(findCycle()).toBeNull();
  });

  it(`have at most ${MAX_LINES} lines`, () => {
    expect(files.filter((file) => read(file).split('\n').length > MAX_LINES)).toEqual([]);
  });

  it('are named by what they hold', () => {
    expect(files.filter((file) => /(^|\/)(utils|helpers|misc|index)\.tsx?$/.test(file))).toEqual([]);
  });
});

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function isOurs(target: string): boolean {
  return /\.(ts|tsx|json)$/.test(target) && !target.startsWith('@');
}

/** The first cycle of value imports, as a path, or null. */
function findCycle(): string | null {
  const edges = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) {
    if (!typeOnly && isOurs(to)) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string | null {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].map((name) => relative('.', name)).join(' -> ');
    if (done.has(file)) return null;
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return null;
  }
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return null;
}
