import { createLazyRoute, Link, useParams } from '@tanstack/react-router';
import { FlaskConical, Play } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useQuery } from 'urql';
import { toProblem } from '../../api/problem.ts';
import { useAddress } from '../../app/use-address.ts';
import { Button } from '../../ui/button.tsx';
import { ProblemNotice } from '../../ui/problem-notice.tsx';
import { Panel, Screen } from '../../ui/screen.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { useFocusFault } from '../../ui/use-focus-fault.ts';
import { type JobToTrigger, JobToTriggerQuery, RunPayloadQuery } from './documents.ts';
import { DryRunView } from './dry-run-view.tsx';
import { NO_OPTIONS, optionGroups } from './option-fields.ts';
import { OptionsPanel } from './options-panel.tsx';
import { PayloadEditor, type PayloadMode } from './payload-editor.tsx';
import { RecentPayloads } from './recent-payloads.tsx';
import { usePayload } from './use-payload.ts';
import { useTrigger } from './use-trigger.ts';

/** Triggers a job by hand: its payload as a form or as JSON, its options, a try without effect. `?from=` begins with the payload of a run. */
function TriggerScreen() {
  const { jobId } = useParams({ from: '/jobs/$jobId/trigger' });
  const { search } = useAddress();
  const from = search['from'];
  const [job, retry] = useQuery({ query: JobToTriggerQuery, variables: { id: jobId }, requestPolicy: 'network-only' });
  const [run] = useQuery({ query: RunPayloadQuery, variables: { id: from ?? '' }, pause: from === undefined });
  const error = job.error ?? run.error;
  if (error) {
    return (
      <Screen title="Trigger a job">
        <ProblemNotice problem={toProblem(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />
      </Screen>
    );
  }
  if (!job.data || (from !== undefined && !run.data)) {
    return (
      <Screen title="Trigger a job">
        <Skeleton lines={8} label="Loading the job" />
      </Screen>
    );
  }
  return <TriggerForm key={job.data.job.id + from} job={job.data.job} initial={run.data ? run.data.run.payload : undefined} />;
}

function TriggerForm({ job, initial }: { readonly job: JobToTrigger; readonly initial: unknown }) {
  const frame = useRef<HTMLDivElement>(null);
  const payload = usePayload(initial ?? (job.payloadSchema === null ? {} : undefined));
  const [mode, setMode] = useState<PayloadMode>('form');
  const [options, setOptions] = useState(NO_OPTIONS);
  const [refusals, setRefusals] = useState(0);
  useFocusFault(frame, refusals);
  const groups = useMemo(() => optionGroups(job), [job]);
  const { send, isRunning, dryRun, faults, optionFaults, problem } = useTrigger({ job, payload, groups, options });

  /** Sends it, or puts the focus on the first thing that is wrong. */
  async function press(isDry: boolean): Promise<void> {
    if (await send(isDry)) return;
    setRefusals((count) => count + 1);
  }

  return (
    <Screen
      title={`Trigger ${job.name}`}
      aside={
        <Link to="/jobs/$jobId" params={{ jobId: job.id }} className="font-mono text-xs text-accent underline">
          {job.slug}
        </Link>
      }
      actions={
        <>
          <Button icon={FlaskConical} busy={isRunning} onClick={() => void press(true)}>
            Dry run
          </Button>
          <Button variant="primary" icon={Play} busy={isRunning} disabled={!job.enabled} onClick={() => void press(false)}>
            Trigger
          </Button>
        </>
      }
    >
      {job.enabled ? null : (
        <p className="rounded-md bg-warn-soft p-3 text-warn">The job is disabled and refuses triggers: enable it first.</p>
      )}
      {problem ? (
        <p role="alert" className="rounded-md border border-bad bg-bad-soft p-3 text-bad">
          {problem}
        </p>
      ) : null}
      <div ref={frame} className="grid items-start gap-3 lg:grid-cols-[1fr_22rem]">
        <div className="grid min-w-0 gap-3">
          {dryRun ? <DryRunView dryRun={dryRun} slug={job.slug} /> : null}
          <Panel title="Payload">
            <PayloadEditor schema={job.payloadSchema} payload={payload} faults={faults} mode={mode} onMode={setMode} />
          </Panel>
        </div>
        <div className="grid min-w-0 gap-3">
          <OptionsPanel
            groups={groups}
            values={options}
            faults={optionFaults}
            onChange={(name, value) => setOptions((before) => ({ ...before, [name]: value }))}
          />
          <RecentPayloads runs={job.runs.edges} onUse={payload.setValue} />
        </div>
      </div>
    </Screen>
  );
}

export const Route = createLazyRoute('/jobs/$jobId/trigger')({ component: TriggerScreen });
