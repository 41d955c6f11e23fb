import { useEffect, useRef } from 'react';

/** How often what no subscription follows is asked for again. */
const EVERY_MS = 5_000;

/** Calls `refresh` now and then while somebody looks at the page, and when they come back to it; null calls nothing. */
export function useRefresh(refresh: (() => void) | null, everyMs: number = EVERY_MS): void {
  const current = useRef(refresh);
  current.current = refresh;
  const isOn = refresh !== null;
  useEffect(() => {
    if (!isOn) return;
    const look = () => {
      if (!document.hidden) current.current?.();
    };
    const timer = setInterval(look, everyMs);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [isOn, everyMs]);
}
