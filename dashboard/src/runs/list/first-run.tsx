import { useViewer } from '../../app/viewer.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ScrollRegion } from '../../ui/scroll-region.tsx';

/** What there is to do where nothing has run yet: the two calls that make it run. */
export function FirstRun() {
  const { project } = useViewer();
  const { origin } = location;
  const authorization = '-H "Authorization: Bearer $BATON_API_KEY" -H "Content-Type: application/json"';
  const create = {
    project_id: project.id,
    name: 'Hello',
    slug: 'hello',
    endpoint_url: 'https://example.com/hello',
  };
  const commands = [
    `curl -X POST ${origin}/v1/jobs \\\n  ${authorization} \\\n  -d '${JSON.stringify(create)}'`,
    `curl -X POST ${origin}/v1/jobs/hello/trigger \\\n  ${authorization} \\\n  -d '{"payload":{"name":"you"}}'`,
  ];
  return (
    <EmptyState title="No runs yet">
      <p>A job says where your code is; a trigger makes a run of it, which appears here at once.</p>
      {['Create a job', 'Trigger it'].map((step, index) => (
        <div key={step} className="grid gap-1 text-left">
          <div className="flex items-center justify-between">
            <h3 className="font-medium text-ink">
              {index + 1}. {step}
            </h3>
            <CopyButton text={commands[index] ?? ''} label={`Copy the call: ${step}`} />
          </div>
          <ScrollRegion label={step} className="rounded-lg border bg-surface p-3">
            <pre className="font-mono text-xs">{commands[index]}</pre>
          </ScrollRegion>
        </div>
      ))}
    </EmptyState>
  );
}
