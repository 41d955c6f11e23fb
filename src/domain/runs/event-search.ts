import { text } from '../../core/schemas.ts';

/** A text that is looked for in the events of one run; null for none. */
export const EventSearch = text(256).min(1).nullable();

/** The condition of a message with a text in it, as it is: what stands for anything else in a pattern is escaped. */
export function messageHas(search: string): { readonly contains: string; readonly mode: 'insensitive' } {
  return { contains: search.replaceAll(/[\\%_]/g, '\\$&'), mode: 'insensitive' };
}
