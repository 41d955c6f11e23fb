import {
  type SuggestedField,
  type RunSuggestion as Suggestion,
  SuggestionInput,
  suggest,
} from '../../src/domain/runs/suggest.ts';
import { builder } from '../builder.ts';
import { enumValues } from '../enum-values.ts';
import { describedBy, leavingOutNulls } from '../input.ts';

const RunFilterFieldEnum = builder.enumType('RunFilterField', {
  description: 'Something that runs are found by.',
  values: enumValues<SuggestedField>({
    status: 'Their status.',
    job: 'The slug of their job.',
    tag: 'A key of their tags, or a value of one.',
    metadata: 'A key of their metadata, or a value of one.',
    payload: 'A key of their payload, or a value of one; `customer.id` is a key within a key, four at most.',
    triggered_by: 'What triggered them.',
    concurrency_key: 'Their concurrency key.',
  }),
});

const RunSuggestion = builder.objectRef<Suggestion>('RunSuggestion').implement({
  description: 'A key or a value that runs have lately had.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'The key or the value.' }),
    count: t.exposeInt('count', { description: 'How many of the runs that were looked at have it.' }),
    json: t.field({
      type: 'JSON',
      nullable: true,
      description: 'A value of a payload as it stands there, for `payloadContains`: 42 is not "42". Null for anything else.',
      resolve: ({ json }) => json,
    }),
  }),
});

const described = describedBy(SuggestionInput);

builder.queryField('runSuggestions', (t) =>
  t.field({
    type: [RunSuggestion],
    description:
      'What the newest runs of a project, at most 1,000, have in a field, the most frequent first. Requires `runs:read`.',
    args: t.validate(
      {
        projectId: t.arg.id(described.projectId),
        field: t.arg({ type: RunFilterFieldEnum, required: true, ...described.field }),
        key: t.arg.string(described.key),
        prefix: t.arg.string(described.prefix),
        limit: t.arg.int({ defaultValue: 20, ...described.limit }),
      },
      leavingOutNulls(SuggestionInput),
    ),
    authScopes: { scope: 'runs:read' },
    complexity: 50,
    resolve: (_root, input, { actor, runs }) => suggest(actor, input, runs),
  }),
);
