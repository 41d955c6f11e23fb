import { formatDuration } from '../ui/format.ts';
import { JsonView } from '../ui/json-view.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { RunToolCallsQuery } from './report-documents.ts';
import { Disclosure, RunListView } from './run-list.tsx';
import type { LiveRun } from './use-run.ts';
import { useRunList } from './use-run-list.ts';

/** The calls of tools that the run has reported, oldest first. */
export function ToolCallsTab({ live }: { readonly live: LiveRun }) {
  const list = useRunList(live, {
    document: RunToolCallsQuery,
    pick: ({ run }) => run.toolCalls,
    types: ['TOOL_CALL'],
    isGrowing: true,
  });
  return (
    <RunListView
      list={list}
      label="tool calls"
      empty={
        <p>An agent that reports the tools it calls is easier to follow: name, input, output and time of each appear here.</p>
      }
    >
      {(rows) =>
        rows.map(({ id, toolName, status, durationMs, input, output, createdAt }) => (
          <Disclosure
            key={id}
            summary={
              <>
                <span className="font-mono font-medium">{toolName}</span>
                {status ? <Badge tone={/err|fail/i.test(status) ? 'bad' : 'ok'}>{status}</Badge> : null}
                {durationMs === null ? null : <span className="text-muted tabular-nums">{formatDuration(durationMs)}</span>}
                <span className="text-muted">
                  <Time at={createdAt} />
                </span>
              </>
            }
          >
            <h3 className="text-muted">Input</h3>
            <JsonView value={input} label={`input of ${toolName}`} />
            <h3 className="text-muted">Output</h3>
            <JsonView value={output} label={`output of ${toolName}`} />
          </Disclosure>
        ))
      }
    </RunListView>
  );
}
