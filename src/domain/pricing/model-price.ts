import { z } from 'zod';
import { text } from '../../core/schemas.ts';
import { ProjectId } from '../projects/project.ts';

/** A million dollars for one call is taken for a mistake. */
export const MAX_COST_MICROUSD = 1_000_000_000_000;

/** How many prices a project may have. */
export const MAX_PRICES = 500;

const Price = z.int().min(0).max(MAX_COST_MICROUSD);

/** What calls of a model cost. */
export const SetModelPriceInput = z.strictObject({
  projectId: ProjectId.nullish().describe('Project of the price; only ever the project of the calling key.'),
  provider: text(128).min(1).describe('Who runs the model, exactly as usage reports name it.'),
  model: text(256).min(1).describe('The model, exactly as usage reports name it.'),
  promptMicrousd: Price.describe('A million tokens that go in, in millionths of a US dollar: 3 dollars are 3000000.'),
  completionMicrousd: Price.describe('A million tokens that come out, in millionths of a US dollar.'),
});

/** The parsed form of {@link SetModelPriceInput}. */
export type SetModelPriceInput = z.infer<typeof SetModelPriceInput>;

/** A price as it is stored. */
export interface ModelPriceRow {
  readonly id: string;
  readonly projectId: string;
  readonly provider: string;
  readonly model: string;
  readonly promptMicrousd: bigint;
  readonly completionMicrousd: bigint;
  readonly createdBy: string;
  readonly updatedAt: Date;
}

/** The columns of a price; whole numbers of 64 bits come as text. */
export const MODEL_PRICE_COLUMNS = `id, project_id as "projectId", provider, model, prompt_microusd as "promptMicrousd",
  completion_microusd as "completionMicrousd", created_by as "createdBy", updated_at as "updatedAt"`;

/** A row of {@link MODEL_PRICE_COLUMNS}. */
export type ModelPriceSqlRow = Omit<ModelPriceRow, 'promptMicrousd' | 'completionMicrousd'> & {
  readonly promptMicrousd: string;
  readonly completionMicrousd: string;
};

/** Turns a row of the database into the domain's. */
export function modelPriceFromSql(row: ModelPriceSqlRow): ModelPriceRow {
  return { ...row, promptMicrousd: BigInt(row.promptMicrousd), completionMicrousd: BigInt(row.completionMicrousd) };
}
