import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renewLeases } from '../src/domain/runs/leases.ts';
import { triggerRun } from '../src/domain/runs/trigger.ts';
import { startTestEngine, type TestEngine } from './support/engine.ts';

let t: TestEngine;
beforeAll(async () => {
  t = await startTestEngine({ role: 'api' });
});
afterAll(() => t.close());

describe('renewing a lease', () => {
  it('never shortens it: a hand-over to the executor may have come in between', async () => {
    const job = await t.createJob();
    const { id } = await triggerRun(t.actor, { job: job.id }, t.engine.runs);
    const { rows: handedOver } = await t.pools.reads.query<{ lease_until: Date }>(
      `insert into run_leases (run_id, epoch, holder, lease_until, deadline_at)
       values ($1, 0, null, now() + interval '60 seconds', now() + interval '300 seconds') returning lease_until`,
      [id],
    );

    const over = await renewLeases([{ runId: id, epoch: 0 }], 3_000, { engine: t.pools.engine });
    const { rows: renewed } = await t.pools.reads.query<{ lease_until: Date }>(
      'select lease_until from run_leases where run_id = $1',
      [id],
    );

    expect(over).toEqual([]);
    expect(renewed).toEqual(handedOver);
  });
});
