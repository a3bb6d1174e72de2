import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startFakeBackend } from './fake-backend.ts';
import type { StateName } from './scripted-states.ts';

/**
 * Photographs the page in the states that matter, in both themes, and lets axe-core look for what those who cannot see or point
 * would stumble over. `node apps/console/web/dev/look.ts FOLDER [NAME…]`, with Debian's chromium; exits with 1 if axe or the CSP has something to say.
 */
interface Look {
  name: string;
  state: StateName;
  width: number;
  prepare?: (page: Page) => Promise<void>;
}

const looks: readonly Look[] = [
  { name: 'empty', state: 'empty', width: 1_280 },
  { name: 'healthy', state: 'healthy', width: 1_280 },
  { name: 'cut', state: 'cut', width: 1_280 },
  { name: 'mass', state: 'mass', width: 1_280 },
  { name: 'differ', state: 'differ', width: 1_280 },
  {
    name: 'drawer',
    state: 'differ',
    width: 1_280,
    prepare: async (page) => {
      await page.locator('.open-row').first().click();
      await page.locator('.life-amount').waitFor();
    },
  },
  {
    name: 'found',
    state: 'mass',
    width: 1_280,
    prepare: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('25.00');
      await page.getByText('both agree').first().waitFor();
    },
  },
  {
    name: 'not-found',
    state: 'healthy',
    width: 1_280,
    prepare: async (page) => {
      await page.locator('#find').fill('01993f2a-6c1e-7b44-9d10-5af3107a4999');
      await page.getByText('Nothing is found').waitFor();
    },
  },
  {
    name: 'tabs',
    state: 'differ',
    width: 640,
    prepare: async (page) => {
      await page.getByRole('tab', { name: 'Payments ledger' }).focus();
      await page.keyboard.press('ArrowRight');
    },
  },
  { name: 'narrow', state: 'cut', width: 360 },
  { name: 'narrowest', state: 'differ', width: 320 },
  { name: 'middle', state: 'cut', width: 960 },
  { name: 'projector', state: 'mass', width: 1_920 },
  { name: 'waiting', state: 'waiting', width: 1_280 },
  { name: 'read-only', state: 'read-only', width: 1_280 },
  { name: 'with-key', state: 'with-key', width: 1_280 },
  { name: 'no-links', state: 'no-links', width: 1_280 },
  { name: 'chapter-1', state: 'chapter-1', width: 1_280 },
  {
    name: 'lost',
    state: 'silent',
    width: 1_280,
    prepare: async (page) => {
      await page.getByText('reconnecting…').waitFor();
      await page.waitForTimeout(2_500);
    },
  },
  { name: 'help', state: 'healthy', width: 1_280, prepare: (page) => page.keyboard.press('?') },
  {
    name: 'problem',
    state: 'mass',
    width: 1_280,
    prepare: async (page) => {
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Show as table' }).first().click();
      await page.locator('.process-button').first().click();
      await page.getByRole('alert').waitFor();
    },
  },
];

const [folder = '/tmp/console-looks', ...only] = process.argv.slice(2);
const server = await startFakeBackend(0);
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });
await mkdir(folder, { recursive: true });
// What the fake backend refuses on purpose.
const expected = /status of (409|503)/;
let faults = 0;
for (const look of looks.filter(({ name }) => only.length === 0 || only.includes(name))) {
  for (const theme of ['light', 'dark'] as const) faults += await photograph(browser, look, theme);
}
await browser.close();
server.closeAllConnections();
server.close();
console.log(faults === 0 ? 'No faults.' : `${faults} faults.`);
process.exitCode = faults === 0 ? 0 : 1;

async function photograph(
  browser: Browser,
  { name, state, width, prepare }: Look,
  theme: 'light' | 'dark',
): Promise<number> {
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: theme,
    bypassCSP: false,
  });
  const complaints: string[] = [];
  page.on(
    'console',
    (message) =>
      message.type() === 'error' && !expected.test(message.text()) && complaints.push(message.text()),
  );
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${address}/?state=${state}`);
  await page.getByText('live 4/s').waitFor();
  await page.locator('.ledgers :is(.sides, .problem-note)').first().waitFor();
  await prepare?.(page);
  await page.waitForTimeout(700);
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (wide > 0) complaints.push(`the page is ${wide} px too wide`);
  if (!(await page.locator('dialog[open]').isVisible())) await unroll(page, width);
  await page.screenshot({ path: `${folder}/${name}-${theme}.png` });
  complaints.push(...(await inaccessible(page)));
  await page.close();
  for (const complaint of complaints) console.log(`${name} ${theme}: ${complaint}`);
  return complaints.length;
}

/** A window as high as the page: in a picture of the scrolled page the strip of events would lie across its middle. */
async function unroll(page: Page, width: number): Promise<void> {
  await page.setViewportSize({
    width,
    height: await page.evaluate(() => document.documentElement.scrollHeight),
  });
  await page.waitForTimeout(200);
}

async function inaccessible(page: Page): Promise<string[]> {
  // Evaluated, not added as a <script>: the CSP would rightly refuse that.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
    );
  });
}
