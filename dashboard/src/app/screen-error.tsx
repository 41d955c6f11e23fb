import type { ErrorComponentProps } from '@tanstack/react-router';
import { ProblemError } from '../api/problem.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';

/** A screen that could not be shown: why, and a way to try again. The shell around it goes on working. */
export function ScreenError({ error }: ErrorComponentProps) {
  const problem =
    error instanceof ProblemError
      ? error.problem
      : {
          code: 'DASHBOARD',
          text: `This screen failed: ${error instanceof Error ? error.message : String(error)}.`,
          requestId: null,
        };
  // A part of the app that could not be loaded is remembered as broken until the page is loaded anew; what is shown stands in its address.
  return <ProblemNotice problem={problem} onRetry={() => location.reload()} />;
}
