import type { Pool } from 'pg';
import { type Actor, actorName, requireScope } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid, newId } from '../../core/ids.ts';
import {
  MAX_PRICES,
  MODEL_PRICE_COLUMNS,
  type ModelPriceRow,
  type ModelPriceSqlRow,
  modelPriceFromSql,
  type SetModelPriceInput,
} from './model-price.ts';
import type { ModelPrices } from './model-prices.ts';

interface PriceDeps {
  readonly reads: Pool;
  readonly prices: ModelPrices;
}

/**
 * Says what calls of a model cost from now on; what was reported before stays. FORBIDDEN without `jobs:write`, NOT_FOUND for another
 * project, BAD_REQUEST for more than {@link MAX_PRICES}.
 */
export async function setModelPrice(actor: Actor, input: SetModelPriceInput, deps: PriceDeps): Promise<ModelPriceRow> {
  requireScope(actor, 'jobs:write');
  const { projectId } = actor;
  if (input.projectId && input.projectId !== projectId) throw notFound('project');
  const { rows } = await deps.reads.query<ModelPriceSqlRow>(
    `insert into model_prices (id, project_id, provider, model, prompt_microusd, completion_microusd, created_by)
     select $1, $2, $3, $4, $5, $6, $7
      where (select count(*) from model_prices where project_id = $2) < ${MAX_PRICES}
         or exists (select from model_prices where project_id = $2 and provider = $3 and model = $4)
     on conflict (project_id, provider, model) do update set prompt_microusd = excluded.prompt_microusd,
       completion_microusd = excluded.completion_microusd, created_by = excluded.created_by, updated_at = now()
     returning ${MODEL_PRICE_COLUMNS}`,
    [newId(), projectId, input.provider, input.model, input.promptMicrousd, input.completionMicrousd, actorName(actor)],
  );
  deps.prices.invalidate();
  if (!rows[0]) throw new AppError('BAD_REQUEST', `a project may have at most ${MAX_PRICES} prices of models`);
  return modelPriceFromSql(rows[0]);
}

/** Deletes a price; reports of its model cost nothing from now on unless they say so. FORBIDDEN without `jobs:write`, NOT_FOUND. */
export async function deleteModelPrice(actor: Actor, id: string, deps: PriceDeps): Promise<ModelPriceRow> {
  requireScope(actor, 'jobs:write');
  if (!isUuid(id)) throw notFound('price');
  const { rows } = await deps.reads.query<ModelPriceSqlRow>(
    `delete from model_prices where id = $1 and project_id = $2 returning ${MODEL_PRICE_COLUMNS}`,
    [id, actor.projectId],
  );
  deps.prices.invalidate();
  if (!rows[0]) throw notFound('price');
  return modelPriceFromSql(rows[0]);
}
