import { Graph, layout } from '@dagrejs/dagre';
import { placeInLayers } from './layered-layout.ts';
import { type Direction, type Edge, GAP, NODE, type Placement, type Point } from './placement.ts';

/**
 * Steps and lines together above which a plainer layout does. Dagre's time grows faster than the graph: 50 steps in layers with 120 lines
 * took it 0.05 s, 200 with 570 lines 0.5 s and 1,000 with 2,970 more than ten, all of them time in which the page stands still.
 */
const MOST_FOR_DAGRE = 300;

/** Places the steps of a graph, each after what it depends on. */
export function place(refs: readonly string[], edges: readonly Edge[], direction: Direction): Placement {
  if (refs.length + edges.length > MOST_FOR_DAGRE) return placeInLayers(refs, edges, direction);
  const graph = new Graph();
  graph.setGraph({
    rankdir: direction === 'right' ? 'LR' : 'TB',
    nodesep: GAP.beside,
    ranksep: GAP.after,
    marginx: GAP.around,
    marginy: GAP.around,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const ref of refs) graph.setNode(ref, { width: NODE.width, height: NODE.height });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const nodes = refs.map((ref) => ({ ref, ...(graph.node(ref) as Point) }));
  const along =
    direction === 'right' ? (a: Point, b: Point) => a.x - b.x || a.y - b.y : (a: Point, b: Point) => a.y - b.y || a.x - b.x;
  return {
    width,
    height,
    nodes: nodes.sort(along),
    edges: edges.map(({ from, to }) => ({ from, to, points: (graph.edge(from, to) as { points: Point[] }).points })),
  };
}
