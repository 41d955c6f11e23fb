import type { Client } from '@urql/core';
import { graphql } from '../../api/graphql.ts';
import { ProblemError, toProblem } from '../../api/problem.ts';
import type { RunFilter } from '../list/run-list.ts';
import type { OperationId } from './operations.ts';
import type { Piece } from './work-off.ts';

/** Runs that one request is about: enough to be quick, few enough that the bar moves and a stop is heard. */
const PIECE = 200;

const CancelRuns = graphql(`
  mutation CancelRuns($ids: [ID!], $filter: RunFilter, $limit: Int, $after: String) {
    cancelRuns(input: { ids: $ids, filter: $filter, limit: $limit, after: $after }) {
      total
      done: canceled
      endCursor
      results {
        id
        error
      }
    }
  }
`);

const ReplayRuns = graphql(`
  mutation ReplayRuns($ids: [ID!], $filter: RunFilter, $limit: Int, $after: String) {
    replayRuns(input: { ids: $ids, filter: $filter, limit: $limit, after: $after }) {
      total
      done: replayed
      endCursor
      results {
        id: originalId
        error
      }
    }
  }
`);

const ReplayDeadLetters = graphql(`
  mutation ReplayDeadLetters($ids: [ID!], $filter: RunFilter, $limit: Int, $after: String) {
    replayDeadLetters(input: { ids: $ids, filter: $filter, limit: $limit, after: $after }) {
      total
      done: replayed
      endCursor
      results {
        id
        error
      }
    }
  }
`);

const RescheduleRuns = graphql(`
  mutation RescheduleRuns($ids: [ID!], $filter: RunFilter, $limit: Int, $after: String, $scheduledAt: DateTime!) {
    rescheduleRuns(input: { ids: $ids, filter: $filter, limit: $limit, after: $after, scheduledAt: $scheduledAt }) {
      total
      done: rescheduled
      endCursor
      results {
        id
        error
      }
    }
  }
`);

/** The runs that something is to be done to. */
export type Target = { readonly ids: readonly string[] } | { readonly filter: RunFilter };

/** What is to be done, to what; `scheduledAt` is the moment that runs are rescheduled to. */
export interface Order {
  readonly operation: OperationId;
  readonly target: Target;
  readonly scheduledAt: string | null;
}

interface Answer {
  readonly total: number;
  readonly done: number;
  readonly endCursor: string | null;
  readonly results: readonly { readonly id: string; readonly error: string | null }[];
}

/** Does the next piece of an order: `at` is where it begins, a place in the ids or a cursor of the server. Throws a {@link ProblemError}. */
export async function doPiece(client: Client, { operation, target, scheduledAt }: Order, at: string | null): Promise<Piece> {
  if ('filter' in target) {
    const answer = await send(client, operation, { filter: target.filter, limit: PIECE, after: at }, scheduledAt);
    return toPiece(answer, answer.endCursor);
  }
  const begin = Number(at ?? 0);
  const end = begin + PIECE;
  const answer = await send(client, operation, { ids: target.ids.slice(begin, end) }, scheduledAt);
  return toPiece(answer, end < target.ids.length ? String(end) : null);
}

async function send(client: Client, operation: OperationId, target: object, scheduledAt: string | null): Promise<Answer> {
  switch (operation) {
    case 'CANCEL':
      return answerOf(await client.mutation(CancelRuns, target).toPromise()).cancelRuns;
    case 'REPLAY':
      return answerOf(await client.mutation(ReplayRuns, target).toPromise()).replayRuns;
    case 'REPLAY_DEAD_LETTERS':
      return answerOf(await client.mutation(ReplayDeadLetters, target).toPromise()).replayDeadLetters;
    case 'RESCHEDULE': {
      const variables = { ...target, scheduledAt: scheduledAt ?? new Date().toISOString() };
      return answerOf(await client.mutation(RescheduleRuns, variables).toPromise()).rescheduleRuns;
    }
  }
}

function answerOf<Data>({
  data,
  error,
}: {
  readonly data?: Data | undefined;
  readonly error?: Parameters<typeof toProblem>[0] | undefined;
}): Data {
  if (error || data === undefined) throw new ProblemError(toProblem(error ?? { graphQLErrors: [], message: 'no answer' }));
  return data;
}

function toPiece({ total, done, results }: Answer, next: string | null): Piece {
  const failures = results.flatMap(({ id, error }) => (error === null ? [] : [{ id, error }]));
  return { total, done, failures, next };
}
