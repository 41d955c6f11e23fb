import { type Direction, type Edge, GAP, NODE, type Placement } from './placement.ts';

/** How often the layers are put in order, to and fro: after a few times hardly anything moves. */
const SWEEPS = 4;

/**
 * A layout for graphs of any size, in milliseconds: each step stands in the layer after the last one it depends on, within its layer near
 * the middle of what it is connected to, and lines go straight. Steps are given in an order that may be any.
 */
export function placeInLayers(refs: readonly string[], edges: readonly Edge[], direction: Direction): Placement {
  const before = Map.groupBy(edges, ({ to }) => to);
  const after = Map.groupBy(edges, ({ from }) => from);
  const layers = layersOf(refs, before, after);
  /** The place of each step across its layer, in boxes from the middle line. */
  const across = new Map<string, number>();
  const settle = (layer: readonly string[]) => {
    for (const [index, ref] of layer.entries()) across.set(ref, index - (layer.length - 1) / 2);
  };
  layers.forEach(settle);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    for (const layer of forth ? layers : layers.toReversed()) {
      const wish = new Map(
        layer.map((ref) => {
          const near = forth ? before.get(ref)?.map(({ from }) => from) : after.get(ref)?.map(({ to }) => to);
          return [ref, near ? mean(near.map((other) => across.get(other) ?? 0)) : (across.get(ref) ?? 0)];
        }),
      );
      layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
      settle(layer);
    }
  }
  return toPixels(layers, across, edges, direction);
}

type ByStep = ReadonlyMap<string, readonly Edge[]>;

/** The steps by how long the longest way to them is. */
function layersOf(refs: readonly string[], before: ByStep, after: ByStep): string[][] {
  const open = new Map(refs.map((ref) => [ref, before.get(ref)?.length ?? 0]));
  const layers: string[][] = [];
  for (let layer = refs.filter((ref) => open.get(ref) === 0); layer.length > 0; ) {
    layers.push(layer);
    const next: string[] = [];
    for (const { to } of layer.flatMap((ref) => after.get(ref) ?? [])) {
      const left = (open.get(to) ?? 0) - 1;
      open.set(to, left);
      if (left === 0) next.push(to);
    }
    layer = next;
  }
  return layers;
}

function toPixels(
  layers: readonly (readonly string[])[],
  across: ReadonlyMap<string, number>,
  edges: readonly Edge[],
  direction: Direction,
): Placement {
  const isRight = direction === 'right';
  const [along, beside] = isRight ? [NODE.width, NODE.height] : [NODE.height, NODE.width];
  const widest = Math.max(1, ...layers.map((layer) => layer.length));
  const depth = layers.length * (along + GAP.after) - GAP.after + 2 * GAP.around;
  const breadth = widest * (beside + GAP.beside) - GAP.beside + 2 * GAP.around;
  const nodes = layers.flatMap((layer, index) =>
    layer.map((ref) => {
      const main = GAP.around + along / 2 + index * (along + GAP.after);
      const cross = breadth / 2 + (across.get(ref) ?? 0) * (beside + GAP.beside);
      return { ref, x: isRight ? main : cross, y: isRight ? cross : main };
    }),
  );
  const at = new Map(nodes.map((node) => [node.ref, node]));
  return {
    width: isRight ? depth : breadth,
    height: isRight ? breadth : depth,
    nodes,
    edges: edges.flatMap(({ from, to }) => {
      const [start, end] = [at.get(from), at.get(to)];
      if (!start || !end) return [];
      const points = isRight
        ? [
            { x: start.x + NODE.width / 2, y: start.y },
            { x: end.x - NODE.width / 2, y: end.y },
          ]
        : [
            { x: start.x, y: start.y + NODE.height / 2 },
            { x: end.x, y: end.y - NODE.height / 2 },
          ];
      return [{ from, to, points }];
    }),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
