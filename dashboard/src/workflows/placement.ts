/** A line between two steps: the second starts when the first is over. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** A point in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box of the graph by its middle. */
export interface PlacedNode extends Point {
  readonly ref: string;
}

/** A line of the graph by the points it passes. */
export interface PlacedEdge extends Edge {
  readonly points: readonly Point[];
}

/** Where everything stands. */
export interface Placement {
  readonly width: number;
  readonly height: number;
  /** In an order in which the steps can be reached. */
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** Where the graph leads: to the right, or down where there is no room to the right. */
export type Direction = 'right' | 'down';

/** The size of a box in pixels. */
export const NODE = { width: 184, height: 56 } as const;
/** Between boxes beside each other, between those after each other, and around all of them, in pixels. */
export const GAP = { beside: 20, after: 48, around: 16 } as const;
