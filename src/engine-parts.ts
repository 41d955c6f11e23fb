import type { Logger } from 'pino';
import type { RunTokens } from './auth/run-token.ts';
import type { SecretBox } from './auth/secret-box.ts';
import type { StreamTokens } from './auth/stream-token.ts';
import type { Config } from './config.ts';
import type { CircuitPolicy } from './core/circuit.ts';
import type { EndpointPolicy } from './core/endpoint-guard.ts';
import type { Executor, ManagedAttempt, Outcome } from './core/outcome.ts';
import type { PostSigned } from './core/signed-post.ts';
import type { Pools } from './db/pool.ts';
import type { WakeHub } from './db/wake-hub.ts';
import type { DispatchEnvironments } from './domain/environments/dispatch-environments.ts';
import type { RunDeps } from './domain/runs/deps.ts';
import type { ScheduleDeps } from './domain/schedules/deps.ts';
import type { DeliveryAttempt } from './domain/webhooks/settle-delivery.ts';
import type { WorkflowDeps } from './domain/workflows/deps.ts';
import type { StartedLoop } from './worker/loop.ts';
import type { WebhookPauses } from './worker/webhook-sender.ts';

/** What counts and observes; the engine tells it, never asks it. */
export interface EngineObserver {
  startLatency(seconds: number): void;
  dispatched(outcome: Outcome['kind']): void;
  transitioned(to: string): void;
  triggered(count: number): void;
  /** An attempt to deliver a webhook has ended. */
  webhookSettled(status: DeliveryAttempt['status']): void;
}

/** The part of a process that moves runs: what the faces call into, and the loops behind it. */
export interface Engine {
  readonly runs: RunDeps;
  readonly dispatchEnvironments: DispatchEnvironments;
  readonly workflows: WorkflowDeps;
  readonly schedules: ScheduleDeps;
  readonly hub: WakeHub;
  /** A webhook was stored by somebody else than a transition: send it at once, if this process sends any. */
  webhookDue(): void;
  readonly loops: readonly StartedLoop[];
  inFlight(): number;
  start(): Promise<void>;
  /** Stops claiming, waits up to `graceMs` for what is under way, hands the rest back. The faces may go on meanwhile: executors report. */
  drain(graceMs: number): Promise<void>;
  /** Lets what was taken on be stored and tells the others that this process is gone. The pools must outlive this. */
  close(): Promise<void>;
}

/** What an engine is made from. */
export interface EngineDeps {
  readonly config: Pick<Config, 'role' | 'concurrency' | 'leaseMs' | 'reaperMs' | 'pollMs' | 'managedExec'>;
  readonly instanceId: string;
  readonly pools: Pools;
  readonly tokens: RunTokens;
  /** Opens the secrets of jobs. */
  readonly box: SecretBox;
  readonly streamTokens: StreamTokens;
  readonly executor: Executor;
  /** Runs managed jobs; null in a process that starts no processes. */
  readonly managed: Executor<ManagedAttempt> | null;
  /** Sends webhooks. */
  readonly post: PostSigned;
  /** What URLs of users may point at. */
  readonly endpointPolicy: EndpointPolicy;
  /** When runs are kept away from endpoints; tests are less patient than the documented policy. */
  readonly circuitPolicy?: CircuitPolicy;
  readonly observer: EngineObserver;
  readonly log: Logger;
  /** Milliseconds between the attempts to deliver a webhook, where they are not to be the documented ones. */
  readonly webhookPausesMs?: WebhookPauses;
  /** The process is beyond repair by itself and should be replaced. */
  readonly onHopeless: (reason: string) => void;
}
