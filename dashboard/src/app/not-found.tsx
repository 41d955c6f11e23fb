import { Link } from '@tanstack/react-router';
import { EmptyState } from '../ui/empty-state.tsx';

/** An address that names no screen. */
export function NotFound() {
  return (
    <EmptyState title="There is no such page">
      <p>
        The address may be mistyped. <Link to="/runs">Go to the runs</Link>, or press ? for what else there is.
      </p>
    </EmptyState>
  );
}
