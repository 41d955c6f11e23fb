import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { graphql, type ResultOf } from '../../api/graphql.ts';
import { type Problem, toProblem } from '../../api/problem.ts';
import type { Conditions } from '../filter/fields.ts';
import { frameOf, type TimeFrame } from './time-frame.ts';

const RunFiguresQuery = graphql(`
  query RunFigures($filter: RunFilter, $anyStatus: RunFilter, $from: DateTime!, $to: DateTime!) {
    runCounts(filter: $anyStatus) {
      counts {
        status
        count
      }
      isCapped
    }
    runHistogram(filter: $filter, from: $from, to: $to, buckets: 60) {
      bucketSecs
      isSampled
      buckets {
        at
        counts {
          status
          count
        }
      }
    }
  }
`);

/** The runs of a filter in figures. */
export interface RunFigures {
  readonly frame: TimeFrame;
  readonly counts: ResultOf<typeof RunFiguresQuery>['runCounts'];
  readonly histogram: ResultOf<typeof RunFiguresQuery>['runHistogram'];
}

/** While runs change, they are counted again so often: every look would cost more than it tells. */
const REFRESH_MS = 5_000;

/**
 * Counts the runs of a filter by status, whatever status it asks for, and over time. `changes` grows with what has happened since. What
 * was counted before stays until there is an answer; null before the first.
 */
export function useRunFigures(
  conditions: Conditions,
  changes: number,
): { readonly figures: RunFigures | null; readonly problem: Problem | null } {
  const client = useClient();
  const [figures, setFigures] = useState<RunFigures | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef(0);
  const key = JSON.stringify(conditions);

  const load = useCallback(async () => {
    const question = ++asked.current;
    const { status, ...anyStatus } = JSON.parse(key) as Conditions;
    const { createdAfter: _after, createdBefore: _before, ...timeless } = anyStatus;
    const frame = frameOf(anyStatus, Date.now());
    const variables = {
      filter: { ...timeless, ...(status && { status }) },
      anyStatus,
      from: new Date(frame.from).toISOString(),
      to: new Date(frame.to).toISOString(),
    };
    const { data, error } = await client.query(RunFiguresQuery, variables, { requestPolicy: 'network-only' }).toPromise();
    if (question !== asked.current) return;
    setProblem(error ? toProblem(error) : null);
    if (data) setFigures({ frame, counts: data.runCounts, histogram: data.runHistogram });
  }, [client, key]);

  useEffect(() => {
    void load();
    return () => {
      asked.current += 1;
    };
  }, [load]);

  const seen = useRef(changes);
  const latest = useRef(changes);
  latest.current = changes;
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden || seen.current === latest.current) return;
      seen.current = latest.current;
      void load();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [load]);
  return { figures, problem };
}
