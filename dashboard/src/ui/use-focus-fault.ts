import { type RefObject, useEffect } from 'react';

/** How long a form may take to mark what is wrong. */
const MARKED_MS = 2_000;

/**
 * Puts the focus on the first control in `frame` that is marked as wrong, each time `refusals` goes up: at once, or as soon as one is marked,
 * since a form that validates by itself marks its controls some renders later.
 */
export function useFocusFault(frame: RefObject<HTMLElement | null>, refusals: number): void {
  useEffect(() => {
    const element = frame.current;
    if (refusals === 0 || !element) return;
    const focus = () => {
      const control = element.querySelector<HTMLElement>('[aria-invalid=true]');
      control?.focus();
      return control !== null;
    };
    if (focus()) return;
    const observer = new MutationObserver(() => focus() && observer.disconnect());
    observer.observe(element, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-invalid'] });
    const timer = setTimeout(() => observer.disconnect(), MARKED_MS);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, [frame, refusals]);
}
