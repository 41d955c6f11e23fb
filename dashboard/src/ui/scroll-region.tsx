import type { ComponentProps } from 'react';

/** A part that scrolls on its own. It can be reached and scrolled with the keyboard, and says what it is. */
export function ScrollRegion({ label, className = '', ...props }: ComponentProps<'section'> & { readonly label: string }) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll what is cut off.
  return <section {...props} aria-label={label} tabIndex={0} className={`overflow-auto ${className}`} />;
}
