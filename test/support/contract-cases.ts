import type { RestAnswer } from './app.ts';
import type { Shape } from './documented-shapes.ts';
import type { RestWorld } from './rest-world.ts';

/** A request that a route answers with a success. */
export interface GoodRequest {
  /** Fills `{id}` of the path, and whatever else `params` does not. */
  readonly id?: string;
  /** Fills the other `{names}` of the path. */
  readonly params?: Readonly<Record<string, string>>;
  /** Without the question mark. */
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** The run token on executor routes, another API key elsewhere; null sends none. */
  readonly token?: string | null;
}

/** What one route is held to. */
export interface ContractCase {
  /** Makes what the request is about, and the request. */
  readonly request: (world: RestWorld) => GoodRequest | Promise<GoodRequest>;
  readonly status: number;
  /** What the body is; null for an answer without one, 'any' for one of any JSON. */
  readonly body: Shape | readonly [Shape] | 'any' | null;
  /** The scope that the key needs; null where any key of the project will do, or the route takes no key. */
  readonly scope: string | null;
}

/** Sends a request to a route. */
export function send(
  world: RestWorld,
  route: { readonly method: string; readonly path: string },
  { id = '', params = {}, body, headers, token, query }: GoodRequest,
): Promise<RestAnswer> {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? id));
  return world.rest(route.method, query ? `${path}?${query}` : path, {
    ...(body !== undefined && { body }),
    ...(headers && { headers }),
    ...(token !== undefined && { key: token }),
  });
}
