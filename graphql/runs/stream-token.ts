import type { MintedStreamToken } from '../../src/auth/stream-token.ts';
import { createStreamToken } from '../../src/domain/runs/stream-token.ts';
import { builder } from '../builder.ts';

const StreamToken = builder.objectRef<MintedStreamToken>('StreamToken').implement({
  description: 'What opens the event streams of one run without a header.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'The token, for `?token=` of the two event streams of the run.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when it opens streams; one that is open by then stays so.',
    }),
  }),
});

builder.mutationField('createStreamToken', (t) =>
  t.field({
    type: StreamToken,
    description:
      'Makes a token with which a browser, whose EventSource cannot send headers, follows one run for five minutes. Requires `runs:read`.',
    args: { runId: t.arg.id({ required: true, description: 'The run.' }) },
    authScopes: { scope: 'runs:read' },
    resolve: (_root, { runId }, { actor, runs }) => createStreamToken(actor, runId, runs),
  }),
);
