import { useSyncExternalStore } from 'react';
import { theme } from '../app/theme.ts';

const device = matchMedia('(prefers-color-scheme: dark)');

function subscribe(listener: () => void): () => void {
  const forget = theme.subscribe(listener);
  device.addEventListener('change', listener);
  return () => {
    forget();
    device.removeEventListener('change', listener);
  };
}

/** The colours in use, for what is painted once and not styled: a canvas does not follow the theme by itself. */
export function useColourScheme(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, () => {
    const chosen = theme.get();
    if (chosen !== 'system') return chosen;
    return device.matches ? 'dark' : 'light';
  });
}
