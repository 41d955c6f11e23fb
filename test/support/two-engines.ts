import { type TriggerRun, triggerJob } from '../../src/domain/runs/trigger.ts';
import type { TriggerAnswer } from '../../src/domain/runs/trigger-answer.ts';
import { startTestEngine, type TestEngine, type TestEngineOptions } from './engine.ts';

/** Two server processes on one database, as far as they can be told from within one. */
export interface TwoEngines {
  readonly a: TestEngine;
  readonly b: TestEngine;
  /** Triggers by turns in both, all at once; what is refused is the error. */
  triggerAll(inputs: readonly TriggerRun[]): Promise<(TriggerAnswer | Error)[]>;
  /** The ids of the runs of a job, in the order of their creation. */
  runsOf(jobId: string): Promise<{ id: string; triggered_by: string; payload: unknown; payload_hash: string; status: string }[]>;
  close(): Promise<void>;
}

/** Starts {@link TwoEngines}. */
export async function startTwoEngines(options: TestEngineOptions = {}): Promise<TwoEngines> {
  const a = await startTestEngine(options);
  const b = await startTestEngine({ ...options, url: a.url });
  return {
    a,
    b,
    triggerAll: (inputs) =>
      Promise.all(
        inputs.map((input, index) =>
          triggerJob(a.actor, input, (index % 2 === 0 ? a : b).engine.runs).catch((error: unknown) => {
            if (error instanceof Error) return error;
            throw error;
          }),
        ),
      ),
    async runsOf(jobId) {
      const { rows } = await a.pools.reads.query(
        `select r.id, r.triggered_by, d.payload, d.payload_hash, r.status from runs r join run_data d on d.run_id = r.id
          where r.job_id = $1 order by r.created_at, r.id`,
        [jobId],
      );
      return rows;
    },
    async close() {
      await b.close();
      await a.close();
    },
  };
}
