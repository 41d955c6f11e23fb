import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from '../secret-file.ts';
import { type OsUser, runProgram } from './programs.ts';

const NAME = 'postgres';

/**
 * Decides who runs the cluster in `pgdata`: null for the user this process has; as root the owner of an existing cluster, else the
 * system's `postgres` user, which is created when there is none. Throws when the cluster belongs to somebody we cannot become.
 */
export async function clusterUser(pgdata: string): Promise<OsUser | null> {
  const us = process.getuid?.();
  if (us === undefined) return null;
  const owner = await ownerOf(pgdata);
  if (us !== 0) {
    if (owner !== null && owner.uid !== us) {
      throw new Error(
        `The cluster in ${pgdata} belongs to another user (uid ${owner.uid}). Run Baton as that user, or choose another DATA_DIR.`,
      );
    }
    return null;
  }
  if (owner !== null && owner.uid !== 0) return owner;
  return (await lookUp()) ?? (await create());
}

async function ownerOf(path: string): Promise<OsUser | null> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

async function lookUp(): Promise<OsUser | null> {
  const [uid, gid] = await Promise.all([run('id -u "$1"'), run('id -g "$1"')]);
  return uid.ok && gid.ok ? { uid: Number(uid.output), gid: Number(gid.output) } : null;
}

async function create(): Promise<OsUser> {
  const made = await run(
    'groupadd --system --force "$1" && useradd --system --gid "$1" --no-create-home --shell /bin/false "$1"',
  );
  const user = await lookUp();
  if (user) return user;
  throw new Error(
    `Postgres refuses to run as root, and no user "${NAME}" could be created for it (${made.output}). ` +
      'Run Baton as an ordinary user, create that user, or set DATABASE_URL.',
  );
}

function run(script: string): ReturnType<typeof runProgram> {
  return runProgram('/bin/sh', ['-c', script, 'sh', NAME], null);
}

/**
 * Checks that `user` can enter each of `directories`, by entering them as that user. Throws an Error that names the first directory
 * on the way that is closed to it.
 */
export async function assertReachable(directories: readonly string[], user: OsUser | null): Promise<void> {
  if (user === null) return;
  const way = [...new Set(directories.flatMap(ancestors))];
  const script = 'for d in "$@"; do cd -- "$d" 2>/dev/null || { printf %s "$d"; exit 1; }; done';
  const { ok, output } = await runProgram('/bin/sh', ['-c', script, 'sh', ...way], user);
  if (ok) return;
  throw new Error(
    `Postgres refuses to run as root, so it runs as uid ${user.uid}, and that user cannot enter ${output}. ` +
      `Allow it (chmod o+x ${output}), move the checkout and DATA_DIR elsewhere, run Baton as an ordinary user, or set DATABASE_URL.`,
  );
}

/** A path and everything above it, from the root down. */
function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), path];
}
