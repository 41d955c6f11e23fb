import { makeSignal } from '../api/signal.ts';

/** What the viewer has chosen; `system` follows the device. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'baton.theme';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

/** The theme in use; kept on this device. */
export const theme = makeSignal<Theme>(THEMES.find((known) => known === localStorage.getItem(KEY)) ?? 'system');

/** Puts the theme on the page now and whenever it changes. */
export function applyTheme(): void {
  const show = () => {
    const chosen = theme.get();
    if (chosen === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = chosen;
  };
  theme.subscribe(() => {
    localStorage.setItem(KEY, theme.get());
    show();
  });
  show();
}

/** The theme after this one, for a button that goes round. */
export function nextTheme(current: Theme): Theme {
  return THEMES[(THEMES.indexOf(current) + 1) % THEMES.length] ?? 'system';
}
