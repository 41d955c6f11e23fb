import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { GraphQLContext } from '../graphql/context.ts';
import { makeToGraphQLError } from '../graphql/errors.ts';
import { schema } from '../graphql/schema.ts';
import { makeRestHandler } from '../rest/adapter.ts';
import { makeDocsPage } from '../rest/docs-page.ts';
import { makeOpenApi } from '../rest/openapi.ts';
import { apiInfo, apiTags, routes } from '../rest/routes.ts';
import { makeSessionHandler } from '../rest/session.ts';
import { makeAuthenticator } from './auth/authenticate.ts';
import { findDeadKeys } from './auth/dead-keys.ts';
import { makeRunTokens } from './auth/run-token.ts';
import { makeSecretBox } from './auth/secret-box.ts';
import { makeSessionTokens } from './auth/session-token.ts';
import { createSignInToken } from './auth/sign-in-token.ts';
import { makeStreamTokens } from './auth/stream-token.ts';
import type { Config } from './config.ts';
import type { EndpointPolicy } from './core/endpoint-guard.ts';
import { newId } from './core/ids.ts';
import { type Credentials, makeReadActor } from './credentials.ts';
import { awaitDatabase } from './db/await-database.ts';
import { isConnectionError, toUnavailable } from './db/errors.ts';
import { makeListener } from './db/listen.ts';
import { migrate } from './db/migrate.ts';
import { openPools } from './db/pool.ts';
import { makePrisma } from './db/prisma.ts';
import { WAKE_CHANNEL } from './db/wake-hub.ts';
import { countBrokenCircuits } from './domain/circuits/circuit-upkeep.ts';
import { type BootstrapResult, bootstrap } from './domain/projects/bootstrap.ts';
import { countActiveRuns } from './domain/runs/statistics.ts';
import { readDeliveryBacklog } from './domain/webhooks/delivery-backlog.ts';
import { makeEngine } from './engine.ts';
import type { Engine } from './engine-parts.ts';
import { makeHttpExecutor } from './executor/http-executor.ts';
import { makeProcessExecutor } from './executor/process-executor.ts';
import { makeGraphQLFace } from './graphql-server.ts';
import { makeDelivery } from './graphql-sse/exchange.ts';
import { checkReadiness, stateOf } from './health.ts';
import { type Metrics, makeMetrics } from './metrics.ts';
import { type Face, startServer } from './server.ts';
import { makeSessions } from './sessions.ts';
import { makeStreamGate } from './streams/stream-gate.ts';
import { VERSION } from './version.ts';
import { makeDashboard } from './web/dashboard.ts';

/** A running server process. */
export interface App {
  readonly url: string;
  readonly bootstrap: BootstrapResult;
  /** A token that signs in to the dashboard once as the first project's admin; null when that key is dead. */
  createSignInToken(): Promise<string | null>;
  /** Stops claiming, drains and hands the rest back while executors still report; then stops serving, then disconnects. */
  stop(): Promise<void>;
}

interface AppOptions {
  readonly config: Config;
  readonly databaseUrl: string;
  /** Signs run tokens and encrypts secrets; the same for every process on the database. */
  readonly secret: string;
  readonly log: Logger;
  readonly onHopeless: (reason: string) => void;
}

const DASHBOARD_DIST = fileURLToPath(new URL('../dashboard/dist', import.meta.url));
const ENGINE_CONNECTIONS = 12;
const READ_CONNECTIONS = 10;
/** What requests under way may take once the process stops. */
const REQUEST_GRACE_MS = 5_000;

