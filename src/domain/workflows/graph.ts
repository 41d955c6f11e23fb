import type { StepDefinition } from './definition.ts';

/** The graph of a definition, by positions of steps. */
export interface Graph {
  readonly steps: readonly GraphStep[];
  /** Positions, every step after all it depends on. */
  readonly order: readonly number[];
  readonly positionOf: ReadonlyMap<string, number>;
}

/** A node of the graph. */
export interface GraphStep {
  readonly definition: StepDefinition;
  readonly dependsOn: readonly number[];
  readonly dependents: readonly number[];
  /** For a condition or a router: the steps that it can leave out. */
  readonly targets: ReadonlySet<number>;
  /** Whether nothing depends on it. */
  readonly isLast: boolean;
}

type StepLike = Pick<StepDefinition, 'ref' | 'dependsOn'>;

/** A cycle among steps as the refs on it, or null. References to unknown steps are passed by. */
export function findCycle(steps: readonly StepLike[]): string[] | null {
  const { order } = sortSteps(steps);
  if (order.length === steps.length) return null;
  const sorted = new Set(order);
  const positionOf = new Map(steps.map(({ ref }, position) => [ref, position]));
  // Every step that is left has a dependency that is left: going from one to the next must come back.
  const path: number[] = [];
  let at = steps.findIndex((_step, position) => !sorted.has(position));
  while (!path.includes(at)) {
    path.push(at);
    const next = steps[at]?.dependsOn
      .map((ref) => positionOf.get(ref) ?? -1)
      .find((position) => position >= 0 && !sorted.has(position));
    if (next === undefined) return null;
    at = next;
  }
  return [...path.slice(path.indexOf(at)), at].map((position) => steps[position]?.ref ?? '').reverse();
}

function sortSteps(steps: readonly StepLike[]): { order: number[]; dependents: number[][] } {
  const positionOf = new Map(steps.map(({ ref }, position) => [ref, position]));
  const dependents: number[][] = steps.map(() => []);
  const open = steps.map(({ dependsOn }, position) => {
    const known = dependsOn.flatMap((ref) => positionOf.get(ref) ?? []);
    for (const dependency of known) dependents[dependency]?.push(position);
    return known.length;
  });
  const order = open.flatMap((count, position) => (count === 0 ? [position] : []));
  // The list grows while it is gone through.
  for (const position of order) {
    for (const dependent of dependents[position] ?? []) {
      open[dependent] = (open[dependent] ?? 0) - 1;
      if (open[dependent] === 0) order.push(dependent);
    }
  }
  return { order, dependents };
}

/** The graph of a checked definition. */
export function makeGraph(steps: readonly StepDefinition[]): Graph {
  const positionOf = new Map(steps.map(({ ref }, position) => [ref, position]));
  const { order, dependents } = sortSteps(steps);
  const positions = (refs: readonly string[]): number[] => refs.flatMap((ref) => positionOf.get(ref) ?? []);
  return {
    order,
    positionOf,
    steps: steps.map((definition, position) => ({
      definition,
      dependsOn: positions(definition.dependsOn),
      dependents: dependents[position] ?? [],
      targets: new Set(positions(targetsOf(definition))),
      isLast: (dependents[position] ?? []).length === 0,
    })),
  };
}

/** The steps that a condition or a router can leave out. */
export function targetsOf(step: Pick<StepDefinition, 'whenTrue' | 'whenFalse' | 'routes' | 'otherwise'>): string[] {
  const { whenTrue = [], whenFalse = [], routes = [], otherwise = [] } = step;
  return [...whenTrue, ...whenFalse, ...routes.flatMap(({ to }) => to), ...otherwise];
}

/** Everything that comes after some steps, themselves included. */
export function withDescendants(graph: Graph, positions: Iterable<number>): Set<number> {
  const found = new Set(positions);
  // The set grows while it is gone through.
  for (const position of found) for (const dependent of graph.steps[position]?.dependents ?? []) found.add(dependent);
  return found;
}

/** Answers which steps come before which. */
export interface Ancestry {
  isBefore(ancestor: string, ref: string): boolean;
}

/** The {@link Ancestry} of steps without a cycle; a bit for each pair, so that a dense graph costs no more than its edges. */
export function makeAncestry(steps: readonly StepLike[]): Ancestry {
  const positionOf = new Map(steps.map(({ ref }, position) => [ref, position]));
  const before = steps.map(() => 0n);
  for (const position of sortSteps(steps).order) {
    let bits = 0n;
    for (const ref of steps[position]?.dependsOn ?? []) {
      const dependency = positionOf.get(ref);
      if (dependency !== undefined) bits |= (before[dependency] ?? 0n) | (1n << BigInt(dependency));
    }
    before[position] = bits;
  }
  return {
    isBefore(ancestor, ref) {
      const [of, at] = [positionOf.get(ancestor), positionOf.get(ref)];
      return of !== undefined && at !== undefined && (((before[at] ?? 0n) >> BigInt(of)) & 1n) === 1n;
    },
  };
}
