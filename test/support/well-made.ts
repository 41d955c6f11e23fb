import { expect } from 'vitest';
import type { Visitor } from './browser.ts';

const WIDE = { width: 1_280, height: 800 };
const NARROW = { width: 360, height: 740 };

/** Fails unless the screen, when it has loaded, is without a fault that axe-core knows, light, dark and on a narrow screen, where nothing but its own regions scrolls sideways. */
export async function expectWellMade({ page, expectAccessible }: Visitor): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await expect.poll(() => page.locator('[role=status][aria-label^=Loading]').count(), { timeout: 10_000 }).toBe(0);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible();
  }
  await page.setViewportSize(NARROW);
  await expectAccessible();
  expect(
    await page.evaluate(
      '[document.documentElement, document.querySelector("main")].filter((e) => e.scrollWidth > e.clientWidth).length',
    ),
  ).toBe(0);
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: 'light' });
}
