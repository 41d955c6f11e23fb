/** Takes the room of lines that are still loading, so that nothing moves when they come. */
export function Skeleton({ lines = 3, label = 'Loading' }: { readonly lines?: number; readonly label?: string }) {
  return (
    <div role="status" aria-label={label} className="grid gap-2 p-4">
      {Array.from({ length: lines }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike.
        <div key={index} className="h-6 animate-pulse rounded bg-hover" />
      ))}
    </div>
  );
}
