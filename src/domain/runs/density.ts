/** What was seen of a stretch of time: of all that is in it, or of its newest part alone. */
export interface Seen {
  /** When the stretch began, in milliseconds since 1970. */
  readonly from: number;
  /** The oldest and the newest thing that was looked at. */
  readonly oldest: number;
  readonly newest: number;
  /** Only the newest things were looked at. */
  readonly isPart: boolean;
}

/**
 * How often something is in a stretch of time of which `count` were seen: that many when all was looked at, otherwise as many as there
 * would be if they were as dense in the older part as in the part looked at.
 */
export function estimate(count: number, { from, oldest, newest, isPart }: Seen): number {
  if (!isPart || newest <= oldest) return count;
  return Math.round(count * (1 + Math.max(oldest - from, 0) / (newest - oldest)));
}
