import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe, expect } from 'vitest';

/** Debian's; no package downloads one. */
const EXECUTABLE = '/usr/bin/chromium';
const ARGUMENTS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** A `describe` whose tests are skipped, by name, where there is no browser. */
export const describeInBrowser = describe.skipIf(!existsSync(EXECUTABLE));

/** A browser for one test file: launch it in `beforeAll` of a {@link describeInBrowser}, close it in `afterAll`. */
export interface TestBrowser {
  /**
   * Runs `work` with the page of a new visitor, who has no cookie and has been nowhere. Throws what the page did wrong meanwhile: an error in
   * its console, an uncaught one, or a request to another origin than those of `origins`.
   */
  visit(options: VisitOptions, work: (visitor: Visitor) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

interface VisitOptions extends BrowserContextOptions {
  /** Where the page may send requests; the first is what its relative addresses are relative to. */
  readonly origins: readonly [string, ...string[]];
}

/** Somebody with a browser. */
export interface Visitor {
  readonly page: Page;
  /** Another tab beside the first, watched like it. */
  openTab(): Promise<Page>;
  /** Signs in with an API key, without the page. */
  signIn(apiKey: string): Promise<void>;
  /** What the page is about to do wrong on purpose: `visit` throws unless at least one fault matches, and forgives all that do. */
  expectFault(pattern: RegExp): void;
  /** Fails, naming every violation and the elements, unless axe-core finds nothing on the page as it stands. */
  expectAccessible(): Promise<void>;
}

/** Starts the browser of a test file. */
export async function launchBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
  return {
    visit: (options, work) => visit(browser, options, work),
    close: () => browser.close(),
  };
}

async function visit(browser: Browser, { origins, ...options }: VisitOptions, work: (visitor: Visitor) => Promise<void>) {
  const context = await browser.newContext({ baseURL: origins[0], ...options });
  const faults = watch(context, origins);
  const expected: RegExp[] = [];
  try {
    const page = await context.newPage();
    await work({
      page,
      openTab: () => context.newPage(),
      signIn: (apiKey) => signIn(context, apiKey),
      expectFault: (pattern) => void expected.push(pattern),
      expectAccessible: () => expectAccessible(page),
    });
  } catch (error) {
    // What went wrong in the page is often why.
    if (faults.length > 0 && error instanceof Error) error.message += `\n\nIn the page:\n${faults.join('\n')}`;
    throw error;
  } finally {
    await context.close();
  }
  expect(faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)))).toEqual([]);
  expect(expected.filter((pattern) => !faults.some((fault) => pattern.test(fault)))).toEqual([]);
}

/** Whatever its pages do wrong, in words, as it happens. */
function watch(context: BrowserContext, origins: readonly string[]): string[] {
  const faults: string[] = [];
  context.on('console', (message) => {
    const { url } = message.location();
    // Browsers ask for that by themselves when a page says nothing of an icon.
    if (message.type() === 'error' && !url.endsWith('/favicon.ico')) faults.push(`console: ${message.text()} (${url})`);
  });
  context.on('weberror', (error) => faults.push(`uncaught: ${error.error().stack ?? error.error().message}`));
  context.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (/^https?:$/.test(protocol) && !origins.includes(origin)) faults.push(`request to ${request.url()}`);
  });
  return faults;
}

async function signIn(context: BrowserContext, apiKey: string): Promise<void> {
  const answer = await context.request.post('/session', { data: { api_key: apiKey } });
  if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
}

interface AxeResults {
  readonly violations: readonly {
    id: string;
    help: string;
    nodes: readonly { target: readonly string[]; failureSummary: string }[];
  }[];
}

async function expectAccessible(page: Page): Promise<void> {
  // Through the debugger, which no policy of the page keeps out.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const { violations } = await page.evaluate<AxeResults>('axe.run(document)');
  const told = violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} (${help}) at ${target.join(' ')}: ${failureSummary}`),
  );
  expect(told).toEqual([]);
}
