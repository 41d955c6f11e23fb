import { z } from 'zod';
import { integerParam, jsonParam, listParam } from '../../rest/query.ts';
import { defineRoute, gql, type Route } from '../../rest/route.ts';
import { notFound } from '../../src/core/errors.ts';
import type { NoteEvent } from './rest-toy-schema.ts';

const noteSchema = z
  .object({ id: z.string(), body_text: z.string(), data: z.unknown() })
  .meta({ id: 'Note', description: 'A note.' });
const NOTE = gql`fragment NoteV1 on Note { id body_text: bodyText data }`;
type NoteV1 = z.input<typeof noteSchema>;
const id = z.strictObject({ id: z.string().describe('The note.') });

/** The toy's rows: one for each feature of a row. */
export const toyRoutes: readonly Route[] = [
  defineRoute({
    operationId: 'listNotes',
    method: 'GET',
    path: '/v1/notes',
    tag: 'Notes',
    summary: 'List notes',
    auth: 'key',
    query: z.strictObject({
      limit: integerParam(z.int().min(1).max(100).default(50)),
      cursor: z.string().optional(),
      text: listParam(z.string()).optional(),
      tags: z.record(z.string(), z.string()).optional(),
      data_contains: jsonParam(z.record(z.string(), z.unknown())).optional(),
    }),
    document: gql`query listNotes($first: Int!, $after: String, $texts: [String]) {
      notes(first: $first, after: $after, texts: $texts) { ...NoteV1 }
    } ${NOTE}`,
    variables: ({ query }) => ({ first: query.limit, after: query.cursor, texts: query.text }),
    response: z.array(noteSchema),
    project: ({ notes }: { notes: NoteV1[] }) => notes,
    nextCursor: ({ notes }) => notes.at(-1)?.id ?? null,
  }),
  defineRoute({
    operationId: 'getNote',
    method: 'GET',
    path: '/v1/notes/{id}',
    tag: 'Notes',
    summary: 'Get a note',
    auth: 'key',
    params: id,
    document: gql`query getNote($id: ID!) { note(id: $id) { ...NoteV1 } } ${NOTE}`,
    variables: ({ params }) => ({ id: params.id }),
    response: noteSchema,
    project: ({ note }: { note: NoteV1 | null }) => {
      if (note === null) throw notFound('note');
      return note;
    },
  }),
  defineRoute({
    operationId: 'addNote',
    method: 'POST',
    path: '/v1/notes',
    tag: 'Notes',
    summary: 'Add a note',
    auth: 'key',
    headers: z.object({ 'idempotency-key': z.string().max(8).optional().describe('Makes a repeated request the same request.') }),
    body: z.strictObject({ text: z.string().min(1), data: z.unknown().optional() }),
    bodyLimit: 2_000,
    document: gql`mutation addNote($text: String!, $data: JSON, $key: String) {
      note: addNote(text: $text, data: $data, key: $key) { ...NoteV1 }
    } ${NOTE}`,
    variables: ({ body, headers }) => ({ ...body, key: headers['idempotency-key'] }),
    response: noteSchema,
    project: ({ note }: { note: NoteV1 }) => note,
    status: { among: [200, 201], choose: ({ note }) => (note.body_text === 'again' ? 200 : 201) },
    errors: { CONFLICT: 'A note with this key exists.' },
  }),
  defineRoute({
    operationId: 'removeNote',
    method: 'DELETE',
    path: '/v1/notes/{id}',
    tag: 'Notes',
    summary: 'Remove a note',
    auth: 'key',
    params: id,
    body: z.strictObject({ reason: z.string() }).optional(),
    document: gql`mutation removeNote($id: ID!) { removeNote(id: $id) }`,
    variables: ({ params }) => ({ id: params.id }),
    status: 204,
  }),
  defineRoute({
    operationId: 'streamNote',
    method: 'GET',
    path: '/v1/notes/{id}/stream',
    tag: 'Notes',
    summary: 'Follow a note',
    auth: 'key',
    params: id,
    document: gql`subscription streamNote($id: ID!, $after: Int) { event: noteEvents(id: $id, after: $after) { seq text } }`,
    variables: ({ params, lastEventId }) => ({ id: params.id, after: lastEventId === null ? undefined : Number(lastEventId) }),
    response: z.object({ seq: z.int(), text: z.string() }),
    project: ({ event }: { event: NoteEvent }) => event,
    stream: { id: ({ event }) => String(event.seq), event: ({ event }) => event.text },
  }),
  defineRoute({
    operationId: 'followNote',
    method: 'GET',
    path: '/v1/notes/{id}/follow',
    tag: 'Notes',
    summary: 'Follow a note and stop an EventSource when it is over',
    auth: 'none',
    params: id,
    document: gql`subscription followNote($id: ID!) { event: noteEvents(id: $id) { seq text } }`,
    variables: ({ params }) => ({ id: params.id }),
    response: z.object({ seq: z.int(), text: z.string() }),
    project: ({ event }: { event: NoteEvent }) => event,
    stream: { id: ({ event }) => String(event.seq), whenOver: 'no-content' },
  }),
  ...(['baton', 'fastapi'] as const).map((errorStyle) =>
    defineRoute({
      operationId: `fail_${errorStyle}`,
      method: 'GET',
      path: errorStyle === 'baton' ? '/v1/fail/{code}' : '/run/fail/{code}/',
      tag: 'Faults',
      summary: 'Fail as told',
      auth: 'none',
      errorStyle,
      params: z.strictObject({ code: z.string() }),
      query: z.strictObject({ page: integerParam(z.int().min(1)).optional() }),
      document: gql`query fail($code: String!) { fail(code: $code) }`,
      variables: ({ params }) => ({ code: params.code }),
      errors: { UNPROCESSABLE: 'It cannot be done.' },
    }),
  ),
  defineRoute({
    operationId: 'int',
    method: 'GET',
    path: '/sdk/v1/int',
    tag: 'Faults',
    summary: 'Answer with a number, or break the documented shape',
    auth: 'run-token',
    query: z.strictObject({ value: integerParam(z.int()) }),
    document: gql`query int($value: Int) { int(value: $value) }`,
    variables: ({ query }) => ({ value: query.value }),
    response: z.object({ int: z.int().max(1_000) }),
    project: (data: { int: number }) => data,
  }),
];
