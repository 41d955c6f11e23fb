import type { Pool } from 'pg';
import { type CircuitPolicy, circuitEndpoint, type Verdict } from '../../core/circuit.ts';
import { newId } from '../../core/ids.ts';
import { CLOSE_SQL, FREE_SQL, LOAD_SQL, OPEN_SQL, PROBE_SQL, REOPEN_SQL } from './circuit-statements.ts';

/** Whether a run may be sent to an endpoint. */
export type Admission =
  /** `probeOf`: the run is the one that tries whether the endpoint of this circuit can be reached again. */
  { readonly kind: 'admitted'; readonly probeOf: string | null } | Refusal;

/** A circuit that keeps a run away, for so many milliseconds unless it closes before. */
export interface Refusal {
  readonly kind: 'refused';
  readonly circuitId: string;
  readonly endpoint: string;
  readonly retryInMs: number;
}

/** An endpoint of a project. */
export interface CircuitTarget {
  readonly projectId: string;
  readonly url: string;
}

/**
 * Keeps runs away from endpoints that nobody answers at. Failures in a row are counted in each process by itself, and the database hears
 * of them when a circuit changes; a dispatch to an endpoint that works costs no statement. Circuits that others have opened are known
 * within {@link MAX_AGE_MS}.
 */
export interface Circuits {
  /** Never throws: without a database runs go where they were to go. */
  admit(target: CircuitTarget): Promise<Admission>;
  /** Takes note of how a dispatch ended; resolves when a change of the circuit is stored. Never throws. */
  report(target: CircuitTarget, seen: { readonly verdict: Verdict; readonly probeOf: string | null }): Promise<void>;
  /** Takes a probe back that was not sent or not ended: the next run may be it. Never throws. */
  abandon(circuitId: string): Promise<void>;
  /** Frees the runs held for a circuit if it is closed: for whoever has just held one, or closed it. */
  free(circuitId: string): Promise<void>;
  /** Forgets what is known of circuits here: one was changed by hand. */
  invalidate(): void;
}

interface CircuitDeps {
  readonly engine: Pool;
  readonly policy: CircuitPolicy;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  /** Told when runs became claimable. */
  readonly onFreed: () => void;
  readonly onError: (error: unknown) => void;
}

/** How old what a process knows of open circuits may be. */
const MAX_AGE_MS = 1_000;
/** Endpoints whose failures are counted at once; the one counted longest ago is forgotten first. */
const MAX_COUNTERS = 10_000;
/** No run is put back for a shorter time, so that none goes round and round. */
const MIN_SNOOZE_MS = 1_000;
const FREED_AT_ONCE = 1_000;

interface Broken {
  readonly id: string;
  readonly endpoint: string;
  /** By the clock of this process. */
  readonly retryAt: number;
}

/** What holds a run back for a circuit. */
export function circuitHold(circuitId: string): string {
  return `circuit:${circuitId}`;
}

