import type { Problem } from '../api/problem.ts';
import { Button } from './button.tsx';

interface ProblemNoticeProps {
  readonly problem: Problem;
  readonly onRetry?: () => void;
}

/** What could not be loaded: why, what to do, and what to give to whoever runs the server. */
export function ProblemNotice({ problem, onRetry }: ProblemNoticeProps) {
  return (
    <div role="alert" className="m-4 flex flex-wrap items-center gap-3 rounded-lg border border-bad bg-bad-soft px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="font-medium text-bad">{problem.text}</p>
        <p className="text-xs text-bad">
          {problem.code}
          {problem.requestId ? ` · request ${problem.requestId}` : ''}
        </p>
      </div>
      {onRetry ? <Button onClick={onRetry}>Try again</Button> : null}
    </div>
  );
}
