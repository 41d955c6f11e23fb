import { z } from 'zod';

const flag = z.stringbool();
const seconds = z.coerce.number().positive().max(86_400);

const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }).optional(),
  DATA_DIR: z.string().min(1).default('.baton'),
  BATON_ROLE: z.enum(['all', 'api', 'worker']).default('all'),
  BATON_API_KEY: z.string().min(16, 'must have at least 16 characters').optional(),
  BATON_PROJECT_ID: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be a slug of a–z, 0–9, _ and -')
    .default('default'),
  BATON_SECRET: z.string().min(32, 'must have at least 32 characters').optional(),
  ALLOW_PRIVATE_ENDPOINTS: flag.optional(),
  MANAGED_EXEC: flag.optional(),
  BATON_API_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  BATON_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).default(100),
  BATON_LEASE_SECS: seconds.default(30),
  BATON_REAPER_SECS: seconds.default(5),
  BATON_POLL_SECS: seconds.default(2),
  BATON_MAX_STREAMS: z.coerce.number().int().min(1).max(1_000_000).default(5_000),
  BATON_MAX_STREAMS_PER_KEY: z.coerce.number().int().min(1).max(1_000_000).default(2_000),
  BATON_DRAIN_SECS: z.coerce.number().min(0).max(86_400).default(25),
});

/** What the process was told by its environment; the README's configuration table describes every field. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Null: run the embedded Postgres in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly role: 'all' | 'api' | 'worker';
  readonly apiKey: string | null;
  readonly projectId: string;
  /** Null only when embedded: it is then generated into `dataDir`. */
  readonly secret: string | null;
  readonly allowPrivateEndpoints: boolean;
  readonly managedExec: boolean;
  /** What managed processes get of this process's own environment. */
  readonly managedEnvironment: Readonly<Record<string, string>>;
  /** Where managed processes report to; null: this process, at the address it listens on. */
  readonly apiUrl: string | null;
  readonly logLevel: string;
  /** Dispatches this process keeps under way at once. */
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly reaperMs: number;
  readonly pollMs: number;
  readonly drainMs: number;
  /** Event streams this process holds open at once: in all, and for one key. */
  readonly maxStreams: number;
  readonly maxStreamsPerKey: number;
}

/** What a program needs to be found, to know its home and to speak a language; nothing of it is a secret of the server. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

function managedEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return { PATH: USUAL_PATH, ...Object.fromEntries(passed) };
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/**
 * Reads the configuration; the only reader of `process.env` in the server. Throws an Error that lists every offending variable in
 * words.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = Environment.safeParse(set);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`The environment cannot be used:\n${faults.join('\n')}`);
  }
  const e = parsed.data;
  const embedded = e.DATABASE_URL === undefined;
  if (!embedded && e.BATON_SECRET === undefined) {
    throw new Error(
      'BATON_SECRET is required with DATABASE_URL: the same 32 or more characters for every process on that database.',
    );
  }
  if (e.BATON_ROLE === 'worker' && e.MANAGED_EXEC && e.BATON_API_URL === undefined) {
    throw new Error(
      'BATON_API_URL is required with MANAGED_EXEC in a process of the role worker: the URL of a process that serves the API.',
    );
  }
  const local = embedded && LOOPBACK.has(e.HOST);
  return {
    host: e.HOST,
    port: e.PORT,
    databaseUrl: e.DATABASE_URL ?? null,
    dataDir: e.DATA_DIR,
    role: e.BATON_ROLE,
    apiKey: e.BATON_API_KEY ?? null,
    projectId: e.BATON_PROJECT_ID,
    secret: e.BATON_SECRET ?? null,
    allowPrivateEndpoints: e.ALLOW_PRIVATE_ENDPOINTS ?? local,
    managedExec: e.MANAGED_EXEC ?? local,
    managedEnvironment: managedEnvironment(set),
    apiUrl: e.BATON_API_URL?.replace(/\/+$/, '') ?? null,
    logLevel: e.LOG_LEVEL,
    concurrency: e.BATON_CONCURRENCY,
    leaseMs: e.BATON_LEASE_SECS * 1_000,
    reaperMs: e.BATON_REAPER_SECS * 1_000,
    pollMs: e.BATON_POLL_SECS * 1_000,
    drainMs: e.BATON_DRAIN_SECS * 1_000,
    maxStreams: e.BATON_MAX_STREAMS,
    maxStreamsPerKey: e.BATON_MAX_STREAMS_PER_KEY,
  };
}
