import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { isEventKey } from '../events/event-key.ts';
import { payloadText } from '../runs/trigger.ts';
import { completeStep } from './complete-step.ts';
import { ConditionError, holds } from './condition.ts';
import { MAX_MAP_ITEMS, MAX_WAIT_SECS, type StepDefinition, type Test } from './definition.ts';
import type { WorkflowDeps } from './deps.ts';
import { type Draft, fail, skip } from './draft.ts';
import { ExpressionError } from './expression.ts';
import type { Scope } from './scope.ts';
import { render } from './template.ts';

type BeginDeps = Pick<WorkflowDeps, 'engine' | 'expressions'>;

/** How long an event is waited for when the step does not say, in seconds. */
const DEFAULT_EVENT_SECS = 3_600;

/** Starts a step whose dependencies are over: asks its condition, then does what its kind does. What cannot be done fails the step. */
export async function beginStep(draft: Draft, position: number, scope: Scope, deps: BeginDeps): Promise<void> {
  const step = draft.version.definition.steps[position];
  const now = draft.steps[position];
  if (!step || !now) return;
  const around: Around = { draft, position, step, scope: scope.of(position), attempt: now.attempt + 1, deps };
  try {
    if (step.condition !== undefined && !(await answer(step.condition, around))) skip(draft, position, 'condition');
    else await BEGIN[step.kind](around);
  } catch (error) {
    const isOurs = error instanceof ConditionError || error instanceof ExpressionError || error instanceof AppError;
    if (!isOurs) throw error;
    fail(draft, position, error.message);
  }
}

interface Around {
  readonly draft: Draft;
  readonly position: number;
  readonly step: StepDefinition;
  readonly scope: JsonObject;
  readonly attempt: number;
  readonly deps: BeginDeps;
}

const BEGIN: Readonly<Record<StepDefinition['kind'], (around: Around) => Promise<void>>> = {
  job: beginWork,
  sub_workflow: beginWork,
  map: beginMap,
  approval: beginApproval,
  wait_for_event: beginWait,
  sleep: beginSleep,
  condition: chooseSide,
  router: chooseRoute,
};

async function beginWork(around: Around): Promise<void> {
  const { draft, position, attempt } = around;
  const input = await inputOf(around);
  payloadText(input);
  draft.change(position, { status: 'running', attempt, input });
  draft.begin(position);
}

/** The input of a step: what its expression says, or its payload over that of the workflow run, with the outputs of its parents. */
async function inputOf({ step, scope, deps }: Around): Promise<JsonValue> {
  if (step.inputTransform !== undefined) return deps.expressions.evaluate(step.inputTransform, JSON.stringify(scope));
  const { payload, parent_outputs: parentOutputs } = scope;
  const own = render(step.payload ?? {}, scope);
  return { ...asObject(payload), ...asObject(own), parent_outputs: parentOutputs ?? {} };
}

async function beginMap({ draft, position, step, scope, attempt, deps }: Around): Promise<void> {
  const list = await deps.expressions.evaluate(step.items ?? '[]', JSON.stringify(scope));
  // JSONata has no list of one: what is not a list is the only item.
  const items = Array.isArray(list) ? list : list === null ? [] : [list];
  if (items.length > MAX_MAP_ITEMS) throw new ExpressionError(`has ${items.length} items; a map takes at most ${MAX_MAP_ITEMS}`);
  const payloads = items.map((item, index) => ({
    ...asObject(step.payload ? render(step.payload, { ...scope, item, index }) : {}),
    item,
    index,
  }));
  payloadText(payloads);
  if (items.length === 0) {
    draft.change(position, { attempt, input: [], mapTotal: 0, mapStarted: 0 });
    await completeStep(draft, position, { from: 'value', value: [] }, deps);
    return;
  }
  const mapStarted = Math.min(items.length, step.concurrency ?? items.length);
  draft.change(
    position,
    { status: 'running', attempt, input: payloads, mapTotal: items.length, mapStarted },
    { message: `running over ${items.length} items`, data: { items: items.length } },
  );
  draft.begin(position);
}