/** Makes the {@link Circuits} of a process. */
export function makeCircuits(deps: CircuitDeps): Circuits {
  const { engine, policy, now } = deps;
  /** Failures in a row of endpoints that had any. */
  const counters = new Map<string, number>();
  let known: ReadonlyMap<string, Broken> = new Map();
  let knownAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | null = null;
  /** Counts changes made here: what was asked for before one of them may be from before it. */
  let changes = 0;

  async function load(): Promise<void> {
    const [askedAt, askedAfter] = [now(), changes];
    const { rows } = await engine.query<{ id: string; project_id: string; endpoint: string; retryInMs: number }>({
      name: 'circuits',
      text: LOAD_SQL,
    });
    known = new Map(
      rows.map(({ id, project_id: projectId, endpoint, retryInMs }) => [
        keyOf(projectId, endpoint),
        { id, endpoint, retryAt: askedAt + retryInMs },
      ]),
    );
    if (changes === askedAfter) knownAt = askedAt;
  }

  async function fresh(): Promise<ReadonlyMap<string, Broken>> {
    while (now() - knownAt >= MAX_AGE_MS) {
      loading ??= load().finally(() => {
        loading = null;
      });
      await loading;
    }
    return known;
  }

  function invalidate(): void {
    changes++;
    knownAt = Number.NEGATIVE_INFINITY;
  }

  async function change(name: string, text: string, values: readonly unknown[]): Promise<boolean> {
    const { rowCount } = await engine.query({ name, text, values: [...values] });
    invalidate();
    return (rowCount ?? 0) > 0;
  }

  async function free(circuitId: string): Promise<void> {
    const values = [circuitHold(circuitId), circuitId, FREED_AT_ONCE];
    let total = 0;
    for (let freed = FREED_AT_ONCE; freed === FREED_AT_ONCE; total += freed) {
      const { rowCount } = await engine.query({ name: 'free-circuit', text: FREE_SQL, values });
      freed = rowCount ?? 0;
    }
    if (total > 0) deps.onFreed();
  }

  async function admit({ projectId, url }: CircuitTarget): Promise<Admission> {
    const endpoint = circuitEndpoint(url);
    const broken = (await fresh()).get(keyOf(projectId, endpoint));
    if (!broken) return { kind: 'admitted', probeOf: null };
    const leftMs = broken.retryAt - now();
    if (leftMs <= 0 && (await change('probe-circuit', PROBE_SQL, [broken.id, policy.openMs]))) {
      return { kind: 'admitted', probeOf: broken.id };
    }
    // While another run tries the endpoint, this one waits for what comes of it, and is freed when that is good.
    const retryInMs = leftMs > 0 ? Math.max(leftMs, MIN_SNOOZE_MS) : policy.openMs;
    return { kind: 'refused', circuitId: broken.id, endpoint, retryInMs: Math.ceil(retryInMs) };
  }

  async function probed(circuitId: string, verdict: Verdict): Promise<void> {
    if (verdict !== 'served') {
      await change('reopen-circuit', REOPEN_SQL, [circuitId, policy.openMs, 1]);
      return;
    }
    await change('close-circuit', CLOSE_SQL, [circuitId]);
    await free(circuitId);
  }

  async function count(projectId: string, endpoint: string): Promise<void> {
    const key = keyOf(projectId, endpoint);
    const failures = (counters.get(key) ?? 0) + 1;
    // Moved to the end on every failure: the first one is the one counted longest ago.
    counters.delete(key);
    counters.set(key, failures);
    if (counters.size > MAX_COUNTERS) counters.delete(counters.keys().next().value ?? key);
    // Those that were under way when it opened say nothing new.
    if (failures < policy.failures || known.has(key)) return;
    await change('open-circuit', OPEN_SQL, [newId(), projectId, endpoint, failures, policy.openMs]);
    counters.delete(key);
  }

  /** What a circuit is good for is not worth a dispatch or its outcome. */
  async function quietly<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      deps.onError(error);
      return otherwise;
    }
  }

  return {
    admit: (target) => quietly<Admission>({ kind: 'admitted', probeOf: null }, () => admit(target)),
    async report({ projectId, url }, { verdict, probeOf }) {
      if (verdict === 'served' && counters.size > 0) counters.delete(keyOf(projectId, circuitEndpoint(url)));
      if (probeOf !== null) await quietly(undefined, () => probed(probeOf, verdict));
      else if (verdict === 'unserved') await quietly(undefined, () => count(projectId, circuitEndpoint(url)));
    },
    async abandon(circuitId) {
      await quietly(false, () => change('reopen-circuit', REOPEN_SQL, [circuitId, 0, 0]));
    },
    free: (circuitId) => quietly(undefined, () => free(circuitId)),
    invalidate,
  };
}

/** No project id contains a blank. */
function keyOf(projectId: string, endpoint: string): string {
  return `${projectId} ${endpoint}`;
}
