import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

/** The search part of the present address, and a way to change some of it. */
export interface Address {
  readonly search: Readonly<Record<string, string>>;
  /** Sets parameters, or takes out those that are null. `push` makes a step that the back button undoes; the default does not. */
  readonly change: (parameters: Readonly<Record<string, string | null>>, how?: 'replace' | 'push') => void;
}

/** State that a person would share or reload lives in the address: this reads and writes it, whatever the screen. */
export function useAddress(): Address {
  const search = useSearch({ strict: false }) as Readonly<Record<string, string>>;
  const navigate = useNavigate();
  const change = useCallback<Address['change']>(
    (parameters, how = 'replace') => {
      void navigate({
        to: '.',
        replace: how === 'replace',
        search: (before: Record<string, string | undefined>) => ({
          ...Object.fromEntries(Object.entries(before).filter(([name]) => !(name in parameters))),
          ...Object.fromEntries(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null)),
        }),
      });
    },
    [navigate],
  );
  return { search, change };
}
