import type { Pool } from 'pg';
import { makeTtlCache } from '../../core/ttl-cache.ts';
import { MAX_COST_MICROUSD, MAX_PRICES } from './model-price.ts';

/** A call of a model whose cost nobody has reported. */
export interface UnpricedCall {
  readonly provider: string;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** What calls of models cost by the pricing of their project, at the cost of one query per project and second. */
export interface ModelPrices {
  /** In millionths of a US dollar, rounded; 0 for a model without a price. */
  costOf(projectId: string, call: UnpricedCall): Promise<number>;
  /** Forgets everything; to be called by whoever has changed a price. */
  invalidate(): void;
}

/** Other processes have a change after this long. */
const MAX_AGE_MS = 1_000;
/** Each has at most {@link MAX_PRICES} prices. */
const MAX_PROJECTS = 200;
const TOKENS_PRICED = 1_000_000n;

interface Price {
  readonly prompt: bigint;
  readonly completion: bigint;
}

/** Makes the {@link ModelPrices} of a process. */
export function makeModelPrices({ pool, now }: { readonly pool: Pool; readonly now: () => number }): ModelPrices {
  const cache = makeTtlCache({ load: (projectId) => load(pool, projectId), maxAgeMs: MAX_AGE_MS, maxEntries: MAX_PROJECTS, now });
  return {
    async costOf(projectId, { provider, model, promptTokens, completionTokens }) {
      const price = (await cache.get(projectId)).get(keyOf(provider, model));
      if (!price) return 0;
      const exact = BigInt(promptTokens) * price.prompt + BigInt(completionTokens) * price.completion;
      return Math.min(Number((exact + TOKENS_PRICED / 2n) / TOKENS_PRICED), MAX_COST_MICROUSD);
    },
    invalidate: () => cache.clear(),
  };
}

async function load(pool: Pool, projectId: string): Promise<ReadonlyMap<string, Price>> {
  const { rows } = await pool.query<{ provider: string; model: string; prompt: string; completion: string }>({
    name: 'model-prices',
    text: `select provider, model, prompt_microusd as prompt, completion_microusd as completion
             from model_prices where project_id = $1 limit ${MAX_PRICES}`,
    values: [projectId],
  });
  return new Map(
    rows.map((row) => [keyOf(row.provider, row.model), { prompt: BigInt(row.prompt), completion: BigInt(row.completion) }]),
  );
}

/** Neither may contain a NUL. */
function keyOf(provider: string, model: string): string {
  return `${provider}\0${model}`;
}
