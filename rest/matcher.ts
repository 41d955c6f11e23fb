import makeRouter from 'find-my-way';
import { pathParams, type Route, type RouteMethod } from './route.ts';

/** What a request line leads to. `foreign` paths are not the REST face's business at all. */
export type Match =
  | { readonly kind: 'foreign' }
  | { readonly kind: 'bad-path' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'wrong-method'; readonly allow: readonly string[] }
  | {
      readonly kind: 'route';
      readonly route: Route;
      readonly params: Readonly<Record<string, string | undefined>>;
      /** The undecoded query string, without the question mark. */
      readonly query: string;
    };

/** Finds the row for a method and a request target. */
export type Matcher = (method: string, target: string) => Match;

/** Longer path parameters match nothing; nothing of ours comes near it, not even 256 characters of three encoded bytes each. */
const MAX_PARAM_LENGTH = 3072;

const METHODS: readonly RouteMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const FOREIGN: Match = { kind: 'foreign' };
const UNKNOWN: Match = { kind: 'unknown' };
const BAD_PATH: Match = { kind: 'bad-path' };

/**
 * Compiles rows into a radix tree. Paths that share their first segment with a row (`/v1/…`, `/sdk/…`) belong to the REST face, found
 * or not; all others are foreign. Throws naming the row when two rows share a method and a path, or an operation id.
 */
export function makeMatcher(routes: readonly Route[]): Matcher {
  const router = makeRouter({
    maxParamLength: MAX_PARAM_LENGTH,
    querystringParser: (text) => text,
    onBadUrl: () => undefined,
  });
  const taken = new Map<string, string>();
  for (const route of routes) {
    claim(taken, `operation id ${route.operationId}`, route);
    for (const path of servedPaths(route.path)) {
      claim(taken, `${route.method} ${path.replace(/\{\w+\}/g, '{}')}`, route);
      router.on(route.method, matcherPath(path), noHandler, route);
    }
  }
  router.compile();
  const ours = new Set(routes.map((route) => firstSegment(route.path)));

  return (method, target) => {
    const path = target.startsWith('/') ? target : pathOfAbsolute(target);
    if (!ours.has(firstSegment(path))) return FOREIGN;
    // Nothing has an empty name: `/v1/runs/` is no run.
    const find = (of: RouteMethod) => {
      const hit = router.find(of, path);
      return hit === null || Object.values(hit.params).includes('') ? null : hit;
    };
    const found = find(method === 'HEAD' ? 'GET' : (method as RouteMethod)); // unknown methods have no tree and find nothing
    if (found === null) return wrongMethod((other) => find(other) !== null);
    // A bad URL is reported as a hit without a store.
    if (found.store === null) return BAD_PATH;
    // find-my-way types the parsed query as an object; ours is the raw text.
    return { kind: 'route', route: found.store as Route, params: found.params, query: found.searchParams as unknown as string };
  };
}

function wrongMethod(has: (method: RouteMethod) => boolean): Match {
  const allow: string[] = METHODS.filter(has);
  if (allow.includes('GET')) allow.push('HEAD');
  return allow.length === 0 ? UNKNOWN : { kind: 'wrong-method', allow };
}

function claim(taken: Map<string, string>, what: string, route: Route): void {
  const other = taken.get(what);
  if (other !== undefined) throw new Error(`route ${route.operationId}: ${what} is already taken by ${other}`);
  taken.set(what, route.operationId);
}

function servedPaths(path: string): string[] {
  return path.endsWith('/') && path !== '/' ? [path, path.slice(0, -1)] : [path];
}

function matcherPath(path: string): string {
  let pattern = path.replaceAll(':', '::');
  for (const name of pathParams(path)) pattern = pattern.replace(`{${name}}`, `:${name}`);
  return pattern;
}

function firstSegment(path: string): string {
  const end = path.slice(1).search(/[/?#]/);
  return end === -1 ? path.slice(1) : path.slice(1, end + 1);
}

/** The origin form of `GET http://host/path`, which proxies send; anything else that is not a path matches nothing. */
function pathOfAbsolute(target: string): string {
  const url = URL.parse(target);
  return url === null ? '' : url.pathname + url.search;
}

function noHandler(): undefined {
  return undefined;
}
