/** How far something is, from 0 to 1. */
export function Progress({ value, label }: { readonly value: number; readonly label: string }) {
  return (
    <progress
      aria-label={label}
      value={value}
      max={1}
      className="h-2 w-full appearance-none overflow-hidden rounded-full bg-hover [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-hover [&::-webkit-progress-value]:bg-accent"
    />
  );
}
