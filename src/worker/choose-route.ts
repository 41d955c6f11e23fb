import type { Circuits, Refusal } from '../domain/circuits/circuits.ts';

/** The endpoints of a job, as its runs meet them. */
export interface Endpoints {
  readonly projectId: string;
  readonly endpointUrl: string;
  readonly fallbackUrl: string | null;
}

/** Where an attempt is sent. */
export interface Route {
  readonly kind: 'route';
  readonly projectId: string;
  readonly url: string;
  /** The circuit that this attempt tries; null for an endpoint that is not in doubt. */
  readonly probeOf: string | null;
  /** Where to turn when that cannot serve it; null for nowhere. */
  readonly fallbackUrl: string | null;
  /** Why the attempt does not go where the job says; null when it does. */
  readonly detour: Refusal | null;
}

/**
 * Decides where an attempt goes, before anything is made or sent for it: to the endpoint, straight to the fallback while the circuit of
 * the endpoint is open, or nowhere for now.
 */
export async function chooseRoute(to: Endpoints, circuits: Circuits): Promise<Route | Refusal> {
  const { projectId, endpointUrl, fallbackUrl } = to;
  const first = await circuits.admit({ projectId, url: endpointUrl });
  if (first.kind === 'admitted') {
    return { kind: 'route', projectId, url: endpointUrl, probeOf: first.probeOf, fallbackUrl, detour: null };
  }
  if (fallbackUrl === null) return first;
  const second = await circuits.admit({ projectId, url: fallbackUrl });
  if (second.kind === 'admitted') {
    return { kind: 'route', projectId, url: fallbackUrl, probeOf: second.probeOf, fallbackUrl: null, detour: first };
  }
  return first.retryInMs <= second.retryInMs ? first : second;
}
