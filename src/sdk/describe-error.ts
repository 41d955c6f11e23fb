const MAX_LENGTH = 4_000;

/** What a thrown value says to a person, in a form that Baton can store. */
export function describeError(error: unknown): string {
  if (error instanceof Error) return storable(error.message || error.name);
  if (typeof error === 'string') return storable(error);
  return `a value that is not an Error was thrown: ${typeof error === 'object' ? JSON.stringify(error) : String(error)}`;
}

/** The text, at most 4,000 characters of it, without what JSON in Postgres cannot hold: NUL and lone surrogates. */
export function storable(text: string): string {
  return sound(text.slice(0, MAX_LENGTH));
}

/** The whole text without what JSON in Postgres cannot hold. */
export function sound(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}
