import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from './launch-chromium.ts';
import { urls } from './system.ts';

/** Milliseconds: what hangs is still found, what is only slow on a busy machine is not called broken. */
export const patienceMs = 60_000;

/**
 * A browser for the tests of a file, and a new page for each of them, which fails if it has met an error.
 * @returns opens further ones, and the page of this test
 */
export function withPages(): { page: Page; open: (options?: BrowserContextOptions) => Promise<Page> } {
  let browser: Browser;
  const pages = { page: undefined as unknown as Page, open };
  let errors: string[] = [];

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, ...options });
    page.setDefaultTimeout(patienceMs);
    page.on('pageerror', ({ stack, message }) => errors.push(stack ?? message));
    return page;
  }

  beforeAll(async () => {
    browser = await launchChromium(process.env.TEST_CHROMIUM ?? '');
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    errors = [];
    pages.page = await open();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    expect(errors).toEqual([]);
  });
  return pages;
}

/** Opens the console's page; resolves when it shows figures. */
export async function openConsole(page: Page, url = urls.console): Promise<void> {
  await page.goto(url);
  await page.getByRole('banner').getByText('live').waitFor();
}
