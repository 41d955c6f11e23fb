import type { ComponentProps } from 'react';

/**
 * A part that scrolls on its own. It can be reached and scrolled with the keyboard, and says what it is. What has a position of its own
 * stays in it: text for screen readers alone would otherwise make the page around it higher.
 */
export function ScrollRegion({ label, className = '', ...props }: ComponentProps<'section'> & { readonly label: string }) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll what is cut off.
  return <section {...props} aria-label={label} tabIndex={0} className={`relative overflow-auto ${className}`} />;
}
