/** A figure measured several times. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Median and range of a non-empty list of measurements. */
export function spread(values: readonly number[]): Spread {
  return { median: percentile(values, 50), min: percentile(values, 0), max: percentile(values, 100) };
}

/** The measured value that `percent` of the measurements do not exceed (nearest rank); NaN for an empty list. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}
