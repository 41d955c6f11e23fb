import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import { useQuery } from 'urql';
import { signedOut } from '../api/client.ts';
import { graphql, type ResultOf } from '../api/graphql.ts';
import { toProblem } from '../api/problem.ts';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { SignIn } from './sign-in.tsx';

const ViewerQuery = graphql(`
  query Viewer {
    viewer {
      keyId
      scopes
      project {
        id
        name
      }
    }
  }
`);

/** Who is signed in, to which project, with which scopes. */
export type Viewer = ResultOf<typeof ViewerQuery>['viewer'];
type Scope = Viewer['scopes'][number];

const ViewerContext = createContext<Viewer | null>(null);

/** Shows its children to somebody who is signed in, and the way in to everybody else. */
export function ViewerGate({ children }: { readonly children: ReactNode }) {
  const isSignedOut = useSyncExternalStore(signedOut.subscribe, signedOut.get);
  const [{ data, error }, retry] = useQuery({ query: ViewerQuery, pause: isSignedOut });
  if (isSignedOut) return <SignIn />;
  if (data) return <ViewerContext value={data.viewer}>{children}</ViewerContext>;
  if (error) return <ProblemNotice problem={toProblem(error)} onRetry={() => retry({ requestPolicy: 'network-only' })} />;
  return null;
}

/** Who is signed in. */
export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (viewer === null) throw new Error('useViewer works within ViewerGate');
  return viewer;
}

/** Whether the viewer's key opens `scope`; what it does not open is not offered. "All" is all of the project, not of the instance. */
export function useCan(scope: Scope): boolean {
  const { scopes } = useViewer();
  return scopes.includes(scope) || (scope !== 'INSTANCE_ADMIN' && scopes.includes('ALL'));
}
