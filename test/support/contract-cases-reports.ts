import type { ContractCase, GoodRequest } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { AcceptedRun, RestWorld } from './rest-world.ts';

const run = documentedShape('JobRun');
const checkpoint = documentedShape('RunCheckpoint');
const usage = documentedShape('RunUsage');
const toolCall = documentedShape('RunToolCall');
const state = documentedShape('RunState');

const CHECKPOINT = { state: { page: 3, seen: ['a'] }, source: 'crawler' };
const USAGE = { provider: 'acme', model: 'large-1', prompt_tokens: 120, completion_tokens: 30, cost_microusd: 4_500 };
const TOOL_CALL = { tool_name: 'search', input: { q: 'x' }, output: ['y'], duration_ms: 12, status: 'ok' };
const STATE = { key: 'cursor', value: { page: 3 } };

/** An accepted run that has reported `body` to a route of its own. */
const after =
  (route: string, body: object) =>
  async (world: RestWorld): Promise<AcceptedRun> => {
    const accepted = await world.accepted();
    await world.done('POST', `/sdk/v1/runs/${accepted.id}/${route}`, { key: accepted.token, body });
    return accepted;
  };

const listed =
  (route: string, body: object) =>
  async (world: RestWorld): Promise<GoodRequest> => ({
    id: (await after(route, body)(world)).id,
  });

const onAcceptedRun =
  (body?: unknown) =>
  async (world: RestWorld): Promise<GoodRequest> => ({ ...(await world.accepted()), ...(body !== undefined && { body }) });

/** The routes of what executors report and keep, on both sides, by operation id. */
export const reportCases: Readonly<Record<string, ContractCase>> = {
  listRunCheckpoints: { request: listed('checkpoint', CHECKPOINT), status: 200, body: [checkpoint], scope: 'runs:read' },
  listRunUsage: { request: listed('usage', USAGE), status: 200, body: [usage], scope: 'runs:read' },
  listRunToolCalls: { request: listed('tool-call', TOOL_CALL), status: 200, body: [toolCall], scope: 'runs:read' },
  listRunState: { request: listed('state', STATE), status: 200, body: [state], scope: 'runs:read' },
  listRunLineage: {
    request: async (world) => {
      const { id, token } = await world.accepted();
      const next = await world.done('POST', `/sdk/v1/runs/${id}/continue`, { key: token, body: {} });
      // From then on nothing happens by itself that could be taken for a change by the request.
      await world.dispatched(next.id);
      return { id };
    },
    status: 200,
    body: [run],
    scope: 'runs:read',
  },
  getDebugBundle: {
    request: async (world) => {
      const { id, token } = await after('checkpoint', CHECKPOINT)(world);
      const report = (route: string, body: object) => world.done('POST', `/sdk/v1/runs/${id}/${route}`, { key: token, body });
      await report('usage', USAGE);
      await report('tool-call', TOOL_CALL);
      await report('output', { output_key: 'report', value: 1, schema: { type: 'integer' } });
      return { id };
    },
    status: 200,
    body: {
      run,
      events: [documentedShape('RunEvent')],
      checkpoints: [checkpoint],
      usage: [usage],
      tool_calls: [toolCall],
      outputs: [documentedShape('RunOutput')],
    },
    scope: 'runs:read',
  },
  saveCheckpoint: { request: onAcceptedRun(CHECKPOINT), status: 200, body: checkpoint, scope: null },
  getOwnCheckpoint: { request: after('checkpoint', CHECKPOINT), status: 200, body: checkpoint, scope: null },
  reportUsage: { request: onAcceptedRun({ ...USAGE, total_tokens: 150 }), status: 200, body: usage, scope: null },
  recordToolCall: { request: onAcceptedRun(TOOL_CALL), status: 200, body: toolCall, scope: null },
  annotateOwnRun: { request: onAcceptedRun({ region: 'eu', phase: 'two' }), status: 200, body: run, scope: null },
  reportResources: {
    request: onAcceptedRun({ memory_mb: 512, memory_percent: 81.5, cpu_percent: 12 }),
    status: 201,
    body: documentedShape('Reported'),
    scope: null,
  },
  continueOwnRun: { request: onAcceptedRun({ payload: { do: 'accept' }, key: 'next' }), status: 202, body: run, scope: null },
  listOwnState: { request: after('state', STATE), status: 200, body: [state], scope: null },
  setOwnState: { request: onAcceptedRun(STATE), status: 201, body: state, scope: null },
  getOwnState: {
    request: async (world) => ({ ...(await after('state', STATE)(world)), params: { key: STATE.key } }),
    status: 200,
    body: state,
    scope: null,
  },
  deleteOwnState: {
    request: async (world) => ({ ...(await after('state', STATE)(world)), params: { key: STATE.key } }),
    status: 204,
    body: null,
    scope: null,
  },
};
