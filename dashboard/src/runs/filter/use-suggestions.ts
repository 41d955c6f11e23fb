import { readDraft, type Suggestion, suggestOwn } from './suggest.ts';

/** What the token that is being written could become. */
export function useSuggestions(draft: string): readonly Suggestion[] {
  return suggestOwn(readDraft(draft).text);
}
