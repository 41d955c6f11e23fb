import { z } from 'zod';
import type { JsonValue } from '../../core/json.ts';
import { JsonInput } from '../../core/schemas.ts';
import { STEP_STATUSES, type StepStatus } from '../../core/workflow-state.ts';
import { OverBudgetError, withinCpuBudget } from '../jobs/cpu-budget.ts';

/**
 * The documented conditions of steps (reference semantics §5.5): an object with a `type` and what that type needs. An operand is any JSON
 * value; `{{…}}` in its texts stands for values, `{"step_ref": "a"}` for the status of a step, and `{"value": …}` for itself.
 */
export type Condition =
  | { readonly type: 'step_status'; readonly step_ref: string; readonly status: StepStatus }
  | { readonly type: 'step_status_in'; readonly step_ref: string; readonly statuses: readonly StepStatus[] }
  | { readonly type: 'not'; readonly condition: Condition }
  | { readonly type: 'all_of' | 'any_of'; readonly conditions: readonly Condition[] }
  | { readonly type: BinaryOperator; readonly left: JsonValue; readonly right: JsonValue }
  | { readonly type: 'exists'; readonly operand: JsonValue };

const BINARY = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'contains', 'in', 'regex'] as const;
type BinaryOperator = (typeof BINARY)[number];

const Status = z.enum(STEP_STATUSES);
const MAX_PARTS = 100;
/** Characters of a regular expression, and of a text it is tried on. */
const MAX_PATTERN_LENGTH = 512;
const MAX_MATCHED_LENGTH = 100_000;
const REGEX_BUDGET_MS = 100;

/** A {@link Condition} from outside; JSON is no deeper than 64, so neither is it. */
export const ConditionInput: z.ZodType<Condition> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('step_status'), step_ref: z.string(), status: Status }),
    z.strictObject({ type: z.literal('step_status_in'), step_ref: z.string(), statuses: z.array(Status).min(1) }),
    z.strictObject({ type: z.literal('not'), condition: ConditionInput }),
    z.strictObject({ type: z.enum(['all_of', 'any_of']), conditions: z.array(ConditionInput).min(1).max(MAX_PARTS) }),
    z.strictObject({ type: z.enum(BINARY), left: JsonInput, right: JsonInput }),
    z.strictObject({ type: z.literal('exists'), operand: JsonInput }),
  ]),
) as z.ZodType<Condition>;

/** Thrown for a condition that cannot be answered; the message is for the person who wrote it. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
}

/** What a condition is held against. */
export interface ConditionScope {
  readonly statusOf: (ref: string) => StepStatus | undefined;
  /** Puts values for the templates in an operand. */
  readonly render: (operand: JsonValue) => JsonValue;
}

/** Whether a condition holds. Throws {@link ConditionError} when it cannot be said. */
export function holds(condition: Condition, scope: ConditionScope): boolean {
  switch (condition.type) {
    case 'step_status':
      return scope.statusOf(condition.step_ref) === condition.status;
    case 'step_status_in': {
      const status = scope.statusOf(condition.step_ref);
      return status !== undefined && condition.statuses.includes(status);
    }
    case 'not':
      return !holds(condition.condition, scope);
    case 'all_of':
      return condition.conditions.every((part) => holds(part, scope));
    case 'any_of':
      return condition.conditions.some((part) => holds(part, scope));
    case 'exists': {
      const value = operand(condition.operand, scope);
      return value !== null && value !== '';
    }
    default:
      return compare(condition.type, operand(condition.left, scope), operand(condition.right, scope));
  }
}

/** Every step that a condition names by `step_ref`. */
export function refsOf(condition: Condition): string[] {
  switch (condition.type) {
    case 'step_status':
    case 'step_status_in':
      return [condition.step_ref];
    case 'not':
      return refsOf(condition.condition);
    case 'all_of':
    case 'any_of':
      return condition.conditions.flatMap(refsOf);
    default:
      return operandsOf(condition).flatMap((value) => stepRefOf(value) ?? []);
  }
}

