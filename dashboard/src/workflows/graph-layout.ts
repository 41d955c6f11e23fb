import { Graph, layout } from '@dagrejs/dagre';

/** A box of the graph: its middle in pixels. */
export interface PlacedNode {
  readonly ref: string;
  readonly x: number;
  readonly y: number;
}

/** A line of the graph by the points it passes. */
export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Where everything stands. */
export interface Placement {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** The size of a box in pixels. */
export const NODE = { width: 184, height: 56 } as const;
const MARGIN = 16;

/** Places the steps of a graph from left to right, each after what it depends on. */
export function place(refs: readonly string[], edges: readonly { readonly from: string; readonly to: string }[]): Placement {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 20, ranksep: 48, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const ref of refs) graph.setNode(ref, { width: NODE.width, height: NODE.height });
  for (const { from, to } of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    nodes: refs.map((ref) => {
      const { x, y } = graph.node(ref) as { x: number; y: number };
      return { ref, x, y };
    }),
    edges: edges.map(({ from, to }) => ({
      from,
      to,
      points: (graph.edge(from, to) as { points: { x: number; y: number }[] }).points,
    })),
  };
}
