import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import jsonata from 'jsonata';
import { findJsonFault, type JsonValue } from '../../core/json.ts';

/** What JSONata itself stops at, in milliseconds, and when its process is ended: a builtin or a regular expression asks nobody. */
const TIMEOUT_MS = 250;
const KILL_MS = 1_000;
/** The first task of a process waits for it to start. */
const START_MS = 10_000;
const MEMORY_MB = 128;
const PROGRAM = fileURLToPath(new URL('./expression-process.ts', import.meta.url));
/** Bytes of JSON a result may have. */
const MAX_RESULT_BYTES = 5 * 1_048_576;
/** Names a path may start with. */
export const SCOPE_NAMES = ['payload', 'parent_outputs', 'steps', 'run'] as const;

/** Thrown for an expression that has no value; the message is for the person who wrote it. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** Evaluates expressions of users, apart from everything else. */
export interface Expressions {
  /** The value of an expression over a JSON text; null when it has none. Rejects with {@link ExpressionError}. */
  evaluate(expression: string, inputJson: string): Promise<JsonValue>;
  /** Ends the process; what is under way is rejected. */
  close(): void;
}

interface Task {
  readonly expression: string;
  readonly input: string;
  readonly resolve: (value: JsonValue) => void;
  readonly reject: (error: ExpressionError) => void;
}

/** Makes {@link Expressions} over one process, started at the first use and again after it had to be ended. */
export function makeExpressions(): Expressions {
  const queue: Task[] = [];
  let current: Task | null = null;
  let evaluator: Evaluator | null = null;
  let timer: NodeJS.Timeout | null = null;

  function next(): void {
    if (current) return;
    current = queue.shift() ?? null;
    if (!current) return;
    const isFresh = evaluator === null;
    evaluator ??= startEvaluator(settle, () => settle({ error: 'it takes too much memory, or cannot be evaluated' }, true));
    const { expression, input } = current;
    evaluator.send({ expression, input, maxBytes: MAX_RESULT_BYTES, timeoutMs: TIMEOUT_MS });
    timer = setTimeout(() => settle({ error: 'it takes too long' }, true), KILL_MS + (isFresh ? START_MS : 0));
  }

  function settle(answer: Answer, isLost = false): void {
    if (timer) clearTimeout(timer);
    if (isLost) {
      evaluator?.end();
      evaluator = null;
    }
    const task = current;
    current = null;
    if (task) {
      if ('error' in answer) task.reject(new ExpressionError(answer.error));
      else task.resolve(JSON.parse(answer.json) as JsonValue);
    }
    next();
  }

  return {
    async evaluate(expression, input) {
      const value = await new Promise<JsonValue>((resolve, reject) => {
        queue.push({ expression, input, resolve, reject });
        next();
      });
      const fault = findJsonFault(value);
      if (fault) throw new ExpressionError(`its result ${fault.message}`);
      return value;
    },
    close() {
      for (const task of queue.splice(0)) task.reject(new ExpressionError('the server stops'));
      settle({ error: 'the server stops' }, true);
    },
  };
}

type Answer = { readonly json: string } | { readonly error: string };

interface Evaluator {
  send(task: object): void;
  end(): void;
}

/** Starts the process, with nothing of this one's environment, and without keeping this one alive. */
function startEvaluator(onAnswer: (answer: Answer) => void, onLost: () => void): Evaluator {
  const child = fork(PROGRAM, {
    execArgv: [`--max-old-space-size=${MEMORY_MB}`],
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  child.unref();
  child.channel?.unref();
  let isOver = false;
  const lost = (): void => {
    if (isOver) return;
    isOver = true;
    onLost();
  };
  child.on('message', (answer) => {
    if (!isOver) onAnswer(answer as Answer);
  });
  child.on('error', lost);
  child.on('exit', lost);
  return {
    send: (task) => void child.send(task, (error) => (error ? lost() : undefined)),
    end() {
      isOver = true;
      child.kill('SIGKILL');
    },
  };
}

/** What is known of an expression without evaluating it. */
export interface ExpressionFacts {
  /** What is wrong with it; null for one that can be evaluated. */
  readonly fault: string | null;
  /** The paths it reads that begin in the scope, `['steps', 'a', 'output']` for instance. */
  readonly paths: readonly (readonly string[])[];
}

/** Parses an expression, which takes time in proportion to its length. */
export function inspectExpression(text: string): ExpressionFacts {
  try {
    const paths: string[][] = [];
    collectPaths(jsonata(text).ast(), paths);
    return { fault: null, paths };
  } catch (error) {
    if (error instanceof RangeError) return { fault: 'is nested too deeply', paths: [] };
    const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : error;
    return { fault: String(message), paths: [] };
  }
}

interface PathNode {
  readonly type?: string;
  readonly value?: unknown;
}

/** Walks a syntax tree for paths that start at one of {@link SCOPE_NAMES}, with or without `$` or `$$` in front. */
function collectPaths(node: unknown, paths: string[][]): void {
  if (Array.isArray(node)) {
    for (const item of node) collectPaths(item, paths);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const steps: unknown = Reflect.get(node, 'steps');
  if (Reflect.get(node, 'type') === 'path' && Array.isArray(steps)) {
    const path = namesOf(steps as PathNode[]);
    if (path.length > 0 && (SCOPE_NAMES as readonly string[]).includes(path[0] ?? '')) paths.push(path);
  }
  for (const inner of Object.values(node)) collectPaths(inner, paths);
}

function namesOf(steps: readonly PathNode[]): string[] {
  const [first, ...rest] = steps;
  const isRoot = first?.type === 'variable' && (first.value === '' || first.value === '$');
  const names: string[] = [];
  for (const { type, value } of isRoot ? rest : steps) {
    if (type !== 'name' || typeof value !== 'string') break;
    names.push(value);
  }
  return names;
}
