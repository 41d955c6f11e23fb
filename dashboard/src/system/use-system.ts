import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { type Problem, toProblem } from '../api/problem.ts';
import { useCan } from '../app/viewer.tsx';
import { type Circuit, type Instance, type Price, type Sample, SystemQuery } from './documents.ts';

/** Samples are written each minute. */
const REFRESH_MS = 60_000;

/** Everything of the screen that is asked for, and not followed. */
export interface System {
  readonly version: string | null;
  /** Null for those who do not administer the installation. */
  readonly instance: Instance | null;
  readonly samples: readonly Sample[];
  readonly circuits: readonly Circuit[];
  readonly prices: readonly Price[];
}

/** Asks how things stand, and stood during the last `rangeMs`; again each minute while somebody looks. */
export function useSystem(rangeMs: number): {
  readonly system: System | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
} {
  const client = useClient();
  const seesFigures = useCan('STATS_READ');
  const seesJobs = useCan('JOBS_READ');
  const isAdmin = useCan('INSTANCE_ADMIN');
  const [system, setSystem] = useState<System | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef(0);

  const load = useCallback(async () => {
    const question = ++asked.current;
    const now = Date.now();
    const span = { from: new Date(now - rangeMs).toISOString(), to: new Date(now).toISOString() };
    const variables = { seesFigures, seesJobs, isAdmin, ...span };
    const { data, error } = await client.query(SystemQuery, variables, { requestPolicy: 'network-only' }).toPromise();
    if (question !== asked.current) return;
    setProblem(error ? toProblem(error) : null);
    if (!data) return;
    setSystem({
      version: data.systemStats?.version ?? null,
      instance: data.systemStats?.instance ?? null,
      samples: data.systemSamples ?? [],
      circuits: data.circuitBreakers?.edges.map(({ node }) => node) ?? [],
      prices: data.modelPrices?.edges.map(({ node }) => node) ?? [],
    });
  }, [client, rangeMs, seesFigures, seesJobs, isAdmin]);

  useEffect(() => {
    void load();
    const timer = setInterval(() => {
      if (!document.hidden) void load();
    }, REFRESH_MS);
    return () => {
      asked.current += 1;
      clearInterval(timer);
    };
  }, [load]);
  return { system, problem, reload: useCallback(() => void load(), [load]) };
}
