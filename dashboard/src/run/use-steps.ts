import { useEffect } from 'react';
import { useQuery } from 'urql';
import { graphql } from '../api/graphql.ts';
import type { RunHead } from './run-documents.ts';

const StepsQuery = graphql(`
  query StepsAroundRun($id: ID!) {
    workflowRun(id: $id) {
      id
      steps(first: 100) {
        edges {
          node {
            id
            ref
            status
            startedAt
            finishedAt
          }
        }
      }
    }
  }
`);

const NONE: readonly never[] = [];

/** The steps of the workflow run that a run works for; asked for again as the run moves on. */
export function useSteps({ workflowStep, status }: RunHead) {
  const id = workflowStep?.workflowRunId ?? null;
  const [{ data }, load] = useQuery({ query: StepsQuery, variables: { id: id ?? '' }, pause: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the run, its step moves.
  useEffect(() => {
    if (id !== null) load({ requestPolicy: 'network-only' });
  }, [id, status, load]);
  return id === null || !data ? NONE : data.workflowRun.steps.edges.map(({ node }) => node);
}