async function beginApproval({ draft, position, step, scope, attempt }: Around): Promise<void> {
  const message = step.message === undefined ? null : render(step.message, scope);
  const eventKey = approvalKey(draft.loaded.id, step.ref);
  const request = { message, approvers: [...(step.approvers ?? [])] };
  const wait = { id: newId(), eventKey, timeoutSecs: step.timeoutSecs ?? MAX_WAIT_SECS, request };
  draft.change(
    position,
    { status: 'waiting', attempt, wait, input: request },
    { message: 'waiting for an approval', data: { event_key: eventKey } },
  );
}

/** The key under which the approval of a step can be sent as an event (reference semantics §5.5). */
export function approvalKey(workflowRunId: string, ref: string): string {
  return `approval:${workflowRunId}:${ref}`;
}

async function beginWait({ draft, position, step, scope, attempt }: Around): Promise<void> {
  const eventKey = render(step.eventKey ?? '', scope);
  if (typeof eventKey !== 'string' || !isEventKey(eventKey)) {
    throw new ConditionError('its event_key comes to no text of 1 to 512 characters without control characters');
  }
  const wait = { id: newId(), eventKey, timeoutSecs: step.timeoutSecs ?? DEFAULT_EVENT_SECS, request: null };
  draft.change(
    position,
    { status: 'waiting', attempt, wait, input: { event_key: eventKey } },
    { message: 'waiting for an event', data: { event_key: eventKey } },
  );
}

async function beginSleep({ draft, position, step, scope, attempt }: Around): Promise<void> {
  if (step.sleepSecs !== undefined) {
    draft.change(
      position,
      { status: 'waiting', attempt, wakeAt: { inSecs: step.sleepSecs } },
      { message: `sleeping for ${step.sleepSecs} s` },
    );
    return;
  }
  const text = render(step.sleepUntil ?? '', scope);
  const moment = new Date(typeof text === 'string' ? text : Number.NaN);
  if (Number.isNaN(moment.getTime())) throw new ConditionError('its sleep_until comes to no date-time');
  if (moment.getTime() > Date.now() + MAX_WAIT_SECS * 1_000)
    throw new ConditionError('its sleep_until lies more than a year ahead');
  draft.change(position, { status: 'waiting', attempt, wakeAt: moment }, { message: `sleeping until ${moment.toISOString()}` });
}

async function chooseSide(around: Around): Promise<void> {
  const { step } = around;
  const isTrue = await answer(step.when ?? 'false', around);
  await choose(around, (isTrue ? step.whenTrue : step.whenFalse) ?? [], { result: isTrue });
}

async function chooseRoute(around: Around): Promise<void> {
  const { step } = around;
  for (const route of step.routes ?? []) {
    if (await answer(route.when, around)) return choose(around, route.to, { route: route.name });
  }
  await choose(around, step.otherwise ?? [], { route: null });
}

async function choose({ draft, position, attempt, deps }: Around, chosen: readonly string[], output: JsonObject): Promise<void> {
  await completeStep(draft, position, { from: 'value', value: { ...output, chosen: [...chosen] } }, deps, { attempt, chosen });
}

async function answer(test: Test, { draft, scope, deps }: Around): Promise<boolean> {
  if (typeof test === 'string') {
    const value = await deps.expressions.evaluate(test, JSON.stringify(scope));
    if (typeof value === 'boolean') return value;
    throw new ExpressionError(`the expression must come to true or false, not ${JSON.stringify(value).slice(0, 100)}`);
  }
  return holds(test, {
    statusOf: (ref) => draft.steps[draft.version.graph.positionOf.get(ref) ?? -1]?.status,
    render: (operand) => render(operand, scope),
  });
}

function asObject(value: JsonValue | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}
