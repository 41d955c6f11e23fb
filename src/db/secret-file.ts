import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

const SECRET_BYTES = 32;

/**
 * Reads the secret kept in `dataDir/name`, or creates it: 32 random bytes as base64url, readable by the owner alone. Processes that
 * race to create one all get the same.
 */
export async function loadOrCreateSecret(dataDir: string, name: string): Promise<string> {
  const path = join(dataDir, name);
  const existing = await readSecret(path);
  if (existing !== null) return existing;
  await mkdir(dataDir, { recursive: true });
  await createWhole(path, randomBytes(SECRET_BYTES).toString('base64url'));
  // Whoever linked first has won; what is read back is what everyone reads.
  const secret = await readSecret(path);
  if (secret === null) throw new Error(`The secret file ${path} was removed while it was being created.`);
  return secret;
}

async function readSecret(path: string): Promise<string | null> {
  try {
    const secret = (await readFile(path, 'utf8')).trim();
    if (secret === '') throw new Error(`The secret file ${path} is empty. Restore it, or remove it to have a new secret made.`);
    return secret;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}

/** Creates a file with its content in one step that fails when it exists: a link to a finished file, so nobody reads half of it. */
async function createWhole(path: string, content: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** True for a Node system error of that code, `ENOENT` for instance. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
