import type { FieldError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { StepKind } from '../../core/workflow-state.ts';
import { checkSchema } from '../jobs/json-schema.ts';
import { operandsOf, patternFault, refsOf } from './condition.ts';
import type { Definition, Step, StepDefinition, Test } from './definition.ts';
import { inspectExpression, SCOPE_NAMES } from './expression.ts';
import { type Ancestry, findCycle, makeAncestry, targetsOf } from './graph.ts';
import { malformedReference, referencesOf } from './template.ts';

/** Faults one refusal tells of. */
const MAX_FAULTS = 20;

const RUN_FIELDS = [
  'job',
  'payload',
  'inputTransform',
  'timeoutSecs',
  'maxAttempts',
  'retryStrategy',
  'retryInitialDelaySecs',
  'retryMaxDelaySecs',
  'priority',
] as const;

/** What a step of each kind may say beyond what all may; the first ones it must. */
const FIELDS: Readonly<Record<StepKind, { readonly must: readonly (keyof Step)[]; readonly may: readonly (keyof Step)[] }>> = {
  job: { must: ['job'], may: RUN_FIELDS },
  map: {
    must: ['job', 'items'],
    may: [...RUN_FIELDS.filter((field) => field !== 'inputTransform'), 'items', 'concurrency', 'toleratesFailedItems'],
  },
  approval: { must: [], may: ['approvers', 'message', 'timeoutSecs'] },
  wait_for_event: { must: ['eventKey'], may: ['eventKey', 'timeoutSecs'] },
  sleep: { must: [], may: ['sleepSecs', 'sleepUntil'] },
  sub_workflow: { must: ['workflow'], may: ['workflow', 'payload', 'inputTransform'] },
  condition: { must: ['when'], may: ['when', 'whenTrue', 'whenFalse'] },
  router: { must: ['routes'], may: ['routes', 'otherwise'] },
};

const COMMON: readonly (keyof Step)[] = ['ref', 'name', 'kind', 'dependsOn', 'condition', 'onFailure', 'outputTransform'];
const MAX_RUN_TIMEOUT_SECS = 86_400;

/** Everything that keeps a definition from running, each fault with its place; empty for a sound one. */
export function findFaults(
  definition: Pick<Definition, 'inputSchema' | 'outputSchema' | 'output'>,
  steps: readonly Step[],
): FieldError[] {
  const faults: FieldError[] = [];
  const known = new Set(steps.map(({ ref }) => ref));
  const nodes = steps.map((step) => ({ ...step, kind: step.kind ?? 'job', dependsOn: step.dependsOn ?? [] }) as StepDefinition);
  const add = (path: string, message: string): void => {
    if (faults.length < MAX_FAULTS) faults.push({ path, message });
  };
  const seen = new Set<string>();
  for (const step of nodes) {
    const at = `steps.${step.ref}`;
    if (seen.has(step.ref)) add(at, 'is the name of two steps');
    seen.add(step.ref);
    for (const ref of step.dependsOn) {
      if (ref === step.ref) add(`${at}.depends_on`, 'names the step itself');
      else if (!known.has(ref)) add(`${at}.depends_on`, `names "${ref}", which is no step of this workflow`);
    }
    if (new Set(step.dependsOn).size < step.dependsOn.length) add(`${at}.depends_on`, 'names a step twice');
  }
  const cycle = faults.length === 0 ? findCycle(nodes) : null;
  if (cycle) add(`steps.${cycle[0]}.depends_on`, `goes in a circle: ${cycle.join(' → ')}`);
  // What steps may refer to depends on a graph that is one.
  if (faults.length === 0) {
    const ancestry = makeAncestry(nodes);
    const byRef = new Map(nodes.map((step) => [step.ref, step]));
    for (const step of nodes) checkStep(step, { byRef, ancestry, add });
  }
  for (const field of ['inputSchema', 'outputSchema'] as const) {
    const fault = definition[field] ? checkSchema(definition[field]) : null;
    if (fault !== null) add(field === 'inputSchema' ? 'input_schema' : 'output_schema', fault);
  }
  if (definition.output !== null) {
    checkExpression('output', definition.output, { isVisible: (ref) => known.has(ref), add, what: 'no step of this workflow' });
  }
  return faults;
}

type Add = (path: string, message: string) => void;

interface Around {
  readonly byRef: ReadonlyMap<string, StepDefinition>;
  readonly ancestry: Ancestry;
  readonly add: Add;
}

function checkStep(step: StepDefinition, { byRef, ancestry, add }: Around): void {
  const at = `steps.${step.ref}`;
  const { must, may } = FIELDS[step.kind];
  const given = (Object.keys(step) as (keyof Step)[]).filter((field) => step[field] !== undefined);
  for (const field of given) {
    if (!COMMON.includes(field) && !may.includes(field))
      add(`${at}.${snake(field)}`, `means nothing to a step of kind ${step.kind}`);
  }
  for (const field of must)
    if (step[field] === undefined) add(`${at}.${snake(field)}`, `is required for a step of kind ${step.kind}`);
  if (step.kind === 'sleep' && (step.sleepSecs === undefined) === (step.sleepUntil === undefined)) {
    add(`${at}.sleep_secs`, 'a sleep needs either sleep_secs or sleep_until');
  }
  if ((step.kind === 'job' || step.kind === 'map') && (step.timeoutSecs ?? 0) > MAX_RUN_TIMEOUT_SECS) {
    add(`${at}.timeout_secs`, `is at most ${MAX_RUN_TIMEOUT_SECS} for a run`);
  }
  checkTargets(step, { byRef, add });

  const look = { isVisible: (ref: string) => ancestry.isBefore(ref, step.ref), add, what: 'no step before it' };
  for (const [field, text] of [
    ['input_transform', step.inputTransform],
    ['items', step.items],
  ] as const) {
    if (text !== undefined) checkExpression(`${at}.${field}`, text, look);
  }
  if (step.outputTransform !== undefined) {
    const { fault } = inspectExpression(step.outputTransform);
    if (fault !== null) add(`${at}.output_transform`, `is no JSONata expression: ${fault}`);
  }
  const item = step.kind === 'map' ? ['item', 'index'] : [];
  if (step.payload !== undefined) checkTemplates(`${at}.payload`, step.payload, { ...look, also: item });
  if (step.eventKey !== undefined) checkTemplates(`${at}.event_key`, step.eventKey, look);
  if (step.sleepUntil !== undefined) checkMoment(`${at}.sleep_until`, step.sleepUntil, look);
  if (step.condition !== undefined) checkTest(`${at}.condition`, step.condition, look);
  if (step.when !== undefined) checkTest(`${at}.when`, step.when, look);
  for (const route of step.routes ?? []) checkTest(`${at}.routes.${route.name}`, route.when, look);
}

function checkTargets(step: StepDefinition, { byRef, add }: Pick<Around, 'byRef' | 'add'>): void {
  const at = `steps.${step.ref}`;
  for (const ref of new Set(targetsOf(step))) {
    const target = byRef.get(ref);
    if (!target) add(at, `leads to "${ref}", which is no step of this workflow`);
    else if (!target.dependsOn.includes(step.ref)) add(at, `leads to "${ref}", which does not depend on it`);
  }
  const names = (step.routes ?? []).map(({ name }) => name);
  if (new Set(names).size < names.length) add(`${at}.routes`, 'has two ways of one name');
}

interface Look {
  /** The steps whose outputs may be read here. */
  readonly isVisible: (ref: string) => boolean;
  readonly add: Add;
  /** What a step that is not visible is. */
  readonly what: string;
  /** Names a reference may start with besides those of the scope. */
  readonly also?: readonly string[];
}

function checkTest(path: string, test: Test, look: Look): void {
  if (typeof test === 'string') {
    checkExpression(path, test, look);
    return;
  }
  for (const ref of refsOf(test)) if (!look.isVisible(ref)) look.add(path, `refers to "${ref}", which is ${look.what}`);
  for (const value of operandsOf(test)) checkTemplates(path, value, look);
  const fault = patternFault(test);
  if (fault !== null) look.add(path, fault);
}

function checkExpression(path: string, text: string, look: Look): void {
  const { fault, paths } = inspectExpression(text);
  if (fault !== null) look.add(path, `is no JSONata expression: ${fault}`);
  for (const names of paths) checkPath(path, names, look);
}

function checkTemplates(path: string, value: JsonValue, look: Look): void {
  const malformed = malformedReference(value);
  if (malformed !== null)
    look.add(path, `has ${malformed}, which is no reference; write {{payload.a}} or {{steps.ref.output.a}}`);
  for (const names of referencesOf(value)) {
    const [root = ''] = names;
    if (![...SCOPE_NAMES, ...(look.also ?? [])].includes(root)) {
      look.add(
        path,
        `refers to "${names.join('.')}"; a reference starts with ${[...SCOPE_NAMES, ...(look.also ?? [])].join(', ')}`,
      );
    } else checkPath(path, names, look);
  }
}

function checkPath(path: string, [root, ref]: readonly string[], look: Look): void {
  if (root !== 'steps' && root !== 'parent_outputs') return;
  if (ref !== undefined && !look.isVisible(ref)) look.add(path, `refers to "${ref}", which is ${look.what}`);
}

function checkMoment(path: string, text: string, look: Look): void {
  if (text.includes('{{')) checkTemplates(path, text, look);
  else if (Number.isNaN(Date.parse(text))) look.add(path, 'is no date-time; write 2030-01-31T12:00:00Z');
}

function snake(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
