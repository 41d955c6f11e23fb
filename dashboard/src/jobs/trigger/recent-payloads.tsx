import { useState } from 'react';
import { useClient } from 'urql';
import { toProblem } from '../../api/problem.ts';
import { Button } from '../../ui/button.tsx';
import { Panel } from '../../ui/screen.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import { type JobToTrigger, RunPayloadQuery } from './documents.ts';

interface RecentPayloadsProps {
  readonly runs: JobToTrigger['runs']['edges'];
  readonly onUse: (payload: unknown) => void;
}

/** Payloads that the job has had lately, each once, to begin with one of them. They are loaded when they are asked for: some are large. */
export function RecentPayloads({ runs, onUse }: RecentPayloadsProps) {
  const client = useClient();
  const [problem, setProblem] = useState<string | null>(null);
  const [loading, setLoading] = useState<string | null>(null);
  const seen = new Set<string>();
  const distinct = runs.filter(({ node: { payloadHash } }) => !seen.has(payloadHash) && seen.add(payloadHash));

  async function load(id: string): Promise<void> {
    setLoading(id);
    const { data, error } = await client.query(RunPayloadQuery, { id }).toPromise();
    setLoading(null);
    setProblem(error ? toProblem(error).text : null);
    if (data) onUse(data.run.payload);
  }

  return (
    <Panel title="Recent payloads">
      {distinct.length === 0 ? <p className="text-muted">None yet: the job has not run.</p> : null}
      {problem ? (
        <p role="alert" className="mb-2 text-bad">
          {problem}
        </p>
      ) : null}
      <ul className="grid gap-1.5">
        {distinct.map(({ node }) => (
          <li key={node.id} className="flex items-center gap-2">
            <StatusBadge status={node.status} />
            <span className="min-w-0 flex-1 truncate">
              <Time at={node.createdAt} /> <code className="font-mono text-xs text-muted">{node.payloadHash.slice(0, 8)}</code>
            </span>
            <Button
              busy={loading === node.id}
              aria-label={`Use the payload of run ${node.id}`}
              onClick={() => void load(node.id)}
            >
              Use
            </Button>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
