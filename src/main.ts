import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { type App, startApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { type EmbeddedPostgres, startEmbedded } from './db/embedded.ts';
import { loadOrCreateSecret } from './db/secret-file.ts';
import type { BootstrapResult } from './domain/projects/bootstrap.ts';
import { makeLogger } from './log.ts';

/** Ctrl-C reaches us twice when npm passes it on; only a later one means "now". */
const IMPATIENCE_MS = 1_000;
const EXIT_HOPELESS = 70;
/** The file in the data directory that keeps the generated key for tools on this machine. */
const KEY_FILE = 'api-key';

/**
 * By how much old space may grow, in per cent of what was alive, before V8 collects it. Left to itself it waits for four times that: under
 * 1,000 events a second with 20 stalled readers 84 MB were alive, over and over, and 344 to 375 MB stood in memory before each collection;
 * with this, 190.
 */
const HEAP_GROWTH_PERCENT = 50;

setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
await main();

async function main(): Promise<void> {
  try {
    const config = readConfig(process.env);
    const log = makeLogger(config.logLevel);
    const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir }) : null;
    try {
      await serve(config, log, embedded);
    } catch (error) {
      await embedded?.stop();
      throw error;
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

async function serve(config: Config, log: Logger, embedded: EmbeddedPostgres | null): Promise<void> {
  const databaseUrl = config.databaseUrl ?? embedded?.url;
  const secret = config.secret ?? (embedded && (await loadOrCreateSecret(embedded.dataDir, 'secret')));
  if (!databaseUrl || !secret) throw new Error('neither a database nor a secret to work with');
  const app = await startApp({ config, databaseUrl, secret, log, onHopeless });
  await greet(config, app, embedded);
  stopOnSignal(app, { config, log, embedded });

  function onHopeless(reason: string): void {
    log.fatal({ reason }, 'this process cannot go on and ends, to be started again');
    process.exit(EXIT_HOPELESS);
  }
}

/** Ends the process in order at the first signal, at once at a second one that is meant. */
function stopOnSignal(
  app: App,
  { config, log, embedded }: { readonly config: Config; readonly log: Logger; readonly embedded: EmbeddedPostgres | null },
): void {
  let stoppingSince: number | null = null;
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingSince !== null) {
      if (performance.now() - stoppingSince > IMPATIENCE_MS) process.exit(1);
      return;
    }
    stoppingSince = performance.now();
    log.info({ signal, graceMs: config.drainMs }, 'stopping');
    void app
      .stop()
      .then(() => embedded?.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.fatal({ err: error }, 'could not stop in order');
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Tells a person where things are and how to trigger the first run. */
async function greet(config: Config, app: App, embedded: EmbeddedPostgres | null): Promise<void> {
  const key = await rememberKey(app.bootstrap, embedded);
  const shown = config.apiKey
    ? '$BATON_API_KEY'
    : (key ?? (embedded ? `$(cat ${join(config.dataDir, KEY_FILE)})` : '$BATON_API_KEY'));
  const lines = [
    `Baton is ready at ${app.url}   GraphQL ${app.url}/graphql   reference ${app.url}/docs`,
    ...(await signInLines(config, app, embedded)),
    `Project  ${config.projectId}`,
    ...(key ? [`API key  ${key}   (shown once${embedded ? `; kept in ${join(config.dataDir, KEY_FILE)}` : ''})`] : []),
    ...(app.bootstrap.kind === 'dead' ? ['The key in BATON_API_KEY was revoked or has expired: nobody can use it.'] : []),
    'Trigger a run (after creating a job "hello", see the README):',
    `  curl -sX POST ${app.url}/v1/jobs/hello/trigger -H "Authorization: Bearer ${shown}" -H 'Content-Type: application/json' -d '{"payload":{"name":"you"}}'`,
  ];
  console.log(lines.join('\n'));
}

/** A link that signs in once: embedded, whoever reads this console may also read the key's file. */
async function signInLines(config: Config, app: App, embedded: EmbeddedPostgres | null): Promise<string[]> {
  if (config.role === 'worker' || !embedded) return [];
  const token = await app.createSignInToken();
  // In the fragment, which browsers send to nobody.
  return token === null ? [] : [`Dashboard  ${app.url}/#token=${token}   (signs in once, within 15 minutes)`];
}

/** A generated key is shown once; embedded, it is also kept for the tools of this machine, readable by its user alone. */
async function rememberKey(bootstrap: BootstrapResult, embedded: EmbeddedPostgres | null): Promise<string | null> {
  if (bootstrap.kind !== 'minted') return null;
  if (embedded) await writeFile(join(embedded.dataDir, KEY_FILE), `${bootstrap.key}\n`, { mode: 0o600 });
  return bootstrap.key;
}
