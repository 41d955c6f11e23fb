/** A moment in seconds since the epoch, and what was measured; null where nothing was. */
export interface Measured<Value> {
  readonly at: number;
  readonly value: Value | null;
}

/** Samples a little late are still one line. */
const SLACK = 2.5;

/** Puts a gap where samples are missing, so that a plot does not draw a line through a time in which nobody measured. */
export function withGaps<Value extends { readonly at: string }>(samples: readonly Value[]): readonly Measured<Value>[] {
  const rows = samples.map((value) => ({ at: Date.parse(value.at) / 1_000, value }));
  const steps = rows.slice(1).map(({ at }, index) => at - (rows[index]?.at ?? at));
  const usual = steps.length === 0 ? 0 : Math.min(...steps);
  return rows.flatMap((row, index): Measured<Value>[] =>
    index > 0 && (steps[index - 1] ?? 0) > usual * SLACK ? [{ at: row.at - usual, value: null }, row] : [row],
  );
}
