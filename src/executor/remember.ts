/** Answers kept by one {@link remember}: more than a process has jobs in use at a time. */
const MAX_REMEMBERED = 1_024;

/**
 * Wraps a pure function of a text so that it is computed once per text. When too many are kept, all are forgotten: simpler than
 * forgetting the oldest, and as good where the same few texts come again and again. What throws is not kept.
 */
export function remember<Value extends object>(compute: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    const seen = known.get(text);
    if (seen) return seen;
    const value = compute(text);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(text, value);
    return value;
  };
}
