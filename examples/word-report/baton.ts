import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** Where Baton is, and as whom it is called. */
export interface Access {
  readonly url: string;
  readonly apiKey: string;
}

const WorkflowRun = z.object({ id: z.string(), status: z.string(), error: z.string().nullable() });
const StepRun = z.object({ step_ref: z.string(), status: z.string(), error: z.string().nullable(), output: z.unknown() });
const Event = z.object({ seq: z.int(), stepRef: z.string().nullable(), message: z.string(), toStatus: z.string().nullable() });
const Message = z.object({
  data: z.object({ workflowRunChanged: Event }).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});
const Triggered = z.object({ id: z.string() });

/** A workflow run. */
export type WorkflowRun = z.infer<typeof WorkflowRun>;
/** A step of one. */
export type StepRun = z.infer<typeof StepRun>;
/** A line of its story. */
export type WorkflowEvent = z.infer<typeof Event>;

/** What the example asks of Baton about workflows: plain REST, and one subscription. */
export interface Workflows {
  /** Creates the workflow, or makes this its next version. */
  save(workflow: { readonly slug: string }): Promise<void>;
  /** Triggers a run and answers its id. */
  trigger(slug: string): Promise<string>;
  get(id: string): Promise<WorkflowRun>;
  steps(id: string): Promise<StepRun[]>;
  decide(id: string, step: string, verb: 'approve' | 'decline', reason: string): Promise<void>;
  /** Does an ended one again, keeping what has completed; answers the id of the new one. */
  retryFromFailed(id: string): Promise<string>;
  cancel(id: string): Promise<void>;
  /** The story of a workflow run from its beginning, then live; ends when it has ended. */
  follow(id: string, signal: AbortSignal): AsyncGenerator<WorkflowEvent, void, undefined>;
}

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'timed_out', 'canceled']);
const RECONNECT_MS = 500;
const STORY = `subscription ($id: ID!, $after: Int!) { workflowRunChanged(id: $id, after: $after) { seq stepRef message toStatus } }`;

/** Makes {@link Workflows}. */
export function workflowsOf({ url, apiKey }: Access): Workflows {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };

  async function call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${url}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }
  async function done(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await call(method, path, body);
    if (answer.status === 404) throw new Error(`${method} ${path} found nothing`);
    return answer.body;
  }
  const runs = '/v1/workflow-runs';
  const get = async (id: string): Promise<WorkflowRun> => WorkflowRun.parse(await done('GET', `${runs}/${id}`));

  return {
    async save(workflow) {
      const { slug, ...changes } = workflow;
      const { status } = await call('PATCH', `/v1/workflows/${slug}`, changes);
      if (status === 404) await done('POST', '/v1/workflows', workflow);
    },
    trigger: async (slug) => Triggered.parse(await done('POST', `/v1/workflows/${slug}/trigger`, {})).id,
    get,
    steps: async (id) => z.array(StepRun).parse(await done('GET', `${runs}/${id}/steps`)),
    async decide(id, step, verb, reason) {
      await done('POST', `${runs}/${id}/steps/${step}/${verb}`, { reason });
    },
    retryFromFailed: async (id) => Triggered.parse(await done('POST', `${runs}/${id}/retry`, { mode: 'from_failed' })).id,
    async cancel(id) {
      await done('DELETE', `${runs}/${id}`);
    },
    async *follow(id, signal) {
      for (let after = 0; ; await sleep(RECONNECT_MS, undefined, { signal })) {
        const answer = await fetch(`${url}/graphql`, {
          method: 'POST',
          headers: { ...headers, accept: 'text/event-stream' },
          body: JSON.stringify({ query: STORY, variables: { id, after } }),
          signal,
        });
        if (!answer.ok || !answer.body)
          throw new Error(`the story of ${id} was refused: ${answer.status} ${await answer.text()}`);
        for await (const message of messages(answer.body)) {
          const { data, errors } = Message.parse(JSON.parse(message));
          if (errors?.[0]) throw new Error(errors[0].message);
          if (!data) continue;
          after = data.workflowRunChanged.seq;
          yield data.workflowRunChanged;
        }
        // A stream that ends before the workflow run does was cut off, by a server that stopped for instance.
        if (ENDED.has((await get(id)).status)) return;
      }
    },
  };
}

/** The data of server-sent events, one line of it each as GraphQL sends them. */
async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const lines = (rest + decoder.decode(read.value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: {')) yield line.slice('data: '.length);
  }
}
