import { z } from 'zod';
import { integerParam } from '../query.ts';

/** What the rows of this folder have in common. */
export const ABOUT = { tag: 'Workflow API', auth: 'key', errorStyle: 'fastapi-state' } as const;

/** As {@link ABOUT}, for what is about one run. */
export const ABOUT_RUN = {
  ...ABOUT,
  says: { NOT_FOUND: 'Run not found' },
  params: z.strictObject({ run_id: z.string().describe('The run.') }),
} as const;

/** As {@link ABOUT}, for what is about one workflow. */
export const ABOUT_WORKFLOW = {
  ...ABOUT,
  says: { NOT_FOUND: 'Workflow not found' },
  params: z.strictObject({ workflow_id: z.string().describe('Id or slug of the workflow.') }),
} as const;

/** No page lies beyond what an offset of 32 bits reaches. */
const MAX_PAGE = 1_000_000;

/** The documented way of asking for a part of a list. */
export function pageQuery({ pageSize, maxPageSize }: { readonly pageSize: number; readonly maxPageSize: number }) {
  return {
    page: integerParam(z.int().min(1).max(MAX_PAGE).default(1)).describe('Which page, from 1.'),
    page_size: integerParam(z.int().min(1).max(maxPageSize).default(pageSize)).describe('How many on a page.'),
  };
}

/** The `PageByNumberInput` of a page. */
export function pageInput({ page, page_size: limit }: { readonly page: number; readonly page_size: number }) {
  return { limit, offset: (page - 1) * limit };
}
