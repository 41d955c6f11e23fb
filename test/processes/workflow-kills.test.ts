import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { findViolations } from '../support/invariants.ts';
import { randomSteps } from '../support/random-steps.ts';
import { PROCESS_KEY, type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { type FatedStep, foretell } from '../support/workflow-oracle.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Worlds of graphs and kills, one after the other; a night's worth is `WORLDS=500`. */
const WORLDS = Number(process.env['WORLDS'] ?? 1);
/** Workflow runs of a world, at the same time. */
const GRAPHS = 24;
const KILLS_PER_SERVER = 2;
const ITEMS = 4;
/** From the last kill on: lease, reaper and poll of the servers come to five seconds, once for each kill that hit the same step. */
const BOUND_MS = 60_000;
/** How long a request is repeated: on a busy machine both servers may be starting for most of it. */
const PATIENCE_MS = 90_000;

let database: TestDatabase;
let db: pg.Pool;
let executor: Server;
/** Dispatches whose answer is held back, to be given in an order of its own. */
const held: (() => void)[] = [];
let servers: readonly ServerProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  db = new pg.Pool({ connectionString: database.url, max: 4 });
  executor = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { fate } = JSON.parse(Buffer.concat(chunks).toString());
    held.push(() => answer(res, fate));
  });
  executor.listen(0, '127.0.0.1');
  await once(executor, 'listening');
  servers = await Promise.all([startServerProcess(database.url), startServerProcess(database.url)]);
}, 60_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  executor.closeAllConnections();
  executor.close();
  await db.end();
  await database.drop();
}, 60_000);

function answer(res: ServerResponse, fate: string): void {
  // A 4xx is the last word of a job; whoever waited for it may have been killed meanwhile.
  res.writeHead(fate === 'failed' ? 400 : 200, { 'content-type': 'application/json' }).end('{}');
}

describe(`servers that are killed again and again (SEED=${SEED})`, () => {
  it('take random graphs to the ends they must come to, every step once', { timeout: 120_000 * WORLDS }, async () => {
    const { port } = executor.address() as AddressInfo;
    await persist('POST', '/v1/jobs', {
      name: 'Step',
      slug: 'step',
      endpoint_url: `http://127.0.0.1:${port}/`,
      // A server that is killed takes an attempt with it.
      max_attempts: 50,
      retry_strategy: 'fixed',
      retry_initial_delay_secs: 1,
      retry_max_delay_secs: 1,
    });
    await fc.assert(
      fc.asyncProperty(world(), async ({ graphs, kills, luck }) => {
        const draw = (below: number) => (luck.next().value ?? 0) % below;
        const workflows = await Promise.all(graphs.map(({ steps }) => save(steps)));
        const hands = busyHands(draw);
        try {
          const ids = Promise.all(
            workflows.map(async (workflow, index) => {
              await delay(draw(1_000));
              const body = { payload: { yes: graphs[index]?.yes } };
              return (await persist('POST', `/v1/workflows/${workflow}/trigger`, body, { 'idempotency-key': workflow })).id;
            }),
          );
          // Heard at once: a trigger that is refused while servers are killed would count as unhandled.
          ids.catch(() => {});
          await Promise.all(
            servers.map(async (server, index) => {
              for (const pause of kills[index] ?? []) {
                await delay(pause);
                await server.crash();
              }
            }),
          );
          await atRest(await ids);
        } finally {
          await hands.stop();
        }
        expect(await faultsOf(workflows, graphs)).toEqual([]);
        expect(await findViolations(db)).toEqual([]);
      }),
      { seed: SEED, numRuns: WORLDS, endOnFailure: true },
    );
  });
});

interface Graph {
  readonly steps: readonly FatedStep[];
  readonly yes: boolean;
}

/** Graphs of steps of every kind that waits for something, when to kill which server, and luck for the rest. */
function world() {
  const kinds = fc.constantFrom('job', 'job', 'job', 'map', 'approval', 'wait_for_event', 'sleep');
  const fates = fc.constantFrom('completed', 'completed', 'completed', 'completed', 'completed', 'completed', 'failed');
  const graph = fc
    .record({ steps: randomSteps(), kinds: fc.array(kinds, many(14)), fates: fc.array(fates, many(14)), yes: fc.boolean() })
    .map(({ steps, kinds, fates, yes }): Graph => {
      const fated = steps.map((step, index): FatedStep => {
        const kind = step.kind ?? (kinds[index] as FatedStep['kind']);
        const cannotFail = kind === 'sleep' || kind === 'condition';
        return { ...step, kind, fate: cannotFail || fates[index] !== 'failed' ? 'completed' : 'failed' };
      });
      return { steps: fated, yes };
    });
  return fc.record({
    graphs: fc.array(graph, many(GRAPHS)),
    kills: fc.array(fc.array(fc.integer({ min: 50, max: 900 }), many(KILLS_PER_SERVER)), many(2)),
    luck: fc.infiniteStream(fc.nat()),
  });
}

