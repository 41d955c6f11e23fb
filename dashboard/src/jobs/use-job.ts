import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { type Problem, toProblem } from '../api/problem.ts';
import { useRunsChanged } from '../api/use-runs-changed.ts';
import { type Histogram, type Job, JobQuery } from './job-document.ts';
import { WINDOWS, type Window } from './windows.ts';

/** What the page of a job knows of it. */
export interface JobPage {
  readonly job: Job | null;
  readonly histogram: Histogram | null;
  readonly problem: Problem | null;
  readonly reload: () => void;
}

/** Loads a job with its figures, and again when its runs have changed. */
export function useJob(id: string, window: Window): JobPage {
  const client = useClient();
  const [page, setPage] = useState<Omit<JobPage, 'reload'>>({ job: null, histogram: null, problem: null });
  const asked = useRef(0);

  const reload = useCallback(async () => {
    const question = ++asked.current;
    const to = new Date();
    const hours = WINDOWS.find((known) => known.id === window)?.hours ?? 24;
    const from = new Date(to.getTime() - hours * 3_600_000);
    const variables = { id, window, from: from.toISOString(), to: to.toISOString(), runs: { job: id } };
    const { data, error } = await client.query(JobQuery, variables, { requestPolicy: 'network-only' }).toPromise();
    if (question !== asked.current) return;
    setPage((before) => ({
      job: data?.job ?? before.job,
      histogram: data?.runHistogram ?? before.histogram,
      problem: error ? toProblem(error) : null,
    }));
  }, [client, id, window]);

  useEffect(() => {
    void reload();
    return () => {
      asked.current += 1;
    };
  }, [reload]);

  useRunsChanged(page.job === null ? null : { job: page.job.id }, () => void reload());
  return { ...page, reload: () => void reload() };
}
