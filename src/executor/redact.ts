import type { AnyAttempt, Outcome } from '../core/outcome.ts';

/** What stands where a secret stood. */
export const REDACTED = '[redacted]';

/** A text without the secrets, as they are and as JSON writes them; the longest ones go first, since one may be part of another. */
export function redact(secrets: readonly string[], text: string): string {
  const spellings = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
  return [...new Set(spellings)]
    .filter((spelling) => spelling !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((left, spelling) => left.replaceAll(spelling, REDACTED), text);
}

/** The secrets that an attempt hands over. */
export function secretsOf({ environment }: AnyAttempt): readonly string[] {
  return environment ? Object.values(environment.secrets) : [];
}

/** An error page may show the headers of its request; the error of a run is there for everybody to read. */
export function withoutSecrets(attempt: AnyAttempt, outcome: Outcome): Outcome {
  const secrets = secretsOf(attempt);
  if (outcome.kind !== 'failed' || secrets.length === 0) return outcome;
  return { ...outcome, message: redact(secrets, outcome.message) };
}
