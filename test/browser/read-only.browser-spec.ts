import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { bench, button, payCard, says, station, verdict } from './support/parts.ts';
import {
  act,
  afresh,
  brokenLinks,
  fromThePage,
  startConsole,
  type FurtherConsole,
} from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
let readOnly: FurtherConsole;
beforeAll(async () => {
  readOnly = await startConsole({ PAID_ONCE_CONSOLE_READ_ONLY: 'true' });
});
afterAll(() => readOnly?.stop());
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page, readOnly.url);
});

describe('a read-only console', () => {
  it('shows what is so, and the command instead of each button', async () => {
    const { page } = pages;
    await says(verdict(page), 'Read-only');
    await act('runs', { rows: 2 });
    await says(verdict(page), 'The ledgers agree: 2 payments');
    await says(payCard(page), 'npx paid-once pay payments.csv');
    await says(bench(page), 'npx paid-once break relay-rabbitmq');
    await act('links/ledger-postgres/break', { kind: 'cut' });
    await says(verdict(page), 'npx paid-once heal');
    await button(page, /^ledger( |$)/).click();
    await says(station(page, 'Inbox'), 'npx paid-once kill ledger');
    const acting = /^(Cut|Break|Heal|Send|Upload|Stop|Redrive|Repair|Empty|Kill|Freeze|Restart) ?/;
    expect(await button(page, acting).allInnerTexts()).toEqual([]);
  });

  it('asks for nothing when keys are pressed', async () => {
    const { page } = pages;
    const asked: string[] = [];
    page.on('request', (request) => request.method() !== 'GET' && asked.push(request.url()));
    for (const key of ['b', 's', 'm', 'h']) await page.keyboard.press(key);
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(asked).toEqual([]);
  });

  it('refuses whoever asks without the page', async () => {
    const orders = ['links/relay-rabbitmq/break', 'links/heal', 'processes/ledger/kill', 'runs', 'runs/stop'];
    for (const order of [...orders, 'chapter', 'repair', 'dead/redrive', 'reset']) {
      const answer = await fetch(`${readOnly.url}/api/${order}`, {
        method: 'POST',
        headers: await fromThePage(readOnly.url),
        body: '{"kind":"cut","rows":1}',
      });
      expect([order, answer.status, await answer.json()]).toMatchObject([
        order,
        403,
        { detail: 'Nothing was done: PAID_ONCE_CONSOLE_READ_ONLY is set.' },
      ]);
    }
    expect(await brokenLinks()).toEqual({});
  });
});
