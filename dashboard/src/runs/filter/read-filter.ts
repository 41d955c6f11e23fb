import { type Conditions, type Contribution, fieldOf, plainKey } from './fields.ts';
import { Misread } from './moment.ts';
import { joinDemands } from './payload.ts';
import { splitTokens, type Token } from './token.ts';

/** A token with what is wrong with it, in words; null when nothing is. */
export interface ReadToken extends Token {
  readonly problem: string | null;
}

/** A filter as it was understood. */
export interface ReadFilter {
  readonly tokens: readonly ReadToken[];
  /** The API's `RunFilter`; to be asked for only while {@link hasProblem} is false. */
  readonly conditions: Conditions;
  /** Something in it was not understood: to leave that out would show what was not asked for. */
  readonly hasProblem: boolean;
}

/** Reads a filter; `now`, in milliseconds since the epoch, is what relative times count from. */
export function readFilter(text: string, now: number): ReadFilter {
  let contributions: readonly Contribution[] = [];
  const seen = new Set<string>();
  const tokens = splitTokens(text).map((token): ReadToken => {
    try {
      const contribution = readToken(token, now);
      const key = plainKey(token.key);
      if (seen.has(key) && !contribution.demand) throw new Misread('is there twice: keep one of them');
      // Together with what was read before, so that the one that does not go with it is told.
      join([...contributions, contribution]);
      contributions = [...contributions, contribution];
      seen.add(key);
      return { ...token, problem: null };
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      return { ...token, problem: `${token.value === null ? token.text : token.key} ${error.message}` };
    }
  });
  const hasProblem = tokens.some(({ problem }) => problem !== null);
  return { tokens, conditions: hasProblem ? {} : join(contributions), hasProblem };
}

function readToken({ key, value, text }: Token, now: number): Contribution {
  if (text.startsWith('-') || text.startsWith('!'))
    throw new Misread('cannot be turned round: filters say what runs have, not what they lack');
  const found = fieldOf(key);
  if (value === null) {
    throw new Misread(
      found ? `needs a value: ${key}:…` : `is no filter; write error:${text} for errors with it, or job:${text} for a job`,
    );
  }
  if (!found) throw new Misread('is no filter; begin with status, job, payload., error, created or tag.');
  return found.field.read(value, { name: found.name, now });
}

function join(contributions: readonly Contribution[]): Conditions {
  const all: Conditions = {};
  for (const { conditions } of contributions) {
    const { tags, metadata, ...others } = conditions ?? {};
    Object.assign(all, others);
    if (tags) all.tags = { ...all.tags, ...tags };
    if (metadata) all.metadata = { ...all.metadata, ...metadata };
  }
  const demands = contributions.flatMap(({ demand }) => demand ?? []);
  if (demands.length > 0) all.payloadContains = joinDemands(demands);
  return all;
}
