import { readSamples, type SystemSample as Sample } from '../../src/domain/system/samples.ts';
import {
  type InstanceStats as Instance,
  type LoopState,
  type ServerProcess as Process,
  readSystemStats,
  type SystemStats as Stats,
  type TableSize as Table,
} from '../../src/domain/system/stats.ts';
import { builder } from '../builder.ts';
import { enumValues } from '../enum-values.ts';

const TableSize = builder.objectRef<Table>('TableSize').implement({
  description: 'What a table of the database takes up.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The table.' }),
    bytes: t.exposeFloat('bytes', { description: 'Its bytes on disk, indexes included.' }),
    rows: t.exposeFloat('rows', { description: 'About how many rows it has.' }),
  }),
});

const SystemLoop = builder.objectRef<LoopState>('SystemLoop').implement({
  description: 'A background loop of the server process that answers.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The loop.' }),
    ageSecs: t.exposeFloat('ageSecs', { description: 'Seconds since it last succeeded.' }),
    intervalSecs: t.exposeFloat('intervalSecs', { description: 'Seconds that should lie between two times.' }),
    isHealthy: t.exposeBoolean('isHealthy', { description: 'Whether it runs as often as it should, as `/readyz` judges it.' }),
  }),
});

const ServerRoleEnum = builder.enumType('ServerRole', {
  description: 'What a server process does.',
  values: enumValues<Process['role']>({
    all: 'It serves requests and dispatches runs.',
    api: 'It serves requests.',
    worker: 'It dispatches runs.',
  }),
});

const ServerProcess = builder.objectRef<Process>('ServerProcess').implement({
  description: 'A server process on the database.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'New at every start.' }),
    role: t.field({ type: ServerRoleEnum, description: 'What it does.', resolve: ({ role }) => role }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it started.' }),
    beatAt: t.expose('beatAt', { type: 'DateTime', description: 'Its last sign of life.' }),
    isAlive: t.exposeBoolean('isAlive', { description: 'Whether that was within the last minute.' }),
  }),
});

const LATENCY = 'from due to started, in milliseconds; null when none was started';

const InstanceStats = builder.objectRef<Instance>('InstanceStats').implement({
  description: 'How the whole installation stands, all projects together.',
  fields: (t) => ({
    queueDepth: t.exposeInt('queueDepth', { description: 'Runs in the queue, those held back included; counted up to 200,000.' }),
    executing: t.exposeInt('executing', { description: 'Runs that an executor works on or is about to; counted up to 50,000.' }),
    startedPerMinute: t.exposeInt('startedPerMinute', { description: 'Runs started within the last minute.' }),
    endedPerMinute: t.exposeInt('endedPerMinute', { description: 'Runs that ended within the last minute.' }),
    startP50Ms: t.exposeInt('startP50Ms', {
      nullable: true,
      description: `What half of those started took at most, ${LATENCY}.`,
    }),
    startP95Ms: t.exposeInt('startP95Ms', {
      nullable: true,
      description: `What all but a twentieth of them took at most, ${LATENCY}.`,
    }),
    databaseBytes: t.exposeFloat('databaseBytes', { description: 'Bytes of the database on disk.' }),
    tables: t.field({ type: [TableSize], description: 'Its tables, the largest first.', resolve: ({ tables }) => tables }),
    loops: t.field({
      type: [SystemLoop],
      description: 'The background loops of the server process that answers.',
      resolve: ({ loops }) => loops,
    }),
    processes: t.field({
      type: [ServerProcess],
      description: 'The server processes on the database, the last heard of first; at most 100.',
      resolve: ({ processes }) => processes,
    }),
  }),
});

const SystemStats = builder.objectRef<Stats>('SystemStats').implement({
  description: 'How the queue of the project and, for the administrator of the installation, all of it stands.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When it was looked at.' }),
    version: t.exposeString('version', { description: 'The version of the server.' }),
    queueDepth: t.exposeInt('queueDepth', {
      description: 'Runs of the project in the queue, those held back included; counted up to 100,000.',
    }),
    executing: t.exposeInt('executing', {
      description: 'Runs of the project that an executor works on or is about to; counted up to 200,000.',
    }),
    oldestDueAt: t.expose('oldestDueAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when the oldest run of the project that could be claimed has been due; null when none is.',
    }),
    instance: t.field({
      type: InstanceStats,
      nullable: true,
      description: 'The whole installation; null without `instance:admin`.',
      resolve: ({ instance }) => instance,
    }),
  }),
});

const SystemSample = builder.objectRef<Sample>('SystemSample').implement({
  description: 'How the whole installation stood in a minute, or in several together.',
  fields: (t) => ({
    at: t.expose('at', { type: 'DateTime', description: 'When it began.' }),
    queueDepth: t.exposeInt('queueDepth', { description: 'Runs in the queue; the most of several minutes.' }),
    executing: t.exposeInt('executing', { description: 'Runs that were executed; the most of several minutes.' }),
    startedPerMinute: t.exposeFloat('startedPerMinute', { description: 'Runs started in a minute.' }),
    endedPerMinute: t.exposeFloat('endedPerMinute', { description: 'Runs that ended in a minute.' }),
    startP50Ms: t.exposeInt('startP50Ms', {
      nullable: true,
      description: `What half of those started took at most, ${LATENCY}.`,
    }),
    startP95Ms: t.exposeInt('startP95Ms', {
      nullable: true,
      description: `What all but a twentieth of them took at most, ${LATENCY}.`,
    }),
    databaseBytes: t.exposeFloat('databaseBytes', { description: 'Bytes of the database on disk.' }),
  }),
});

builder.queryFields((t) => ({
  systemStats: t.field({
    type: SystemStats,
    description: 'How things stand now. Requires `stats:read`.',
    authScopes: { scope: 'stats:read' },
    complexity: 50,
    resolve: (_root, _args, { actor, system }) => readSystemStats(actor, system),
  }),
  systemSamples: t.field({
    type: [SystemSample],
    description:
      'How things stood, in the order of time, for two weeks back: each minute, or in steps of several when that were more than 1,500. Requires `instance:admin`.',
    args: {
      from: t.arg({ type: 'DateTime', required: true, description: 'From this moment on.' }),
      to: t.arg({ type: 'DateTime', required: true, description: 'Up to this moment.' }),
    },
    authScopes: { scope: 'instance:admin' },
    complexity: { field: 50, multiplier: 20 },
    resolve: (_root, range, { actor, system }) => readSamples(actor, range, system),
  }),
}));
