import { formatNumber } from '../ui/format.ts';
import { Progress } from '../ui/progress.tsx';
import type { Replay } from './use-replay.ts';

interface ReplayProgressProps {
  readonly replay: Replay;
  /** How many there should be. */
  readonly expected: number;
}

const WORDS = { idle: '', running: 'Replaying', stopped: 'Stopped', done: 'Done' };

/** How far a replay is, and what could not be replayed. */
export function ReplayProgress({ replay: { state, replayed, failed, failures, problem }, expected }: ReplayProgressProps) {
  const dealtWith = replayed + failed;
  const share = state === 'done' ? 1 : expected === 0 ? 0 : Math.min(1, dealtWith / expected);
  return (
    <div className="grid gap-2">
      <Progress value={share} label="Dead letters replayed" />
      <p role="status">
        {WORDS[state]}: {formatNumber(replayed)} of {formatNumber(Math.max(expected, dealtWith))} are queued again
        {failed > 0 ? `, ${formatNumber(failed)} could not be` : ''}.
      </p>
      {problem ? (
        <p role="alert" className="rounded-md bg-bad-soft p-2 text-bad">
          {problem}
        </p>
      ) : null}
      {failures.length > 0 ? (
        <ul className="grid gap-1 text-xs text-bad">
          {failures.map(({ id, error }) => (
            <li key={id} className="break-words">
              <code className="font-mono">{id}</code>: {error}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
