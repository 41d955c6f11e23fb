/** What a sparkline draws: for each span of time, how many went well and how many did not. */
export interface SparklinePoint {
  readonly ok: number;
  readonly bad: number;
}

interface SparklineProps {
  /** The gist in words, for those who do not see it. */
  readonly label: string;
  readonly points: readonly SparklinePoint[];
}

const HEIGHT = 24;
const BAR = 4;

/** Bars over time without axes, as wide as its place; small enough for each row of a list. */
export function Sparkline({ label, points }: SparklineProps) {
  const highest = Math.max(1, ...points.map(({ ok, bad }) => ok + bad));
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${points.length * BAR} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="block h-6 w-full"
    >
      <title>{label}</title>
      <rect x={0} y={HEIGHT - 1} width={points.length * BAR} height={1} className="fill-line" />
      {points.map(({ ok, bad }, index) => {
        const [good, poor] = [(ok / highest) * (HEIGHT - 1), (bad / highest) * (HEIGHT - 1)];
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place in time.
          <g key={index}>
            <rect x={index * BAR} y={HEIGHT - good} width={BAR - 1} height={good} className="fill-ok" />
            <rect x={index * BAR} y={HEIGHT - good - poor} width={BAR - 1} height={poor} className="fill-bad" />
          </g>
        );
      })}
    </svg>
  );
}
