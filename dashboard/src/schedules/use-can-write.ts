import { useCallback } from 'react';
import { useCan } from '../app/viewer.tsx';
import type { Schedule } from './documents.ts';

/** Whether the viewer may change a schedule: that takes the right to change what it starts. */
export function useCanWrite(): (schedule: Pick<Schedule, 'workflowId'>) => boolean {
  const jobs = useCan('JOBS_WRITE');
  const workflows = useCan('WORKFLOWS_WRITE');
  return useCallback(({ workflowId }) => (workflowId === null ? jobs : workflows), [jobs, workflows]);
}
