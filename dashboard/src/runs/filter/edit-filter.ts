import { plainKey, STATUSES, type Status } from './fields.ts';
import { readFilter } from './read-filter.ts';
import { joinTokens, splitTokens } from './token.ts';

/** The filter with `key` saying `value`, in the place where it said something else; null takes it out. */
export function withValue(text: string, key: string, value: string | null): string {
  const tokens = splitTokens(text);
  const others = tokens.filter((token) => plainKey(token.key) !== key);
  if (value === null) return joinTokens(others);
  const at = tokens.findIndex((token) => plainKey(token.key) === key);
  return joinTokens(others.toSpliced(at < 0 ? others.length : at, 0, ...splitTokens(`${key}:${value}`)));
}

/** The filter without the token at `index`. */
export function withoutToken(text: string, index: number): string {
  return joinTokens(splitTokens(text).toSpliced(index, 1));
}

/** The filter with more tokens; one whose key can be said only once takes the place of what was said. */
export function withTokens(text: string, added: string): string {
  return splitTokens(added).reduce((all, token) => {
    const key = plainKey(token.key);
    if (token.value !== null && !key.startsWith('payload.')) return withValue(all, key, token.value);
    return joinTokens([...splitTokens(all).filter((old) => old.text !== token.text), token]);
  }, text);
}

/** The filter with a status more, or without it when it had it. */
export function toggleStatus(text: string, status: Status): string {
  const chosen = statusesOf(text);
  const next = chosen.includes(status) ? chosen.filter((other) => other !== status) : [...chosen, status];
  const words = STATUSES.filter((known) => next.includes(known)).map((known) => known.toLowerCase());
  return withValue(text, 'status', words.length === 0 ? null : words.join(','));
}

function statusesOf(text: string): readonly Status[] {
  const { conditions } = readFilter(
    splitTokens(text)
      .filter(({ key }) => plainKey(key) === 'status')
      .map((token) => token.text)
      .join(' '),
    0,
  );
  return conditions.status ?? [];
}
