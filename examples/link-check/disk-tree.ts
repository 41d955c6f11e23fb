import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import { type FileTree, isMarkdown } from './check-links.ts';

const SKIPPED = new Set(['node_modules', '.git']);

/** A directory tree on this machine; nothing outside its root can be reached through it. */
export interface DiskTree extends FileTree {
  /** Every Markdown file, sorted; symbolic links, `node_modules` and `.git` are passed over. */
  markdownFiles(): Promise<string[]>;
}

/** Thrown when a root or file that was asked for is not what it must be; trying again would not help. */
export class NotInTreeError extends Error {
  override readonly name = 'NotInTreeError';
}

/**
 * Opens the tree at `root`, which is taken relative to `base` and must be `base` or a directory below it: whoever may name a root must
 * not be able to look elsewhere. Throws {@link NotInTreeError}.
 */
export async function openTree(base: string, root: string): Promise<DiskTree> {
  const realBase = await realpath(base);
  const realRoot = await realpath(resolve(realBase, root)).catch(() => null);
  // One answer for what is missing and what is elsewhere, so that nobody learns which directories exist outside.
  if (!realRoot || !contains(realBase, realRoot) || !(await stat(realRoot)).isDirectory()) {
    throw new NotInTreeError(`${root} is not a directory in ${base}`);
  }

  async function locate(path: string): Promise<string | 'missing' | 'outside'> {
    try {
      const real = await realpath(join(realRoot ?? '', path));
      return contains(realRoot ?? '', real) ? real : 'outside';
    } catch (error) {
      if (isAbsence(error)) return 'missing';
      throw error;
    }
  }

  async function walk(directory: string): Promise<string[]> {
    const entries = await readdir(join(realRoot ?? '', directory), { withFileTypes: true });
    const found = entries.map(async (entry) => {
      const path = posix.join(directory, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(path);
      return entry.isFile() && isMarkdown(entry.name) ? [path] : [];
    });
    return (await Promise.all(found)).flat();
  }

  return {
    async kind(path) {
      const real = await locate(path);
      if (real === 'missing' || real === 'outside') return real;
      return (await stat(real)).isDirectory() ? 'directory' : 'file';
    },
    async read(path) {
      const real = await locate(path);
      if (real === 'missing' || real === 'outside') throw new NotInTreeError(`there is no ${path} in the tree`);
      return readFile(real, 'utf8');
    },
    markdownFiles: async () => (await walk('')).sort(),
  };
}

function contains(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(String(error.code));
}
