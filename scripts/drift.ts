/**
 * `npm run drift`: runs the REST tests through `redocly proxy` and lets `redocly drift` compare everything that went over the wire with
 * the committed OpenAPI document. Prints what differs and how much of the document was exercised; exits with 1 when anything differs.
 * `--quick` runs the contract's cases alone: every route once.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Exchange {
  readonly request: { readonly method: string; readonly url: string };
  readonly response: { readonly status: number; readonly content: { readonly text?: string } };
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OPENAPI = 'rest/openapi.json';
/** What the document describes; GraphQL and the health checks are not in it. */
const DESCRIBED = /^http:\/\/[^/]+\/(v1|sdk\/v1|api\/v1|run|wf)(\/|$)/;
/** The tests send what is no request of this API at all, and see that it is refused as one: such answers are not the document's to tell. */
const NO_REQUEST_OF_OURS = /no such route|"unknown field"/;

const isQuick = process.argv.includes('--quick');
process.exitCode = await judge();

async function judge(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-drift-'));
  try {
    const tests = run('vitest', ['run', '--project', 'main', isQuick ? 'test/rest-contract.test.ts' : 'test/rest-'], {
      RECORD_REST: directory,
    });
    if (tests !== 0) return tests;
    const traffic = join(directory, 'traffic.json');
    await writeFile(traffic, JSON.stringify(await readTraffic(directory)));
    return run('redocly', ['drift', traffic, '--api', OPENAPI, '--match-mode', 'basepath', '--format', 'pretty', '--coverage']);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** All that was recorded, as one HAR document. */
async function readTraffic(directory: string): Promise<object> {
  const files = (await readdir(directory)).filter((name) => name.endsWith('.har'));
  const logs = await Promise.all(files.map(async (name) => JSON.parse(await readFile(join(directory, name), 'utf8')).log));
  const entries = logs.flatMap((log: { entries: Exchange[] }) => log.entries.filter(isDescribed));
  console.log(`${entries.length} exchanges with ${files.length} servers`);
  return { log: { ...logs[0], entries } };
}

function isDescribed({ request, response }: Exchange): boolean {
  // HEAD is GET without a body, and its row is GET's.
  if (request.method === 'HEAD' || request.method === 'OPTIONS' || !DESCRIBED.test(request.url)) return false;
  const answer = response.content.text ?? '';
  // A faulty item is refused alone and the others are taken, so such a request is no match for its schema and yet answered with 201.
  const hasFaultyItem = request.url.endsWith('/trigger/bulk') && response.status === 201 && answer.includes('"error":"');
  return ![401, 405, 415].includes(response.status) && !hasFaultyItem && !NO_REQUEST_OF_OURS.test(answer);
}

function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): number {
  const { status } = spawnSync(join(ROOT, 'node_modules', '.bin', program), args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', ...environment },
  });
  return status ?? 1;
}
