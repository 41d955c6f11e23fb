const HOUR_MS = 3_600_000;

/** How far back the plots look; samples are kept for two weeks. */
export const RANGES = [
  { id: '1h', label: 'Last hour', ms: HOUR_MS },
  { id: '6h', label: 'Last 6 hours', ms: 6 * HOUR_MS },
  { id: '24h', label: 'Last day', ms: 24 * HOUR_MS },
  { id: '7d', label: 'Last week', ms: 168 * HOUR_MS },
  { id: '14d', label: 'Last two weeks', ms: 336 * HOUR_MS },
] as const;

/** A choice of {@link RANGES}. */
export type Range = (typeof RANGES)[number];

/** The range that an address names; six hours for anything else. */
export function rangeOf(id: string | undefined): Range {
  return RANGES.find((range) => range.id === id) ?? RANGES[1];
}
