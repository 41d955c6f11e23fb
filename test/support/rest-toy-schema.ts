import {
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
} from 'graphql';
import { AppError, type ErrorCode } from '../../src/core/errors.ts';

/** One note of the toy: the smallest thing with an id, a tenant and free JSON. */
export interface Note {
  readonly id: string;
  readonly project: string;
  readonly text: string;
  readonly data: unknown;
}

/** One event of a note's stream. */
export interface NoteEvent {
  readonly seq: number;
  readonly text: string;
}

/** What the toy's resolvers work on; a test reads and replaces it. */
export interface ToyWorld {
  readonly notes: Note[];
  /** The source behind the `noteEvents` subscription. */
  events: (id: string, after: number) => AsyncIterable<NoteEvent>;
}

interface ToyContext {
  readonly actor: { readonly projectId: string } | null;
}

const Json = new GraphQLScalarType({ name: 'JSON', parseValue: (value) => value, serialize: (value) => value });

const NoteType = new GraphQLObjectType<Note>({
  name: 'Note',
  fields: {
    id: { type: new GraphQLNonNull(GraphQLID) },
    text: { type: new GraphQLNonNull(GraphQLString) },
    bodyText: { type: new GraphQLNonNull(GraphQLString), resolve: (note) => note.text },
    data: { type: Json },
  },
});

const EventType = new GraphQLObjectType<NoteEvent>({
  name: 'NoteEvent',
  fields: { seq: { type: new GraphQLNonNull(GraphQLInt) }, text: { type: new GraphQLNonNull(GraphQLString) } },
});

/** The toy schema over a world. */
export function toySchema(world: ToyWorld): GraphQLSchema {
  const mine = (context: ToyContext) => world.notes.filter((note) => note.project === context.actor?.projectId);
  return new GraphQLSchema({
    query: new GraphQLObjectType<unknown, ToyContext>({
      name: 'Query',
      fields: {
        hello: { type: GraphQLString, resolve: () => 'world' },
        note: {
          type: NoteType,
          args: { id: { type: new GraphQLNonNull(GraphQLID) } },
          resolve: (_, { id }: { id: string }, context) => mine(context).find((note) => note.id === id) ?? null,
        },
        notes: {
          type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(NoteType))),
          args: {
            first: { type: new GraphQLNonNull(GraphQLInt) },
            after: { type: GraphQLString },
            texts: { type: new GraphQLList(GraphQLString) },
          },
          resolve: (_, { first, after, texts }: { first: number; after?: string; texts?: string[] }, context) =>
            mine(context)
              .filter((note) => (after ? note.id > after : true) && (texts ? texts.includes(note.text) : true))
              .slice(0, first),
        },
        fail: {
          type: GraphQLString,
          args: { code: { type: new GraphQLNonNull(GraphQLString) } },
          resolve: (_, { code }: { code: ErrorCode | 'UNPLANNED' }) => {
            if (code === 'UNPLANNED') throw new Error('the password is hunter2');
            throw new AppError(code, `told: ${code}`, { retryAfterSecs: 7 });
          },
        },
        int: { type: GraphQLInt, args: { value: { type: GraphQLInt } }, resolve: (_, { value }: { value: number }) => value },
      },
    }),
    mutation: new GraphQLObjectType<unknown, ToyContext>({
      name: 'Mutation',
      fields: {
        addNote: {
          type: new GraphQLNonNull(NoteType),
          args: { text: { type: new GraphQLNonNull(GraphQLString) }, data: { type: Json }, key: { type: GraphQLString } },
          resolve: (_, { text, data, key }: { text: string; data?: unknown; key?: string }, context) => {
            const note = {
              id: key ?? `n${world.notes.length + 1}`,
              project: context.actor?.projectId ?? '',
              text,
              data: data ?? null,
            };
            world.notes.push(note);
            return note;
          },
        },
        removeNote: {
          type: GraphQLString,
          args: { id: { type: new GraphQLNonNull(GraphQLID) } },
          resolve: () => 'removed',
        },
      },
    }),
    subscription: new GraphQLObjectType<unknown, ToyContext>({
      name: 'Subscription',
      fields: {
        noteEvents: {
          type: new GraphQLNonNull(EventType),
          args: { id: { type: new GraphQLNonNull(GraphQLID) }, after: { type: GraphQLInt } },
          resolve: (event: unknown) => event,
          subscribe: (_, { id, after }: { id: string; after?: number }) => {
            if (id === 'over') throw new AppError('GONE', 'note already ended');
            return world.events(id, after ?? 0);
          },
        },
      },
    }),
  });
}
