import type { Pool } from 'pg';
import type { RunActor } from '../../auth/actor.ts';
import type { AppError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { RunStatus } from '../../core/run-state.ts';
import { isDataError } from '../../db/errors.ts';
import { RECORD_KINDS, type RecordKind, recordSql } from './record-statement.ts';
import { type Report, refusal } from './report.ts';

/** Something an executor tells about its run, to be kept in rows of its own and as an event. */
export interface Entry extends Omit<Report, 'runId' | 'epoch'> {
  /** The columns of its kind, in the words of the database. */
  readonly fields: Readonly<Record<string, JsonValue>>;
  /** Says why nothing was kept although the claim stands; null, or no such function, leaves it to the status of the run. */
  readonly refused?: (status: RunStatus) => AppError | null;
}

/** What the statement gave to an entry. */
export interface Recorded {
  /** Its place in the story of the run. */
  readonly seq: number;
  /** Its place among the checkpoints of the run; means nothing for other kinds. */
  readonly sequence: number;
  /** When it was stored. */
  readonly at: Date;
}

/** Keeps what executors report. */
export interface Records {
  /**
   * Stores one entry of the calling executor's run with its event, sharing a statement with others of its kind. Throws NOT_FOUND, or
   * CONFLICT when the claim that reports no longer stands; nothing is stored then.
   */
  keep(kind: RecordKind, actor: RunActor, entry: Entry): Promise<Recorded>;
  idle(): Promise<void>;
}

interface Item {
  readonly actor: RunActor;
  readonly entry: Entry;
}

interface Row {
  ord: number;
  seq: number | null;
  sequence: number | null;
  status: RunStatus | null;
  epoch: number | null;
  at: Date | null;
}

/** Makes {@link Records} over the engine pool: one lane for each kind, so that the reports of one kind keep their order. */
export function makeRecords(deps: { readonly pool: Pool; readonly onReported: (runIds: readonly string[]) => void }): Records {
  const batcherOf = (kind: RecordKind) => {
    const { keyOf, maxItems } = RECORD_KINDS[kind];
    const text = recordSql(RECORD_KINDS[kind]);
    return makeMicroBatcher<Item, Row>({
      flush: async (items) => {
        const { rows } = await deps.pool.query<Row>({ name: `keep-${kind}`, text, values: [JSON.stringify(items.map(toInput))] });
        deps.onReported([...new Set(items.map(({ actor }) => actor.runId))]);
        const rowOf = new Map(rows.map((row) => [row.ord, row]));
        return items.map(
          (_item, ord) => rowOf.get(ord) ?? { ord, seq: null, sequence: null, status: null, epoch: null, at: null },
        );
      },
      keyOf: ({ actor, entry }) => keyOf(actor.runId, entry.fields),
      maxItems,
      lanes: 1,
      isPoison: isDataError,
    });
  };
  const batchers = {
    checkpoint: batcherOf('checkpoint'),
    usage: batcherOf('usage'),
    'tool-call': batcherOf('tool-call'),
    state: batcherOf('state'),
    'state-removal': batcherOf('state-removal'),
    annotation: batcherOf('annotation'),
  };
  return {
    async keep(kind, actor, entry) {
      const { seq, sequence, at, status, epoch } = await batchers[kind].add({ actor, entry });
      if (seq !== null && sequence !== null && at !== null) return { seq, sequence, at };
      const own = status !== null && epoch === actor.epoch ? entry.refused?.(status) : null;
      throw own ?? refusal(actor.epoch, { status, epoch });
    },
    async idle() {
      await Promise.all(Object.values(batchers).map((batcher) => batcher.idle()));
    },
  };
}

function toInput({ actor, entry }: Item, ord: number): object {
  const { fields, type, level, message, data } = entry;
  return { ...fields, ord, run_id: actor.runId, project_id: actor.projectId, epoch: actor.epoch, type, level, message, data };
}
