import type { Pool } from 'pg';
import { operandsOf } from './condition.ts';
import type { Definition, StepDefinition, Test } from './definition.ts';
import { inspectExpression } from './expression.ts';
import { type Graph, makeGraph } from './graph.ts';
import { referencesOf } from './template.ts';

/** Versions one process remembers; each is some KB, with a thousand steps some hundred. */
const MAX_ENTRIES = 200;

/** A version of a workflow as the engine works with it. */
export interface WorkflowVersion {
  readonly definition: Definition;
  readonly graph: Graph;
  /** For each step the refs whose outputs it reads, null for all that have one. */
  readonly reads: readonly (ReadonlySet<string> | null)[];
}

/** Versions by workflow and number. They never change, so nothing is ever stale. */
export interface Definitions {
  get(workflowId: string, version: number): Promise<WorkflowVersion>;
}

/** Makes {@link Definitions}, the least recently used forgotten first. */
export function makeDefinitions(pool: Pool): Definitions {
  const entries = new Map<string, Promise<WorkflowVersion>>();

  async function load(workflowId: string, version: number): Promise<WorkflowVersion> {
    const { rows } = await pool.query<{ definition: Definition }>({
      name: 'workflow-version',
      text: 'select definition from workflow_versions where workflow_id = $1 and version = $2',
      values: [workflowId, version],
    });
    if (!rows[0]) throw new Error(`the workflow ${workflowId} has no version ${version}`);
    const { definition } = rows[0];
    return { definition, graph: makeGraph(definition.steps), reads: definition.steps.map(readsOf) };
  }

  return {
    get(workflowId, version) {
      const key = `${workflowId}/${version}`;
      const entry = entries.get(key) ?? load(workflowId, version);
      // A Map iterates in the order of insertion: moved to the end on every use, the first one is the least recently used.
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > MAX_ENTRIES) entries.delete(entries.keys().next().value ?? key);
      entry.catch(() => {
        if (entries.get(key) === entry) entries.delete(key);
      });
      return entry;
    },
  };
}

function readsOf(step: StepDefinition): ReadonlySet<string> | null {
  const tests = [step.condition, step.when, ...(step.routes ?? []).map(({ when }) => when)];
  const expressions = [step.inputTransform, step.items, ...tests.filter((test) => typeof test === 'string')];
  const templates = [
    step.payload ?? null,
    step.eventKey ?? null,
    step.sleepUntil ?? null,
    ...tests.flatMap((test) => (isCondition(test) ? operandsOf(test) : [])),
  ];
  const paths = [
    ...templates.flatMap(referencesOf),
    ...expressions.flatMap((text) => (text === undefined ? [] : inspectExpression(text).paths)),
  ];
  return refsIn(paths, step.dependsOn);
}

/** The refs of paths into outputs, and `also`; null when a path means all outputs there are. */
export function refsIn(paths: readonly (readonly string[])[], also: readonly string[] = []): ReadonlySet<string> | null {
  const refs = new Set(also);
  for (const [root, ref] of paths) {
    if (root !== 'steps' && root !== 'parent_outputs') continue;
    if (ref === undefined) return null;
    refs.add(ref);
  }
  return refs;
}

function isCondition(test: Test | undefined): test is Exclude<Test, string> {
  return test !== undefined && typeof test !== 'string';
}
