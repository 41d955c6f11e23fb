import type { RunActor } from '../../src/auth/actor.ts';
import type { GraphQLWorld } from './graphql.ts';

/** Data of an answer, as loosely as JSON is: tests compare it whole. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of an answer is what its document asks for.
type Data = any;

/** The mutations that report, each with everything it takes as variables; what it answers is under `said`. */
export const SAY = {
  checkpoint:
    'mutation ($input: SaveCheckpointInput!) { said: saveCheckpoint(input: $input) { id runId sequence source state createdAt } }',
  usage:
    'mutation ($input: ReportUsageInput!) { said: reportUsage(input: $input) { id runId provider model promptTokens completionTokens totalTokens costMicrousd createdAt } }',
  toolCall:
    'mutation ($input: ReportToolCallInput!) { said: reportToolCall(input: $input) { id runId toolName input output durationMs status createdAt } }',
  setState: 'mutation ($input: SetStateInput!) { said: setState(input: $input) { runId key value updatedAt } }',
  deleteState: 'mutation ($key: String!) { said: deleteState(key: $key) { id } }',
  annotate: 'mutation ($input: AnnotateRunInput!) { said: annotateRun(input: $input) { run { metadata } } }',
  resources: 'mutation ($input: ReportResourcesInput!) { said: reportResources(input: $input) { seq } }',
  continue:
    'mutation ($input: ContinueRunInput!) { said: continueRun(input: $input) { id payload priority continuationOf lineageDepth triggeredBy attempt metadata tags parentRunId } }',
} as const;

/** Variables that each of them takes. */
export const GOOD: { readonly [Report in keyof typeof SAY]: object } = {
  checkpoint: { input: { state: { page: 1 } } },
  usage: { input: { provider: 'acme', model: 'large-1', promptTokens: 1, completionTokens: 2, costMicrousd: 3 } },
  toolCall: { input: { toolName: 'search' } },
  setState: { input: { key: 'other', value: 1 } },
  deleteState: { key: 'kept' },
  annotate: { input: { annotations: { phase: 'two' } } },
  resources: { input: { cpuPercent: 5 } },
  continue: { input: {} },
};

/** The names of {@link SAY}. */
export type ReportName = keyof typeof SAY;

/** Ways to report over a {@link GraphQLWorld}, and to see what became of it. */
export interface Reporter {
  /** What a mutation of {@link SAY} answers. */
  say(as: RunActor, report: ReportName, variables?: object): Promise<Data>;
  /** Code and message of each error that it answers. */
  refused(as: RunActor, report: ReportName, variables?: object): Promise<unknown[][]>;
  /** Triggers a run of a new job and claims it. */
  start(fields?: object, input?: object): Promise<RunActor>;
  /** The events of a run but for its changes of status. */
  events(runId: string): Promise<{ seq: number; type: string; level: string; message: string; data: unknown }[]>;
  /** Fields of a run. */
  read(runId: string, fields: string): Promise<Data>;
  /** Everything of a run that a report could have changed. */
  everything(runId: string): Promise<unknown>;
}

/** Makes a {@link Reporter}. */
export function makeReporter(t: GraphQLWorld): Reporter {
  return {
    say: async (as, report, variables = GOOD[report]) => (await t.get(SAY[report], { as, variables })).said,
    async refused(as, report, variables = GOOD[report]) {
      const { errors = [] } = await t.ask(SAY[report], { as, variables });
      return errors.map(({ message, extensions }) => [extensions?.['code'], message]);
    },
    async start(fields = {}, input = {}) {
      const job = await t.createJob(fields);
      return t.start({ job: job.id, ...input });
    },
    async events(runId) {
      const { run } = await t.get(
        'query ($id: ID!) { run(id: $id) { events(first: 100) { edges { node { seq type level message data } } } } }',
        { variables: { id: runId } },
      );
      return run.events.edges.map(({ node }: Data) => node).filter(({ type }: Data) => type !== 'STATE_CHANGE');
    },
    read: async (runId, fields) =>
      (await t.get(`query ($id: ID!) { run(id: $id) { ${fields} } }`, { variables: { id: runId } })).run,
    async everything(runId) {
      const { rows } = await t.pools.reads.query(EVERYTHING_SQL, [runId]);
      return rows;
    },
  };
}

const EVERYTHING_SQL = `
select r.status, r.event_seq, r.checkpoint_seq, d.metadata,
            (select count(*) from run_events x where x.run_id = r.id) as events,
            (select count(*) from run_checkpoints x where x.run_id = r.id) as checkpoints,
            (select count(*) from run_usage x where x.run_id = r.id) as usage,
            (select count(*) from run_tool_calls x where x.run_id = r.id) as tool_calls,
            (select json_agg(x order by x.state_key) from run_state x where x.run_id = r.id) as state,
            (select count(*) from runs x where x.continuation_of = r.id) as continuations
       from runs r join run_data d on d.run_id = r.id where r.id = $1`;
