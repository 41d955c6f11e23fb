import { Link } from '@tanstack/react-router';
import { Screen } from '../ui/screen.tsx';

/** An address that names no screen. */
export function NotFound() {
  return (
    <Screen title="There is no such page">
      <p className="text-muted">
        The address may be mistyped.{' '}
        <Link to="/runs" className="text-accent underline">
          Go to the runs
        </Link>
        , or press ? for what else there is.
      </p>
    </Screen>
  );
}
