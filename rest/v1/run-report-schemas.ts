import { z } from 'zod';
import { dateTime } from '../date-time.ts';
import { gql } from '../route.ts';

/** Where a run can go on, in an answer. */
export const runCheckpointSchema = z
  .object({
    id: z.string().describe('The checkpoint.'),
    run_id: z.string().describe('The run.'),
    sequence: z.int().describe('Its number within the run, from 1 without gaps.'),
    source: z.string().describe('What saved it.'),
    state: z.record(z.string(), z.unknown()).describe('What the executor needs to go on.'),
    created_at: dateTime.describe('When it was saved.'),
  })
  .meta({ id: 'RunCheckpoint', description: 'Where a run can go on after its attempt has ended.' });

/** Selects a {@link runCheckpointSchema}. */
export const RUN_CHECKPOINT = gql`fragment RunCheckpointV1 on RunCheckpoint {
  id run_id: runId sequence source state created_at: createdAt
}`;

/** What {@link RUN_CHECKPOINT} yields. */
export type RunCheckpointV1 = z.input<typeof runCheckpointSchema>;

/** A call of a language model, in an answer. */
export const runUsageSchema = z
  .object({
    id: z.string().describe('The report.'),
    run_id: z.string().describe('The run.'),
    provider: z.string().describe('Who runs the model.'),
    model: z.string().describe('The model.'),
    prompt_tokens: z.int().describe('Tokens that went in.'),
    completion_tokens: z.int().describe('Tokens that came out.'),
    total_tokens: z.int().describe('Tokens in all.'),
    cost_microusd: z.int().describe('What it cost, in millionths of a US dollar.'),
    created_at: dateTime.describe('When it was reported.'),
  })
  .meta({ id: 'RunUsage', description: 'A call of a language model, as a run has reported it.' });

/** Selects a {@link runUsageSchema}. */
export const RUN_USAGE = gql`fragment RunUsageV1 on RunUsage {
  id run_id: runId provider model prompt_tokens: promptTokens completion_tokens: completionTokens total_tokens: totalTokens
  cost_microusd: costMicrousd created_at: createdAt
}`;

/** What {@link RUN_USAGE} yields. */
export type RunUsageV1 = z.input<typeof runUsageSchema>;

/** A call of a tool, in an answer. */
export const runToolCallSchema = z
  .object({
    id: z.string().describe('The report.'),
    run_id: z.string().describe('The run.'),
    tool_name: z.string().describe('The tool.'),
    input: z.unknown().describe('What went in, any JSON.'),
    output: z.unknown().describe('What came out, any JSON.'),
    duration_ms: z.int().nullable().describe('How long it took, in milliseconds.'),
    status: z.string().nullable().describe('How it ended, in words of the executor.'),
    created_at: dateTime.describe('When it was reported.'),
  })
  .meta({ id: 'RunToolCall', description: 'A call of a tool, as a run has reported it.' });

/** Selects a {@link runToolCallSchema}. */
export const RUN_TOOL_CALL = gql`fragment RunToolCallV1 on RunToolCall {
  id run_id: runId tool_name: toolName input output duration_ms: durationMs status created_at: createdAt
}`;

/** What {@link RUN_TOOL_CALL} yields. */
export type RunToolCallV1 = z.input<typeof runToolCallSchema>;

/** A value of a run's state, in an answer. */
export const runStateSchema = z
  .object({
    run_id: z.string().describe('The run.'),
    state_key: z.string().describe('Its name, unique within the run.'),
    value: z.unknown().describe('The value, any JSON.'),
    updated_at: dateTime.describe('When it was last set.'),
  })
  .meta({ id: 'RunState', description: 'A value that a run keeps from one attempt to the next.' });

/** Selects a {@link runStateSchema}. */
export const RUN_STATE = gql`fragment RunStateV1 on RunState { run_id: runId state_key: key value updated_at: updatedAt }`;

/** What {@link RUN_STATE} yields. */
export type RunStateV1 = z.input<typeof runStateSchema>;
