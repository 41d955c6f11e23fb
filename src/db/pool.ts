import pg from 'pg';

const SECOND = 1_000;
const CONNECT_TIMEOUT_MS = 5 * SECOND;
/** Idle connections live long: a new one costs a SCRAM handshake and every prepared plan. */
const IDLE_TIMEOUT_MS = 60 * SECOND;
/** Shorter than the idle cut-offs of common load balancers and NAT tables. */
const KEEP_ALIVE_MS = 10 * SECOND;

/**
 * The planner of the engine's connections. Grouped statements are prepared while tables are small or unanalyzed, and a generic plan
 * made then is kept: one that scans drains at a tenth of the speed for as long as the connection lives. With everything but index
 * plans switched off there is only one plan to make, whatever the statistics say. (Hash joins, allowed for a trial, had a transition
 * planned as a hash over all of `runs` while it was empty: 958 runs/s at 20,000 rows instead of 2,500.) The price: two row sets without
 * an index, what a statement was given and what it found, must not be joined, since that takes their product. Carry the columns along,
 * or ask with `in (select …)` inside an expression, which is hashed.
 */
const ENGINE_SETTINGS = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  jit: 'off',
  statement_timeout: '30s',
  lock_timeout: '10s',
  // A process that stops between two statements must not hold locks and pin dead rows.
  idle_in_transaction_session_timeout: '30s',
} as const;

const READ_SETTINGS = {
  jit: 'off',
  statement_timeout: '15s',
  lock_timeout: '10s',
  idle_in_transaction_session_timeout: '30s',
} as const;

/** How many connections each pool may open, and the name they carry in `pg_stat_activity`. */
export interface PoolSizes {
  readonly engineSize: number;
  readonly readSize: number;
  readonly applicationName: string;
}

/** The connections of one process. */
export interface Pools {
  /** For the engine's set-based statements: index plans only, generic and pinned. */
  readonly engine: pg.Pool;
  /** For everything a person asks for: the default planner, 15 s a statement. */
  readonly reads: pg.Pool;
  /** Connections lost while idle or between two statements since the start, for metrics. */
  lostConnections(): number;
  /** Waits for the statements under way, then disconnects. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens both pools of a process; no connection is made before the first query. A query that gets no connection within 5 s rejects.
 * Losing a connection never throws outside a query: the pool replaces it on the next one.
 */
export function openPools(url: string, sizes: PoolSizes): Pools {
  let lost = 0;
  const onLost = () => {
    lost += 1;
  };
  const engine = openPool(withSettings(url, ENGINE_SETTINGS), {
    max: sizes.engineSize,
    name: `${sizes.applicationName}-engine`,
    onLost,
  });
  const reads = openPool(withSettings(url, READ_SETTINGS), {
    max: sizes.readSize,
    name: `${sizes.applicationName}-reads`,
    onLost,
  });
  let closing: Promise<void> | undefined;
  return {
    engine,
    reads,
    lostConnections: () => lost,
    close: () => (closing ??= Promise.all([engine.end(), reads.end()]).then(() => undefined)),
  };
}

interface PoolOptions {
  readonly max: number;
  readonly name: string;
  readonly onLost: () => void;
}

function openPool(url: string, { max, name, onLost }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  // Both listeners keep a Postgres restart from being an uncaught 'error' event. The pool reports clients lost while idle; a client
  // lost between the statements of a transaction has no listener but this one, and its next statement rejects.
  pool.on('error', onLost);
  pool.on('connect', (client) => client.on('error', ignoreHere));
  return pool;
}

function ignoreHere(): void {}

/**
 * Adds session settings to a connection URL as start-up options, so that they hold before the first statement and cost no round
 * trip. Options already in the URL come later and win.
 */
export function withSettings(url: string, settings: Readonly<Record<string, string>>): string {
  const parsed = new URL(url);
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
  const theirs = parsed.searchParams.get('options');
  parsed.searchParams.set('options', [...ours, ...(theirs ? [theirs] : [])].join(' '));
  return parsed.toString();
}