function many(length: number) {
  return { minLength: length, maxLength: length };
}

let saved = 0;

async function save(steps: readonly FatedStep[]): Promise<string> {
  const slug = `kills-${saved++}`;
  await persist('POST', '/v1/workflows', { slug, name: 'Random', steps: steps.map(asSent) });
  return slug;
}

function asSent({ ref, kind, fate, dependsOn, onFailure, when, whenTrue, whenFalse }: FatedStep): object {
  const common = { step_ref: ref, type: kind, depends_on: dependsOn, ...(onFailure && { on_failure: onFailure }) };
  switch (kind) {
    case 'job':
      return { ...common, job_slug: 'step', payload: { fate } };
    case 'map':
      // Its last item decides, when the others have ended.
      return {
        ...common,
        job_slug: 'step',
        items: `[1..${ITEMS}].($ = ${ITEMS} ? '${fate}' : 'completed')`,
        payload: { fate: '{{item}}' },
        concurrency: 3,
      };
    case 'wait_for_event':
      return { ...common, event_key: `{{run.id}}:${ref}:${fate}` };
    case 'approval':
      return { ...common, message: fate };
    case 'sleep':
      return { ...common, sleep_secs: Number(ref.slice(1)) % 2 };
    case 'condition':
      return { ...common, when, when_true: whenTrue, when_false: whenFalse };
  }
}

/** Answers dispatches a few at a time and at once, in any order; decides approvals and sends events, again until it is done. */
function busyHands(draw: (below: number) => number): { stop(): Promise<void> } {
  let isOver = false;
  async function answering(): Promise<void> {
    while (!isOver || held.length > 0) {
      await delay(20);
      for (let left = draw(held.length + 1) + 1; left > 0 && held.length > 0; left--) held.splice(draw(held.length), 1)[0]?.();
    }
  }
  async function deciding(): Promise<void> {
    while (!isOver) {
      const { rows } = await db.query<{ run: string; ref: string; kind: string; key: string; fate: string }>(
        `select s.workflow_run_id as run, s.step_ref as ref, s.kind, s.input->>'event_key' as key, s.input->>'message' as fate
           from workflow_step_runs s where s.status = 'waiting' and s.kind in ('approval', 'wait_for_event')`,
      );
      await Promise.all(
        rows.map(({ run, ref, kind, key, fate }) => {
          if (kind === 'approval')
            return attempt('POST', `/v1/workflow-runs/${run}/steps/${ref}/${fate === 'failed' ? 'decline' : 'approve'}`, {});
          const path = `/v1/events/${encodeURIComponent(key)}`;
          return key.endsWith(':failed') ? attempt('DELETE', path) : attempt('POST', `${path}/send`, { payload: { ref } });
        }),
      );
      await delay(50);
    }
  }
  const both = Promise.all([answering(), deciding()]);
  return {
    async stop() {
      isOver = true;
      await both;
    },
  };
}

/** Resolves when these are stored, and neither a workflow run nor a run is open. */
async function atRest(ids: readonly string[]): Promise<void> {
  for (const giveUpAt = performance.now() + BOUND_MS; ; await delay(50)) {
    const { rows } = await db.query<{ stuck: string }>(
      `select 'lost: ' || k.id as stuck from unnest($1::text[]) as k (id) where not exists (select from workflow_runs w where w.id::text = k.id)
        union all select w.status || ' workflow run ' || w.id || ', its steps ' || array(
          select s.step_ref || ' ' || s.kind || ' ' || s.status from workflow_step_runs s where s.workflow_run_id = w.id and s.status in ('running', 'waiting', 'pending'))::text
          from workflow_runs w where w.finished_at is null
        union all select r.status || ' run ' || r.id from runs r where r.finished_at is null`,
      [ids],
    );
    if (rows.length === 0) return;
    if (performance.now() > giveUpAt)
      throw new Error(`stuck after ${BOUND_MS} ms:\n${rows.map(({ stuck }) => stuck).join('\n')}`);
  }
}

