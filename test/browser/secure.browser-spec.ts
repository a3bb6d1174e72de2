import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { launchChromium } from './support/launch-chromium.ts';
import { openConsole, withPages } from './support/open-page.ts';
import { button, cutSwitch, ledgers, says, station, verdict } from './support/parts.ts';
import { afresh, brokenLinks, fromThePage, urls } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
/** Another origin in the same browser: its pages may try what they like. */
let stranger: Server;
let strange = '';
beforeAll(async () => {
  stranger = createServer((_, answer) =>
    answer.setHeader('content-type', 'text/html').end('<!doctype html><title>a stranger</title>'),
  ).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  strange = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});
afterAll(() => void stranger?.close());
beforeEach(afresh);

describe('the page', () => {
  it('asks nobody but the console, and does nothing that its content security policy forbids', async () => {
    const { page } = pages;
    const elsewhere: string[] = [];
    const forbidden: string[] = [];
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== urls.console && !request.url().startsWith('data:'))
        elsewhere.push(request.url());
    });
    await page.exposeFunction('onForbidden', (what: string) => forbidden.push(what));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        const { onForbidden } = globalThis as unknown as { onForbidden: (what: string) => void };
        onForbidden(`${violatedDirective} ${blockedURI}`);
      }),
    );
    await openConsole(page);
    await cutSwitch(page, 'relay-rabbitmq').click();
    await button(page, 'Send one').first().click();
    await says(station(page, 'Outbox'), /1\s*waiting/);
    await ledgers(page).getByRole('row').nth(1).getByRole('button').click();
    await says(page.getByRole('dialog', { name: /life/ }), '€1.00');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await button(page, /^Use the (dark|light) theme$/).click();
    await button(page, /^Show as table/)
      .first()
      .click();
    await button(verdict(page), 'Heal the link').click();
    await says(verdict(page), 'The ledgers agree: 1 payment');
    expect({ elsewhere, forbidden }).toEqual({ elsewhere: [], forbidden: [] });
  });
});

describe('a page of another origin', () => {
  const orders = [
    { how: 'as the page does, with a token that somebody has told it', init: {}, knows: true },
    {
      how: 'without asking first',
      init: { mode: 'no-cors', headers: { 'content-type': 'text/plain' } },
      knows: false,
    },
    { how: 'with a made-up form', init: { mode: 'no-cors' }, knows: false },
  ] as const;

  it.each(orders)('breaks nothing, however it asks: $how', async ({ init, knows }) => {
    const { page } = pages;
    const headers = knows ? { headers: await fromThePage() } : {};
    await page.goto(strange);
    const answer = await page.evaluate(
      async ([url, init]) => {
        const body = '{"kind":"cut"}';
        const response = await fetch(url, { method: 'POST', body, ...init }).catch(
          (error: Error) => error.name,
        );
        return typeof response === 'string' ? response : response.type;
      },
      [`${urls.console}/api/links/relay-rabbitmq/break`, { ...init, ...headers }] as const,
    );
    expect(['TypeError', 'opaque']).toContain(answer);
    expect(await brokenLinks()).toEqual({});
  });

  it('hears nothing of the money', async () => {
    const { page } = pages;
    await page.goto(strange);
    const heard = await page.evaluate(
      (url) =>
        fetch(url).then(
          (answer) => answer.text(),
          (error: Error) => error.name,
        ),
      `${urls.console}/api/compare`,
    );
    expect(heard).toBe('TypeError');
  });

  it('cannot show the console in a frame, and lay its own buttons over it', async () => {
    const { page } = pages;
    await page.goto(strange);
    await page.evaluate((url) => {
      const frame = document.createElement('iframe');
      frame.src = url;
      document.body.append(frame);
      return new Promise((resolve) => frame.addEventListener('load', resolve));
    }, urls.console);
    expect(await page.frames()[1]?.getByText('paid once').count()).toBe(0);
  });

  it('cannot become the console by a name that its owner lets point here', async () => {
    const { port } = new URL(urls.console);
    const browser = await launchChromium(process.env.TEST_CHROMIUM ?? '', [
      '--host-resolver-rules=MAP paid-once.example 127.0.0.1',
    ]);
    try {
      const page = await browser.newPage();
      const answer = await page.goto(`http://paid-once.example:${port}/`);
      expect(answer?.status()).toBe(421);
    } finally {
      await browser.close();
    }
  });
});
