/** What a run was triggered with; values that were left out are null. */
export interface Triggered {
  readonly jobId: string;
  readonly payload: unknown;
  readonly tags: Record<string, string>;
  readonly metadata: Record<string, string>;
  readonly priority: number;
  readonly concurrencyKey: string | null;
  readonly maxAttemptsOverride: number | null;
  readonly timeoutSecsOverride: number | null;
  readonly retryBackoff: string | null;
  readonly retryInitialDelaySecs: number | null;
  readonly retryMaxDelaySecs: number | null;
}

/** The command that triggers a run like this one; the key is read from the environment of whoever executes it. */
export function asCurl(run: Triggered, origin: string): string {
  const body = stated({
    payload: run.payload,
    tags: run.tags,
    metadata: run.metadata,
    priority: run.priority,
    concurrency_key: run.concurrencyKey,
    max_attempts_override: run.maxAttemptsOverride,
    timeout_secs_override: run.timeoutSecsOverride,
    retry_backoff: run.retryBackoff?.toLowerCase() ?? null,
    retry_initial_delay_secs: run.retryInitialDelaySecs,
    retry_max_delay_secs: run.retryMaxDelaySecs,
  });
  return [
    `curl -X POST ${quoted(`${origin}/v1/jobs/${encodeURIComponent(run.jobId)}/trigger`)}`,
    '-H "Authorization: Bearer $BATON_API_KEY"',
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n  ');
}

/** The mutation that triggers a run like this one, with its variables below it, as GraphiQL takes them. */
export function asGraphQL(run: Triggered): string {
  const input = stated({
    job: run.jobId,
    payload: run.payload,
    tags: run.tags,
    metadata: run.metadata,
    priority: run.priority,
    concurrencyKey: run.concurrencyKey,
    maxAttempts: run.maxAttemptsOverride,
    timeoutSecs: run.timeoutSecsOverride,
    retryBackoff: run.retryBackoff,
    retryInitialDelaySecs: run.retryInitialDelaySecs,
    retryMaxDelaySecs: run.retryMaxDelaySecs,
  });
  return `mutation Trigger($input: TriggerRunInput!) {
  triggerRun(input: $input) {
    id
    status
  }
}

# variables
${JSON.stringify({ input }, null, 2)}`;
}

/** Leaves out what says nothing, so that the defaults of the job hold as they did. */
function stated(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !saysNothing(name, value)));
}

function saysNothing(name: string, value: unknown): boolean {
  if (name === 'payload') return value === undefined;
  if (value === null || value === undefined) return true;
  if (name === 'priority') return value === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** Text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