interface EndedRow {
  readonly id: string;
  readonly slug: string;
  readonly status: string;
  readonly failed_step: string | null;
  readonly steps: readonly { ref: string; status: string; attempt: number; endings: number; runs: number; completed: number }[];
}

/** Everything about the workflow runs of these graphs that is not as it was foretold, in words. */
async function faultsOf(workflows: readonly string[], graphs: readonly Graph[]): Promise<string[]> {
  const { rows } = await db.query<EndedRow>(
    `select w.id, f.slug, w.status, w.failed_step, (
       select json_agg(json_build_object('ref', s.step_ref, 'status', s.status, 'attempt', s.attempt,
         'endings', (select count(*) from workflow_run_events e where e.workflow_run_id = w.id and e.step_ref = s.step_ref
                        and e.to_status in ('completed', 'failed', 'skipped', 'canceled')),
         'runs', (select count(*) from runs r where r.workflow_step_run_id = s.id),
         'completed', (select count(*) from runs r where r.workflow_step_run_id = s.id and r.status = 'completed')))
         from workflow_step_runs s where s.workflow_run_id = w.id) as steps
       from workflow_runs w join workflows f on f.id = w.workflow_id where f.slug = any ($1)`,
    [workflows],
  );
  const missing = workflows.filter((slug) => !rows.some((row) => row.slug === slug)).map((slug) => `${slug} never ran`);
  return [...missing, ...rows.flatMap((row) => faultsOfRun(row, graphs[workflows.indexOf(row.slug)]))];
}

function faultsOfRun(row: EndedRow, graph: Graph | undefined): string[] {
  if (!graph) return [`${row.id} belongs to no graph`];
  const expected = foretell(graph.steps, graph.yes);
  const faults: string[] = [];
  const must = (holds: boolean, what: string) => void (holds || faults.push(`${row.slug} ${row.id}: ${what}`));
  must(row.status === expected.status, `is ${row.status} and not ${expected.status}`);
  const hasRightCause = row.failed_step === null ? expected.fatal.size === 0 : expected.fatal.has(row.failed_step);
  must(hasRightCause, `failed by ${row.failed_step} and not by one of ${[...expected.fatal]}`);
  for (const { ref, status, attempt, endings, runs, completed } of row.steps) {
    // What a failure of the workflow overtakes is canceled, whatever it would have come to.
    const isOvertaken = expected.status === 'failed' && status === 'canceled';
    must(isOvertaken || status === expected.steps[ref], `step ${ref} is ${status} and not ${expected.steps[ref]}`);
    must(endings === 1, `step ${ref} ended ${endings} times`);
    must(
      attempt === 1 || (attempt === 0 && (status === 'skipped' || isOvertaken)),
      `step ${ref} (${status}) was started ${attempt} times`,
    );
    const kind = graph.steps.find((step) => step.ref === ref)?.kind;
    const most = attempt === 0 || (kind !== 'job' && kind !== 'map') ? 0 : kind === 'map' ? ITEMS : 1;
    must(runs <= most, `step ${ref} (${kind}, ${status}) has ${runs} runs`);
    if (status === 'completed') must(completed === most, `step ${ref} (${kind}) is completed by ${completed} of ${most} runs`);
  }
  return faults;
}

/** Sends a request to any server until one answers it with 2xx. */
async function persist(
  method: string,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<{ id: string }> {
  for (const giveUpAt = performance.now() + PATIENCE_MS; ; await delay(50)) {
    const { status, text } = await attempt(method, path, body, headers);
    if (status >= 200 && status < 300) return JSON.parse(text) as { id: string };
    if (!AGAIN.has(status) || performance.now() > giveUpAt) throw new Error(`${method} ${path}: ${status} ${text}`);
  }
}

/** What a server that was killed, or is starting, answers. */
const AGAIN: ReadonlySet<number> = new Set([0, 503]);

/** Sends a request to one of the servers; the status is 0 when that does not answer. */
async function attempt(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const server = servers[Math.floor(Math.random() * servers.length)];
  try {
    const response = await fetch(`${server?.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${PROCESS_KEY}`, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    return { status: 0, text: String(error instanceof Error ? (error.cause ?? error) : error) };
  }
}