/** The values a condition compares, at any depth, for a look at their templates. */
export function operandsOf(condition: Condition): JsonValue[] {
  switch (condition.type) {
    case 'step_status':
    case 'step_status_in':
      return [];
    case 'not':
      return operandsOf(condition.condition);
    case 'all_of':
    case 'any_of':
      return condition.conditions.flatMap(operandsOf);
    case 'exists':
      return [condition.operand];
    default:
      return [condition.left, condition.right];
  }
}

/** What is wrong with the regular expressions of a condition, as far as they are written out; null when nothing is. */
export function patternFault(condition: Condition): string | null {
  if (condition.type === 'not') return patternFault(condition.condition);
  if (condition.type === 'all_of' || condition.type === 'any_of') {
    return condition.conditions.map(patternFault).find((fault) => fault !== null) ?? null;
  }
  if (condition.type !== 'regex' || typeof condition.right !== 'string' || condition.right.includes('{{')) return null;
  try {
    toRegExp(condition.right);
    return null;
  } catch (error) {
    if (error instanceof ConditionError) return error.message;
    throw error;
  }
}

function operand(value: JsonValue, scope: ConditionScope): JsonValue {
  const ref = stepRefOf(value);
  if (ref !== undefined) return scope.statusOf(ref) ?? null;
  if (value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).join() === 'value') {
    return scope.render(value['value'] ?? null);
  }
  return scope.render(value);
}

function stepRefOf(value: JsonValue): string | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const ref = value['step_ref'];
  return typeof ref === 'string' && Object.keys(value).length === 1 ? ref : undefined;
}

function compare(type: BinaryOperator, left: JsonValue, right: JsonValue): boolean {
  switch (type) {
    case 'eq':
      return asText(left) === asText(right);
    case 'ne':
      return asText(left) !== asText(right);
    case 'contains':
      return Array.isArray(left) ? left.some((item) => asText(item) === asText(right)) : asText(left).includes(asText(right));
    case 'in':
      if (!Array.isArray(right)) throw new ConditionError('in needs a list on its right');
      return right.some((item) => asText(item) === asText(left));
    case 'regex':
      return matches(asText(right), asText(left));
    default:
      return inOrder(type, asNumber(type, left), asNumber(type, right));
  }
}

function inOrder(type: 'gt' | 'gte' | 'lt' | 'lte', left: number, right: number): boolean {
  if (type === 'gt') return left > right;
  if (type === 'gte') return left >= right;
  return type === 'lt' ? left < right : left <= right;
}

/** Values are equal when they read the same, as the reference has it: 3 and "3" are. */
function asText(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function asNumber(type: string, value: JsonValue): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw new ConditionError(`${type} compares numbers, and ${JSON.stringify(value)?.slice(0, 100)} is none`);
}

/** Both sides come from users, so matching has a CPU budget: a backtracking pattern is ended, not waited for. */
function matches(pattern: string, subject: string): boolean {
  const regExp = toRegExp(pattern);
  if (subject.length > MAX_MATCHED_LENGTH)
    throw new ConditionError(`regex takes texts of at most ${MAX_MATCHED_LENGTH} characters`);
  try {
    return withinCpuBudget(REGEX_BUDGET_MS, () => regExp.test(subject));
  } catch (error) {
    if (error instanceof OverBudgetError) throw new ConditionError('regex takes too long on this text: make the pattern simpler');
    throw error;
  }
}

function toRegExp(pattern: string): RegExp {
  if (pattern.length > MAX_PATTERN_LENGTH) throw new ConditionError(`a pattern has at most ${MAX_PATTERN_LENGTH} characters`);
  try {
    return new RegExp(pattern, 'u');
  } catch {
    throw new ConditionError(`"${pattern.slice(0, 100)}" is no regular expression`);
  }
}
