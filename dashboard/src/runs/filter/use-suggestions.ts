import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import { graphql } from '../../api/graphql.ts';
import { questionOf, readDraft, type Suggestion, suggestOwn } from './suggest.ts';

const SuggestionsQuery = graphql(`
  query RunSuggestions($field: RunFilterField!, $key: String, $prefix: String) {
    runSuggestions(field: $field, key: $key, prefix: $prefix, limit: 20) {
      value
      count
      json
    }
  }
`);

/** Who types on is not asked for in between. */
const PAUSE_MS = 120;

/**
 * What the token that is being written could become: by itself, and after what the newest runs have. Suggestions that cannot be had are
 * left out; the filter can be written without them.
 */
export function useSuggestions(draft: string): readonly Suggestion[] {
  const client = useClient();
  const { text } = readDraft(draft);
  const [told, setTold] = useState<{ readonly text: string; readonly suggestions: readonly Suggestion[] }>({
    text: '',
    suggestions: [],
  });

  useEffect(() => {
    const question = questionOf(text);
    if (!question) return;
    let isOver = false;
    const timer = setTimeout(async () => {
      const { field, key, prefix, toSuggestion } = question;
      const { data } = await client.query(SuggestionsQuery, { field, key, prefix }, { requestPolicy: 'cache-first' }).toPromise();
      if (!isOver && data) setTold({ text, suggestions: data.runSuggestions.map(toSuggestion) });
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [client, text]);

  const own = suggestOwn(text);
  // What was told of a shorter beginning still holds as far as it begins with what is written by now.
  const others = told.suggestions.filter(
    (other) => other.text.startsWith(text) && own.every((known) => known.text !== other.text),
  );
  return questionOf(text) ? [...others, ...own] : own;
}
