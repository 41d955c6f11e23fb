/** One attempt of one run, as Baton hands it over. */
export interface Dispatch {
  readonly runId: string;
  readonly jobSlug: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The credential for reporting on this attempt, and on nothing else. */
  readonly token: string;
  readonly previousError: string | null;
  /** The newest checkpoint of the run: none, in Baton's hands because it was too large for a header, or here. */
  readonly checkpoint: 'none' | 'to-fetch' | { readonly state: unknown };
  readonly payload: unknown;
}

/** What the headers of a dispatch say; the payload is its body. */
export type DispatchHeaders = Omit<Dispatch, 'payload'>;

/** Reads the headers of a dispatch, or says in words which one is missing. */
export function readDispatchHeaders(headers: Headers): DispatchHeaders | string {
  const runId = headers.get('x-run-id');
  const jobSlug = headers.get('x-job-slug');
  const token = headers.get('x-run-token');
  const attempt = Number(headers.get('x-attempt') ?? '1');
  if (!runId || !jobSlug || !token) return 'this is not a run from Baton: X-Run-ID, X-Job-Slug or X-Run-Token is missing';
  if (!Number.isSafeInteger(attempt)) return 'X-Attempt is not a whole number';
  const previousError = decodeText(headers.get('x-previous-error'));
  return { runId, jobSlug, token, attempt, previousError, checkpoint: readCheckpoint(headers) };
}

function readCheckpoint(headers: Headers): Dispatch['checkpoint'] {
  const text = decodeText(headers.get('x-last-checkpoint'));
  const otherwise = headers.has('x-checkpoint-sequence') ? 'to-fetch' : 'none';
  if (text === null) return otherwise;
  try {
    return { state: JSON.parse(text) };
  } catch {
    // Something between Baton and here has changed the header; Baton itself still has it whole.
    return otherwise;
  }
}

/** Undoes the percent-encoding of free text in a header; text that was never encoded stays as it is. */
function decodeText(value: string | null): string | null {
  if (value === null) return null;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
