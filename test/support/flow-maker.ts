import type { TestApp } from './app.ts';

/** Makes workflows and jobs by the API, for browser tests. */
export interface FlowMaker {
  /** A job whose runs go to the executor of the test; answers its slug. */
  job(slug: string, fields?: object): Promise<string>;
  workflow(slug: string, steps: readonly object[], fields?: object): Promise<string>;
  /** Triggers a workflow; answers the id of its run. */
  trigger(workflow: string, payload?: unknown): Promise<string>;
  /** How a workflow run stands, now. */
  read(id: string): Promise<WorkflowRunState>;
}

/** What browser tests look at behind the page. */
export interface WorkflowRunState {
  readonly status: string;
  readonly retryOf: string | null;
  readonly retryMode: string | null;
  readonly graph: {
    readonly nodes: readonly {
      readonly ref: string;
      readonly status: string;
      readonly decision: string | null;
      readonly decidedBy: string | null;
      readonly decisionReason: string | null;
      readonly keptFrom: string | null;
      readonly output: unknown;
    }[];
  };
}

/** A {@link FlowMaker} for a test server whose jobs lead to `executorUrl`. */
export function makeFlows(t: TestApp, executorUrl: string): FlowMaker {
  const create = async (field: string, type: string, input: object): Promise<string> => {
    const data = await t.graphql<Record<string, { id: string }>>(
      `mutation ($input: ${type}!) { ${field}(input: $input) { id } }`,
      { input },
    );
    return data[field]?.id ?? '';
  };
  return {
    async job(slug, fields = {}) {
      await create('createJob', 'CreateJobInput', { slug, name: slug, endpointUrl: executorUrl, maxAttempts: 1, ...fields });
      return slug;
    },
    workflow: (slug, steps, fields = {}) =>
      create('createWorkflow', 'CreateWorkflowInput', { slug, name: slug, steps, ...fields }),
    trigger: (workflow, payload = {}) => create('triggerWorkflow', 'TriggerWorkflowInput', { workflow, payload }),
    async read(id) {
      const { workflowRun } = await t.graphql<{ workflowRun: WorkflowRunState }>(
        `query ($id: ID!) { workflowRun(id: $id) { status retryOf retryMode
          graph { nodes { ref status decision decidedBy decisionReason keptFrom output } } } }`,
        { id },
      );
      return workflowRun;
    },
  };
}
