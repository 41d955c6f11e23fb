import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import { type Problem, toProblem } from '../../api/problem.ts';
import { useAddress } from '../../app/use-address.ts';
import { Button } from '../../ui/button.tsx';
import { Select } from '../../ui/field.tsx';
import { ProblemNotice } from '../../ui/problem-notice.tsx';
import { Panel } from '../../ui/screen.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { Badge } from '../../ui/status-badge.tsx';
import { Time } from '../../ui/time.tsx';
import { diffDefinitions } from './definition-diff.ts';
import { DiffView } from './diff-view.tsx';
import { type JobVersion, JobVersionsQuery } from './documents.ts';

/** What a job said at each version, and what changed between any two of them. */
export function VersionsPanel({ jobId, current }: { readonly jobId: string; readonly current: number }) {
  const { versions, problem, hasMore, loadMore } = useVersions(jobId, current);
  const { search, change } = useAddress();
  if (problem) return <ProblemNotice problem={problem} onRetry={loadMore} />;
  if (versions.length === 0) return <Skeleton lines={6} label="Loading the versions" />;
  const find = (number: string | undefined) => versions.find(({ version }) => String(version) === number);
  const after = find(search['to']) ?? versions[0];
  const before = find(search['from']) ?? versions.find(({ version }) => after && version === after.version - 1) ?? after;
  return (
    <div className="grid items-start gap-3 lg:grid-cols-[20rem_1fr]">
      <Panel title="Versions">
        <ol className="grid gap-2">
          {versions.map((version) => (
            <li key={version.version}>
              <VersionEntry
                version={version}
                isShown={version === after}
                onShow={() => change({ to: String(version.version), from: String(Math.max(1, version.version - 1)) })}
              />
            </li>
          ))}
        </ol>
        {hasMore ? (
          <Button className="mt-3" onClick={loadMore}>
            Older versions
          </Button>
        ) : null}
      </Panel>
      <Panel title="What changed">
        <div className="mb-4 flex flex-wrap items-center gap-2">
          <Choice label="From" versions={versions} selected={before} onSelect={(from) => change({ from })} />
          <Choice label="to" versions={versions} selected={after} onSelect={(to) => change({ to })} />
        </div>
        {before === after ? (
          <p className="text-muted">
            {versions.length === 1 ? 'This is the first version: the next change of the job shows here.' : 'Choose two versions.'}
          </p>
        ) : before && after ? (
          <DiffView changes={diffDefinitions(before, after)} />
        ) : null}
      </Panel>
    </div>
  );
}

interface VersionEntryProps {
  readonly version: JobVersion;
  readonly isShown: boolean;
  readonly onShow: () => void;
}

function VersionEntry({ version, isShown, onShow }: VersionEntryProps) {
  return (
    <button
      type="button"
      aria-pressed={isShown}
      onClick={onShow}
      className="grid w-full gap-0.5 rounded-md px-2 py-1.5 text-left hover:bg-hover aria-pressed:bg-accent-soft"
    >
      <span className="flex items-center gap-2 font-medium">
        Version {version.version}
        {version.backwardsCompatible ? <Badge tone="info">compatible</Badge> : null}
      </span>
      <span className="truncate text-xs text-muted">
        <Time at={version.createdAt} /> by {version.createdBy}
      </span>
    </button>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly versions: readonly JobVersion[];
  readonly selected: JobVersion | undefined;
  readonly onSelect: (version: string) => void;
}

function Choice({ label, versions, selected, onSelect }: ChoiceProps) {
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden>{label}</span>
      <Select aria-label={`${label} version`} value={selected?.version} onChange={(event) => onSelect(event.target.value)}>
        {versions.map(({ version }) => (
          <option key={version} value={version}>
            version {version}
          </option>
        ))}
      </Select>
    </span>
  );
}

/** The versions of a job, the newest first, more of them when asked for; anew when the job has got another one. */
function useVersions(jobId: string, current: number) {
  const client = useClient();
  const [versions, setVersions] = useState<readonly JobVersion[]>([]);
  const [problem, setProblem] = useState<Problem | null>(null);

  async function load(before: number | null, isWanted: () => boolean): Promise<void> {
    const asked = client.query(JobVersionsQuery, { id: jobId, before }, { requestPolicy: 'network-only' });
    const { data, error } = await asked.toPromise();
    if (!isWanted()) return;
    setProblem(error ? toProblem(error) : null);
    if (data) setVersions((shown) => (before === null ? data.job.versions : [...shown, ...data.job.versions]));
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new version is a reason to load anew; `load` is made of the rest.
  useEffect(() => {
    let isWanted = true;
    void load(null, () => isWanted);
    return () => {
      isWanted = false;
    };
  }, [jobId, current]);

  const oldest = versions.at(-1)?.version ?? null;
  return { versions, problem, hasMore: (oldest ?? 1) > 1, loadMore: () => void load(oldest, () => true) };
}
