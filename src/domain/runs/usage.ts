import { z } from 'zod';
import type { RunActor } from '../../auth/actor.ts';
import { AppError } from '../../core/errors.ts';
import { newId } from '../../core/ids.ts';
import { MAX_INT32, text } from '../../core/schemas.ts';
import { MAX_COST_MICROUSD } from '../pricing/model-price.ts';
import type { ModelPrices } from '../pricing/model-prices.ts';
import { REPORTING_STATUSES } from './record-statement.ts';
import type { Records } from './records.ts';

/** More tokens in one call are taken for a mistake; the sum of two such numbers still fits its column. */
const MAX_TOKENS = 1_000_000_000;

/** A budget is not refilled: the same report fits only when somebody has raised it, and executors should not wait for that. */
const BUDGET_RETRY_SECS = 3_600;

/** Input of a usage report. */
export const ReportUsageInput = z.strictObject({
  provider: text(128).min(1).describe('Who runs the model.'),
  model: text(256).min(1).describe('The model.'),
  promptTokens: z.int().min(0).max(MAX_TOKENS).optional().describe('Tokens that went in; 0 when left out.'),
  completionTokens: z.int().min(0).max(MAX_TOKENS).optional().describe('Tokens that came out; 0 when left out.'),
  totalTokens: z.int().min(0).max(MAX_INT32).optional().describe('Tokens in all; the sum of the two when left out.'),
  costMicrousd: z
    .int()
    .min(0)
    .max(MAX_COST_MICROUSD)
    .optional()
    .describe(
      'What it cost, in millionths of a US dollar; left out, what the pricing of the project says, or 0 when that does not know.',
    ),
});

/** A usage report as it is stored. */
export interface RunUsageRow {
  readonly id: string;
  readonly runId: string;
  /** The number of its event. */
  readonly seq: number;
  readonly provider: string;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly totalTokens: number;
  readonly costMicrousd: bigint;
  readonly createdAt: Date;
}

/**
 * Notes a call of a language model by the calling executor's run. CONFLICT when the claim no longer stands, RATE_LIMITED when the run
 * would have cost more than its project allows for one run; nothing is noted then.
 */
export async function reportUsage(
  actor: RunActor,
  input: z.output<typeof ReportUsageInput>,
  deps: { readonly records: Records; readonly prices: ModelPrices },
): Promise<RunUsageRow> {
  const { provider, model, promptTokens = 0, completionTokens = 0 } = input;
  const costMicrousd =
    input.costMicrousd ?? (await deps.prices.costOf(actor.projectId, { provider, model, promptTokens, completionTokens }));
  const totalTokens = input.totalTokens ?? promptTokens + completionTokens;
  const id = newId();
  const counts = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: totalTokens,
    cost_microusd: costMicrousd,
  };
  const { seq, at } = await deps.records.keep('usage', actor, {
    type: 'usage',
    level: 'info',
    message: `${provider} ${model}: ${totalTokens} tokens`,
    data: { usage_id: id, provider, model, ...counts },
    fields: { row_id: id, provider, model, ...counts },
    refused: (status) =>
      REPORTING_STATUSES.includes(status)
        ? new AppError('RATE_LIMITED', 'per-run cost budget exceeded', { retryAfterSecs: BUDGET_RETRY_SECS })
        : null,
  });
  const tokens = { promptTokens, completionTokens, totalTokens };
  return { id, runId: actor.runId, seq, provider, model, ...tokens, costMicrousd: BigInt(costMicrousd), createdAt: at };
}
