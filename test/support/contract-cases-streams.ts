import type { ContractCase } from './contract-cases.ts';
import { documentedShape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

const JOURNEY = { payload: { do: 'accept' } };

/** A run that has logged, streamed and ended: its streams end too. */
async function streamed(world: RestWorld): Promise<{ readonly id: string; readonly query: string }> {
  const { id, token } = await world.accepted(JOURNEY);
  const tell = (route: string, body: object) => world.done('POST', `/sdk/v1/runs/${id}/${route}`, { key: token, body });
  await tell('log', { message: 'thinking', level: 'warn', data: { step: 1 } });
  await tell('stream', { chunk: 'Hel' });
  await tell('stream', { chunks: ['lo', '!'], stream_id: 'default', done: true });
  await tell('fail', { error: 'out of words' });
  return { id, query: 'after=0' };
}

/** The event streams, and what belongs to them, by operation id. */
export const streamCases: Readonly<Record<string, ContractCase>> = {
  streamRun: { request: streamed, status: 200, body: 'any', scope: 'runs:read' },
  streamRunChunks: { request: streamed, status: 200, body: 'any', scope: 'runs:read' },
  createStreamToken: {
    request: async (world) => ({ body: { run_id: (await world.accepted()).id } }),
    status: 200,
    body: documentedShape('StreamToken'),
    scope: 'runs:read',
  },
  pushStreamChunk: {
    request: async (world) => ({ ...(await world.accepted()), body: { chunk: 'Hel', stream_id: 'answer', done: false } }),
    status: 200,
    body: documentedShape('Reported'),
    scope: null,
  },
};
