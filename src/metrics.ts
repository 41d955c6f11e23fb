import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Outcome } from './core/outcome.ts';
import type { DeliveryBacklog } from './domain/webhooks/delivery-backlog.ts';
import type { DeliveryAttempt } from './domain/webhooks/settle-delivery.ts';

/** What the server counts; one registry per process, served at `/metrics`. */
export interface Metrics {
  readonly registry: Registry;
  /** Seconds from a run becoming claimable to being handed to its executor. */
  startLatency(seconds: number): void;
  dispatched(outcome: Outcome['kind']): void;
  transitioned(to: string): void;
  triggered(count: number): void;
  webhookSettled(status: DeliveryAttempt['status']): void;
  request(route: string, status: number, seconds: number): void;
  /** Seconds from an event becoming known to being handed to a reader of a stream. */
  streamLag(seconds: number): void;
}

/** What only a look at the process or the database can tell, asked at each scrape. */
export interface MetricSources {
  runsByStatus(): Promise<readonly { readonly status: string; readonly count: number }[]>;
  /** Circuits that keep runs away from endpoints, by state. */
  circuits(): Promise<readonly { readonly state: string; readonly count: number }[]>;
  webhookBacklog(): Promise<DeliveryBacklog>;
  loops(): readonly { readonly name: string; readonly ageSecs: number }[];
  pools(): readonly { readonly name: string; readonly total: number; readonly idle: number; readonly waiting: number }[];
  inFlight(): number;
  tails(): number;
  /** Subscriptions to lists and queues of runs. */
  listFollowers(): number;
  openStreams(): Readonly<Record<string, number>>;
  tailLagSecs(): number;
}

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Makes the metrics of a process. */
export function makeMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];

  const startLatency = new Histogram({
    name: 'baton_start_latency_seconds',
    help: 'Time from a run becoming claimable to its dispatch.',
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const dispatched = new Counter({
    name: 'baton_dispatches_total',
    help: 'Attempts handed to executors, by how the dispatch ended.',
    labelNames: ['outcome'],
    registers,
  });
  const transitioned = new Counter({
    name: 'baton_transitions_total',
    help: 'Status changes made by this process, by the new status.',
    labelNames: ['to'],
    registers,
  });
  const triggered = new Counter({ name: 'baton_runs_triggered_total', help: 'Runs stored by this process.', registers });
  const webhooksSettled = new Counter({
    name: 'baton_webhook_attempts_total',
    help: 'Attempts of this process to deliver a webhook, by what the delivery became; failed is tried again, dead is not.',
    labelNames: ['outcome'],
    registers,
  });
  const requests = new Histogram({
    name: 'baton_http_request_seconds',
    help: 'Requests answered, by route and status.',
    labelNames: ['route', 'status'],
    buckets: LATENCY_BUCKETS,
    registers,
  });

  new Gauge({
    name: 'baton_runs',
    help: 'Runs that have not ended, by status; queued is the depth of the queue.',
    labelNames: ['status'],
    registers,
    async collect() {
      this.reset();
      for (const { status, count } of await sources.runsByStatus()) this.set({ status }, count);
    },
  });
  new Gauge({
    name: 'baton_circuits',
    help: 'Endpoints that runs are kept away from, by the state of their circuit.',
    labelNames: ['state'],
    registers,
    async collect() {
      for (const { state, count } of await sources.circuits()) this.set({ state }, count);
    },
  });
  new Gauge({
    name: 'baton_webhooks_oldest_pending_seconds',
    help: 'Age of the oldest webhook that is still to be delivered.',
    registers,
    async collect() {
      this.set((await sources.webhookBacklog()).oldestSecs);
    },
  });
  new Gauge({
    name: 'baton_webhooks_pending',
    help: 'Webhooks still to be delivered in all projects; 10,000 stands for that or more.',
    registers,
    async collect() {
      this.set((await sources.webhookBacklog()).pending);
    },
  });
  new Gauge({
    name: 'baton_loop_age_seconds',
    help: 'Time since a background loop last succeeded.',
    labelNames: ['loop'],
    registers,
    collect() {
      for (const { name, ageSecs } of sources.loops()) this.set({ loop: name }, ageSecs);
    },
  });
  new Gauge({
    name: 'baton_pool_connections',
    help: 'Database connections of this process, by pool and state; waiting counts callers without one.',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      for (const { name, total, idle, waiting } of sources.pools()) {
        this.set({ pool: name, state: 'open' }, total);
        this.set({ pool: name, state: 'idle' }, idle);
        this.set({ pool: name, state: 'waiting' }, waiting);
      }
    },
  });
  new Gauge({
    name: 'baton_dispatches_in_flight',
    help: 'Runs this process is handing to executors.',
    registers,
    collect() {
      this.set(sources.inFlight());
    },
  });
  new Gauge({
    name: 'baton_tails',
    help: 'Open subscriptions to run events in this process.',
    registers,
    collect() {
      this.set(sources.tails());
    },
  });

  new Gauge({
    name: 'baton_list_followers',
    help: 'Live lists and queues of runs that are followed in this process.',
    registers,
    collect() {
      this.set(sources.listFollowers());
    },
  });
  new Gauge({
    name: 'baton_open_streams',
    help: 'Event streams that are open in this process, by the door they came in through.',
    labelNames: ['kind'],
    registers,
    collect() {
      for (const [kind, count] of Object.entries(sources.openStreams())) this.set({ kind }, count);
    },
  });
  const streamLag = new Histogram({
    name: 'baton_stream_lag_seconds',
    help: 'Time from an event being stored to it being handed to a reader of a stream.',
    buckets: LATENCY_BUCKETS,
    registers,
  });
  new Gauge({
    name: 'baton_tail_lag_seconds',
    help: 'How long the subscription that is furthest behind has had something to tell that its reader has not taken.',
    registers,
    collect() {
      this.set(sources.tailLagSecs());
    },
  });

  return {
    registry,
    startLatency: (seconds) => startLatency.observe(seconds),
    dispatched: (outcome) => dispatched.inc({ outcome }),
    transitioned: (to) => transitioned.inc({ to }),
    triggered: (count) => triggered.inc(count),
    webhookSettled: (outcome) => webhooksSettled.inc({ outcome }),
    request: (route, status, seconds) => requests.observe({ route, status }, seconds),
    streamLag: (seconds) => streamLag.observe(seconds),
  };
}
