import { useEffect } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { RunPayloadQuery } from './report-documents.ts';
import type { RunHead } from './run-documents.ts';

/** What the run was given, and what it returned or why it did not. */
export function PayloadTab({ run }: { readonly run: RunHead }) {
  const [{ data, error, fetching }, load] = useQuery({ query: RunPayloadQuery, variables: { id: run.id }, pause: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the result comes with the end, a new payload with a new start.
  useEffect(() => load({ requestPolicy: 'network-only' }), [load, run.status, run.payloadHash]);
  if (error) return <ProblemNotice problem={toProblem(error)} onRetry={() => load({ requestPolicy: 'network-only' })} />;
  if (!data) return fetching ? <Skeleton lines={6} label="Loading payload and result" /> : null;
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <section className="grid min-w-0 grid-cols-1 content-start gap-2">
        <h3 className="font-semibold">Payload</h3>
        <JsonView value={data.run.payload} label="payload" />
      </section>
      <section className="grid min-w-0 grid-cols-1 content-start gap-2">
        <h3 className="font-semibold">Result</h3>
        {run.status === 'COMPLETED' ? <JsonView value={data.run.result} label="result" /> : <NoResult run={run} />}
      </section>
    </div>
  );
}

function NoResult({ run }: { readonly run: RunHead }) {
  if (run.error === null) return <p className="text-muted">There is none until the run has completed.</p>;
  return (
    <pre className="overflow-x-auto rounded-lg border border-bad bg-bad-soft p-3 font-mono text-xs break-words whitespace-pre-wrap text-bad">
      {run.error}
    </pre>
  );
}
