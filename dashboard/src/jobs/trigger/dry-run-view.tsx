import { CopyButton } from '../../ui/copy-button.tsx';
import { formatExact } from '../../ui/format.ts';
import { JsonView } from '../../ui/json-view.tsx';
import { Facts, Panel } from '../../ui/screen.tsx';
import type { DryRun } from './documents.ts';

/** What a trigger would have done, had it not been a dry run. */
export function DryRunView({ dryRun, slug }: { readonly dryRun: DryRun; readonly slug: string }) {
  const { payloadHash, payload, scheduledAt, expiresAt, job } = dryRun;
  return (
    <Panel title="Dry run">
      <div role="status" className="mb-3 rounded-md bg-ok-soft p-2 text-ok">
        The server would take it: a run of {slug} at version {job.version}, {scheduledAt === null ? 'at once' : 'later'}. Nothing
        was stored.
      </div>
      <Facts
        facts={[
          ['Starts', scheduledAt === null ? 'as soon as there is room' : formatExact(scheduledAt)],
          ['Expires unstarted', expiresAt === null ? 'never' : formatExact(expiresAt)],
          [
            'Payload hash',
            <span key="hash" className="flex items-center gap-1">
              <code className="font-mono text-xs break-all">{payloadHash}</code>
              <CopyButton text={payloadHash} label="Copy the hash" />
            </span>,
          ],
        ]}
      />
      <div className="mt-3">
        <JsonView value={payload ?? null} label="payload of the dry run" />
      </div>
    </Panel>
  );
}