/** Builds a process from its configuration: database, engine, faces; serves when it resolves. */
export async function startApp(options: AppOptions): Promise<App> {
  const { config, databaseUrl, log } = options;
  await awaitDatabase(databaseUrl, log);
  await migrate(databaseUrl);
  const pools = openPools(databaseUrl, { engineSize: ENGINE_CONNECTIONS, readSize: READ_CONNECTIONS, applicationName: 'baton' });
  const booted = await bootstrap(pools.reads, { projectId: config.projectId, apiKey: config.apiKey });
  const tokens = await makeRunTokens(options.secret);
  const box = makeSecretBox(options.secret);
  const streamTokens = await makeStreamTokens(options.secret);
  const endpointPolicy: EndpointPolicy = { allowPrivate: config.allowPrivateEndpoints };
  const executor = makeHttpExecutor({ policy: endpointPolicy, userAgent: 'baton' });
  const listening = Promise.withResolvers<string>();
  const apiUrl = config.apiUrl === null ? listening.promise : Promise.resolve(config.apiUrl);
  const managed =
    config.managedExec && config.role !== 'api'
      ? makeProcessExecutor({ base: config.managedEnvironment, apiUrl: () => apiUrl })
      : null;
  // The metrics look at the engine and the engine feeds the metrics; neither calls the other before both exist.
  const metrics: Metrics = makeMetrics({
    runsByStatus: () => countActiveRuns(pools.reads),
    circuits: () => countBrokenCircuits(pools.reads),
    webhookBacklog: () => readDeliveryBacklog(pools.reads),
    loops: () => engine.loops.map((loop) => ({ name: loop.name, ageSecs: loop.ageMs() / 1_000 })),
    pools: () => (['engine', 'reads'] as const).map((name) => poolUse(name, pools[name])),
    inFlight: () => engine.inFlight(),
    tails: () => engine.runs.tails.size(),
    tailLagSecs: () => engine.runs.tails.lagSecs(),
    listFollowers: () => engine.runs.changes.followers(),
    openStreams: () => gate.open(),
  });
  const gate = makeStreamGate({
    limits: { total: config.maxStreams, perActor: config.maxStreamsPerKey },
    findDeadKeys: (keyIds) => findDeadKeys(pools.reads, keyIds),
    onError: (error) =>
      log.debug({ err: error }, 'the keys behind open streams could not be looked up; they are at the next time'),
  });
  const engine: Engine = makeEngine({
    config,
    instanceId: newId(),
    pools,
    tokens,
    box,
    streamTokens,
    executor,
    managed,
    post: executor.post,
    endpointPolicy,
    observer: metrics,
    log,
    onHopeless: options.onHopeless,
  });
  const listener = makeListener(databaseUrl, {
    channels: [WAKE_CHANNEL],
    onNotify: (_channel, payload) => engine.hub.receive(payload),
    onReconnect() {
      engine.hub.wakeAll();
      engine.hub.greet();
    },
    log,
  });

  const prisma = makePrisma(pools.reads);
  const authenticator = makeAuthenticator({ pool: pools.engine });
  const sessions = makeSessions({ pool: pools.reads, authenticator, tokens: await makeSessionTokens(options.secret) });
  const readActor = makeReadActor({ authenticator, sessions, tokens, streamTokens });
  const contextBase = {
    prisma,
    projects: { pool: pools.reads, jobCache: engine.runs.jobs },
    jobs: { pool: pools.reads, endpointPolicy, managedExec: config.managedExec, jobCache: engine.runs.jobs },
    environments: { pool: pools.reads, endpointPolicy, box, dispatchEnvironments: engine.dispatchEnvironments },
    webhooks: { pool: pools.reads, endpointPolicy, onDue: engine.webhookDue },
    runs: engine.runs,
    workflows: engine.workflows,
    schedules: engine.schedules,
    system: { reads: pools.reads, version: VERSION, loops: () => engine.loops.map(stateOf) },
  };
  async function makeContext(
    credentials: Credentials,
    request: Pick<GraphQLContext, 'requestId' | 'isTrustedDocument' | 'delivery'>,
  ): Promise<GraphQLContext> {
    return { ...contextBase, ...request, actor: await readActor(credentials) };
  }
  const translate = (error: unknown) => (isConnectionError(error) ? toUnavailable(error) : null);
  const rest = makeRestHandler({
    schema,
    routes,
    makeContext: ({ req, res, auth, streamToken, requestId }) =>
      makeContext(
        { req, res, kind: auth === 'run-token' ? 'run-token' : 'key', streamToken },
        // A route says itself where its document goes on.
        { requestId, isTrustedDocument: true, delivery: makeDelivery({ lastEventId: null, observeLag: metrics.streamLag }) },
      ),
    admitStream: ({ actor }) => gate.admit('rest', actor),
    translateError: translate,
    log,
  });
  const graphql = makeGraphQLFace({
    schema,
    makeContext: ({ req, res, ...request }) =>
      makeContext({ req, res, kind: 'key', streamToken: null }, { isTrustedDocument: false, ...request }),
    authenticate: (req, res) => readActor({ req, res, kind: 'key', streamToken: null }),
    toGraphQLError: makeToGraphQLError({ translate, log }),
    gate,
    observeLag: metrics.streamLag,
  });
  const session = makeSessionHandler({ ...sessions, translateError: translate, log });
  const docs = makeDocsPage(makeOpenApi(routes, apiTags, apiInfo));
  const dashboard = makeDashboard(DASHBOARD_DIST);
  const faces: readonly Face[] =
    config.role === 'worker' ? [] : [graphql.handle, rest.handle, session, docs.handle, dashboard.handle];

  /** Lets go of everything that would keep the process alive. */
  async function disconnect(): Promise<void> {
    await engine.close();
    await listener.stop();
    await executor.close();
    await managed?.close();
    await prisma.$disconnect();
    await pools.close();
  }

  let stopping = false;
  await listener.start();
  await engine.start();
  const server = await startServer({
    host: config.host,
    port: config.port,
    faces,
    metrics: metrics.registry,
    readiness: () =>
      checkReadiness({ pool: pools.reads, loops: engine.loops, isListening: listener.isListening, isStopping: () => stopping }),
  }).catch(async (error: unknown) => {
    await engine.drain(config.drainMs);
    await disconnect();
    throw error;
  });

  listening.resolve(reachable(server.url));

  return {
    url: server.url,
    bootstrap: booted,
    createSignInToken: async () => (booted.kind === 'dead' ? null : createSignInToken(pools.reads, booted.keyId)),
    async stop() {
      stopping = true;
      await engine.drain(config.drainMs);
      rest.closeStreams();
      graphql.closeStreams();
      gate.close();
      await server.close(REQUEST_GRACE_MS);
      await disconnect();
    },
  };
}

/** The URL for whoever is on this machine: a server that listens on every address is to be called at one. */
function reachable(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}

function poolUse(name: string, pool: { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number }) {
  return { name, total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
}
