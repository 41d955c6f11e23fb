import { type Actor, requireRunAccess } from '../../auth/actor.ts';
import { AppError, notFound } from '../../core/errors.ts';
import { isUuid } from '../../core/ids.ts';
import { isFinal } from '../../core/run-state.ts';
import { piecesOf, type RunChunk, readChunkCursor, seqBefore } from './chunk.ts';
import type { EventSelection, RunEventRow } from './event-reader.ts';
import type { TailSpec, Tails } from './tails.ts';

/** What everybody who follows a run says. */
interface Following {
  readonly runId: string;
  /**
   * Refuse with GONE what is over: a run that has ended, of which no place was given to go on after, or nothing is left after that place.
   */
  readonly refuseOver?: boolean | null | undefined;
}

/** Which events of a run to follow. */
export interface FollowEvents extends Following {
  /** Only events after this number; null is from the beginning. */
  readonly after: number | null;
  readonly types?: readonly string[] | null | undefined;
  readonly except?: readonly string[] | null | undefined;
  readonly levels?: readonly string[] | null | undefined;
}

/** Which streams of a run to follow. */
export interface FollowChunks extends Following {
  /** Only what comes after this cursor; null is from the beginning. */
  readonly after: string | null;
  /** One stream; null is all of them. */
  readonly streamId: string | null;
}

const EVERYTHING = { types: null, except: null, levels: null, streamId: null };

/**
 * Follows a run's story: see {@link Tails}. NOT_FOUND for an unknown run, GONE for one that is over if that is to be refused.
 */
export async function tailRun(
  actor: Actor,
  input: FollowEvents,
  deps: { readonly tails: Tails },
): Promise<AsyncIterable<RunEventRow>> {
  const { after, types = null, except = null, levels = null } = input;
  if (after !== null && (!Number.isInteger(after) || after < 0))
    throw new AppError('BAD_REQUEST', 'after must be the seq of an event, or 0');
  const selection = { ...EVERYTHING, ...of(actor, input.runId), types, except, levels };
  return follow({ selection, after: after ?? 0, itemsOf: (event) => [event] }, { ...input, hasPlace: after !== null }, deps);
}

/** Follows what a run streams, piece by piece: as {@link tailRun}. */
export async function tailChunks(
  actor: Actor,
  input: FollowChunks,
  deps: { readonly tails: Tails },
): Promise<AsyncIterable<RunChunk>> {
  const cursor = readChunkCursor(input.after ?? '0');
  const selection = { ...EVERYTHING, ...of(actor, input.runId), types: ['chunk'], streamId: input.streamId };
  const itemsOf = (event: RunEventRow) => piecesOf(event, event.seq === cursor.seq ? cursor.place : 0);
  return follow({ selection, after: seqBefore(cursor), itemsOf }, { ...input, hasPlace: input.after !== null }, deps);
}

function of(actor: Actor, runId: string): Pick<EventSelection, 'projectId' | 'runId'> {
  requireRunAccess(actor, runId);
  if (!isUuid(runId)) throw notFound('run');
  return { projectId: actor.projectId, runId: runId.toLowerCase() };
}

async function follow<Item>(
  spec: TailSpec<Item>,
  { refuseOver, hasPlace }: { readonly refuseOver?: boolean | null | undefined; readonly hasPlace: boolean },
  { tails }: { readonly tails: Tails },
): Promise<AsyncIterable<Item>> {
  const first = await tails.reader.read(spec.selection, spec.after);
  if (!first) throw notFound('run');
  const hasMore = first.isCut || first.events.some((event) => spec.itemsOf(event).length > 0);
  if (refuseOver && isFinal(first.status) && !(hasPlace && hasMore)) throw new AppError('GONE', 'run already in terminal state');
  return tails.open(spec);
}
