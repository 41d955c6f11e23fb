import { usePages } from '../api/use-pages.ts';
import { Button } from '../ui/button.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Badge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { type Workflow, WorkflowVersionsQuery } from './documents.ts';

/** What a workflow said at each version, newest first: runs keep to the one they were triggered under. */
export function WorkflowVersions({ workflow }: { readonly workflow: Workflow }) {
  const pages = usePages(WorkflowVersionsQuery, { id: workflow.id }, (data) => data.workflow.versions);
  if (pages.problem) return <ProblemNotice problem={pages.problem} onRetry={pages.reload} />;
  if (pages.isFirst) return <Skeleton />;
  return (
    <div className="grid gap-2">
      <ol className="grid gap-2">
        {pages.rows.map((each) => (
          <li key={each.versionId}>
            <details className="rounded-xl border bg-surface px-4 py-2">
              <summary className="flex flex-wrap items-center gap-3">
                <span className="font-medium">Version {each.version}</span>
                <Time at={each.createdAt} />
                {each.version === workflow.version ? <Badge tone="accent">in use</Badge> : null}
              </summary>
              <div className="grid gap-2 py-2">
                <Facts
                  facts={[
                    [
                      'Id',
                      <code key="id" className="font-mono text-xs">
                        {each.versionId}
                      </code>,
                    ],
                    ['Made by', each.createdBy],
                  ]}
                />
                <JsonView label={`the definition of version ${each.version}`} value={each.definition} />
              </div>
            </details>
          </li>
        ))}
      </ol>
      {pages.hasMore ? (
        <Button busy={pages.isLoading} onClick={pages.loadMore}>
          Show earlier versions
        </Button>
      ) : null}
    </div>
  );
}
