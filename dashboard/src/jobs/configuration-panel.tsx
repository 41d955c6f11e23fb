import { JsonView } from '../ui/json-view.tsx';
import { Facts, Panel } from '../ui/screen.tsx';
import { Badge } from '../ui/status-badge.tsx';
import type { Job } from './job-document.ts';
import { wordsOf } from './job-words.ts';

/** What a job says, in words; schemas and labels as they are. */
export function ConfigurationPanel({ job }: { readonly job: Job }) {
  return (
    <div className="grid items-start gap-3 lg:grid-cols-2">
      {wordsOf(job).map(({ title, facts }) => (
        <Panel key={title} title={title}>
          <Facts facts={facts} />
        </Panel>
      ))}
      <Panel title="Labels">
        <Facts
          facts={[
            ['Tags', <Labels key="tags" labels={job.tags} />],
            ['Metadata of its runs', <Labels key="metadata" labels={job.defaultRunMetadata} />],
          ]}
        />
      </Panel>
      {job.payloadSchema ? (
        <Panel title="Schema of the payload">
          <JsonView value={job.payloadSchema} label="schema of the payload" />
        </Panel>
      ) : null}
      {job.resultSchema ? (
        <Panel title="Schema of the result">
          <JsonView value={job.resultSchema} label="schema of the result" />
        </Panel>
      ) : null}
    </div>
  );
}

function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  const entries = Object.entries(labels);
  if (entries.length === 0) return <span className="text-muted">none</span>;
  return (
    <span className="flex flex-wrap gap-1">
      {entries.map(([name, value]) => (
        <Badge key={name}>
          {name}: {value}
        </Badge>
      ))}
    </span>
  );
}
