import type { ChildHandle } from './children.ts';
import type { CheckpointState, ContinueOptions, JobContext, ToolCall } from './context.ts';
import { describeError } from './describe-error.ts';
import type { Dispatch } from './dispatch.ts';
import { BatonError } from './errors.ts';
import { asRecord } from './http.ts';
import type { Outbox } from './outbox.ts';
import type { RunApi } from './run-api.ts';
import type { RunStatus } from './run-status.ts';
import { toSnakeKeys } from './wire-names.ts';

type Records = Pick<JobContext, 'checkpoint' | 'usage' | 'toolCall' | 'state' | 'annotate' | 'continueWith'>;

/** Makes what an attempt keeps with its run: checkpoints, usage, tool calls, state, annotations, continuations. */
export function makeRecords(api: RunApi, outbox: Outbox): Records {
  let continuations = 0;
  return {
    async checkpoint(state) {
      const saved = asRecord(await api.post('checkpoint', JSON.stringify({ state })));
      return { sequence: Number(saved['sequence']) };
    },
    usage(usage) {
      outbox.push({ route: 'usage', json: JSON.stringify(toSnakeKeys(usage)) });
    },
    toolCall(call) {
      outbox.push({ route: 'tool-call', json: toolCallJson(call) });
    },
    state: {
      async get(key) {
        const found = await api.find(stateRoute(key));
        return found === null ? undefined : asRecord(found)['value'];
      },
      async set(key, value) {
        // JSON has no word for undefined, and a property that is undefined would vanish.
        await api.post('state', JSON.stringify({ key, value: value ?? null }));
      },
      async list() {
        const rows = (await api.getAll('state')).map(asRecord);
        return new Map(rows.map((row) => [String(row['state_key']), row['value']]));
      },
      delete: (key) => api.remove(stateRoute(key)),
    },
    async annotate(annotations) {
      await api.post('annotate', JSON.stringify({ annotations }));
    },
    async continueWith(payload?: unknown, options: ContinueOptions = {}): Promise<ChildHandle> {
      // Counted before anything is awaited, so that concurrent continuations are numbered in the order they were called.
      const key = options.key ?? `continue:${++continuations}`;
      const run = asRecord(await api.post('continue', JSON.stringify({ payload, key })));
      const { id, status } = run;
      if (typeof id !== 'string' || typeof status !== 'string') {
        throw new BatonError('Baton answered a continuation without an id or a status', {
          status: 200,
          code: 'INVALID_RESPONSE',
        });
      }
      // A status this version of the SDK does not know is still a status.
      return { id, status: status as RunStatus };
    },
  };
}

/** The newest checkpoint of a run as its handler finds it: what came with the dispatch, or what Baton has when it was too large for that. */
export async function readLastCheckpoint(checkpoint: Dispatch['checkpoint'], api: RunApi): Promise<CheckpointState | null> {
  if (checkpoint === 'none') return null;
  if (checkpoint !== 'to-fetch') return asRecord(checkpoint.state);
  const found = await api.find('checkpoint');
  return found === null ? null : asRecord(asRecord(found)['state']);
}

/** What JSON cannot carry costs the report what went in and came out, not the call: telling of it must never end a run. */
function toolCallJson({ name, input, output, ...rest }: ToolCall): string {
  const call = { tool_name: name, ...toSnakeKeys(rest) };
  try {
    return JSON.stringify({ ...call, input, output });
  } catch (error) {
    return JSON.stringify({ ...call, output: { not_json: describeError(error) } });
  }
}

function stateRoute(key: string): string {
  return `state/${encodeURIComponent(key)}`;
}
