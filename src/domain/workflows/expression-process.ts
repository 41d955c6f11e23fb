/**
 * The process that evaluates JSONata. Expressions come from users: what runs for too long, or takes too much memory, takes this process
 * with it and nothing else. (A thread is not enough: one allocation beyond its limit ends the whole process.)
 */
import jsonata from 'jsonata';

/** Steps into functions, and members of one sequence. */
const MAX_DEPTH = 500;
const MAX_SEQUENCE = 100_000;
const MAX_CACHED = 500;

interface Task {
  readonly expression: string;
  /** JSON text. */
  readonly input: string;
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

const compiled = new Map<string, jsonata.Expression>();

function compile(text: string, timeout: number): jsonata.Expression {
  const known = compiled.get(text);
  if (known) return known;
  const expression = jsonata(text, { timeout, stack: MAX_DEPTH, sequence: MAX_SEQUENCE });
  if (compiled.size >= MAX_CACHED) compiled.clear();
  compiled.set(text, expression);
  return expression;
}

async function evaluate({ expression, input, maxBytes, timeoutMs }: Task): Promise<{ json: string } | { error: string }> {
  try {
    const value: unknown = await compile(expression, timeoutMs).evaluate(JSON.parse(input));
    const json = JSON.stringify(value ?? null) as string | undefined;
    if (json === undefined) return { error: 'its result is a function' };
    return Buffer.byteLength(json) > maxBytes ? { error: `its result has more than ${maxBytes} bytes` } : { json };
  } catch (error) {
    const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : error;
    return { error: String(message) };
  }
}

process.on('message', (task: Task) => {
  void evaluate(task).then((answer) => process.send?.(answer));
});
// Whoever asks has gone.
process.on('disconnect', () => process.exit());
