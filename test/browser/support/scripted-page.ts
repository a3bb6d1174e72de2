import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startFakeBackend } from '../../../apps/console/web/dev/fake-backend.ts';
import type { Look } from './looks.ts';

export type Theme = 'light' | 'dark';
export const themes: readonly Theme[] = ['light', 'dark'];

export interface ScriptedPages {
  /** The page in that state, still. `complaints`: errors so far, those of the content security policy among them. */
  open(look: Look, theme: Theme): Promise<{ page: Page; complaints: string[] }>;
  close(): Promise<void>;
}

/** The built page on scripted states: whatever it must be able to show is there at once. */
export async function scriptedPages(browser: Browser): Promise<ScriptedPages> {
  const server = await startFakeBackend(0);
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function open({ state, width, prepare }: Look, theme: Theme) {
    const page = await browser.newPage({
      viewport: { width, height: 800 },
      colorScheme: theme,
      reducedMotion: 'reduce',
    });
    const complaints: string[] = [];
    // The fake backend refuses some requests on purpose.
    const isExpected = (text: string) => /status of (409|503)/.test(text);
    page.on('console', (message) => {
      if (message.type() === 'error' && !isExpected(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', ({ message }) => complaints.push(message));
    await page.goto(`${address}/?state=${state}`);
    await page.getByRole('banner').getByText('live').waitFor();
    await page.locator('.ledgers :is(.sides, .problem-note)').first().waitFor();
    await prepare?.(page);
    await page.evaluate(() => document.fonts.ready.then(() => {}));
    return { page, complaints };
  }

  return {
    open,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What keeps somebody from using it: what axe-core finds, and what one would have to scroll sideways for. */
export async function barriers(page: Page): Promise<string[]> {
  const tooWide = await pixelsTooWide(page);
  return [...(tooWide > 0 ? [`the page is ${tooWide} px too wide`] : []), ...(await violations(page))];
}

export function pixelsTooWide(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

async function violations(page: Page): Promise<string[]> {
  // Evaluated, not added as a <script>: the content security policy would rightly refuse that.
  if (await page.evaluate(() => !('axe' in globalThis))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
    const { violations: found } = await inPage.run();
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
  });
}
