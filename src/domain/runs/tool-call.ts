import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { newId } from '../../core/ids.ts';
import type { JsonValue } from '../../core/json.ts';
import { JsonInput, MAX_INT32, text } from '../../core/schemas.ts';
import { boundedJson } from './json-size.ts';
import type { Records } from './records.ts';

/** Bytes of JSON that may go into a tool, and come out, as far as they are kept. */
export const MAX_TOOL_JSON_BYTES = 262_144;

/** Input of a tool call's report. */
export const ReportToolCallInput = z.strictObject({
  toolName: text(256).min(1).describe('The tool.'),
  input: JsonInput.optional().describe('What went in, any JSON up to 256 KB.'),
  output: JsonInput.optional().describe('What came out, any JSON up to 256 KB.'),
  durationMs: z.int().min(0).max(MAX_INT32).optional().describe('How long it took, in milliseconds.'),
  status: text(64).min(1).optional().describe('How it ended, in words of your own.'),
});

/** A tool call as it is stored. */
export interface RunToolCallRow {
  readonly id: string;
  readonly runId: string;
  /** The number of its event. */
  readonly seq: number;
  readonly toolName: string;
  readonly input: JsonValue;
  readonly output: JsonValue;
  readonly durationMs: number | null;
  readonly status: string | null;
  readonly createdAt: Date;
}

/**
 * Notes a call of a tool by the calling executor's run. PAYLOAD_TOO_LARGE for an input or an output beyond
 * {@link MAX_TOOL_JSON_BYTES}, CONFLICT when the claim no longer stands.
 */
export async function reportToolCall(
  actor: RunActor,
  report: z.output<typeof ReportToolCallInput>,
  deps: { readonly records: Records },
): Promise<RunToolCallRow> {
  const { toolName, input = null, output = null, durationMs = null, status = null } = report;
  boundedJson('the input of a tool call', input, { maxBytes: MAX_TOOL_JSON_BYTES, advice: 'store it elsewhere and keep where' });
  boundedJson('the output of a tool call', output, {
    maxBytes: MAX_TOOL_JSON_BYTES,
    advice: 'store it elsewhere and keep where',
  });
  const id = newId();
  const { seq, at } = await deps.records.keep('tool-call', actor, {
    type: 'tool_call',
    level: 'info',
    message: `tool "${toolName}"${status === null ? '' : `: ${status}`}`,
    data: { tool_call_id: id, tool_name: toolName, status, duration_ms: durationMs },
    fields: { row_id: id, tool_name: toolName, input, output, duration_ms: durationMs, tool_status: status },
  });
  return { id, runId: actor.runId, seq, toolName, input, output, durationMs, status, createdAt: at };
}
