import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { ledgers, link, says, station, verdict } from './support/parts.ts';
import { afresh } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page);
});

const press = (key: string) => pages.page.keyboard.press(key);

/** Tabs on until the focus is there. @throws if it never gets there, or if nobody could see that it is there */
async function tabTo(name: RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  for (let tabs = 0; tabs < 150; tabs++) {
    await press(key);
    const focused = await pages.page.evaluate(() => {
      const at = document.activeElement as HTMLElement;
      const { outlineStyle, boxShadow } = getComputedStyle(at);
      return {
        name: at.getAttribute('aria-label') ?? at.textContent?.trim() ?? '',
        isVisible: outlineStyle !== 'none' || boxShadow !== 'none',
      };
    });
    if (!name.test(focused.name)) continue;
    expect(focused).toMatchObject({ isVisible: true });
    return;
  }
  throw new Error(`no ${key} leads to ${String(name)}`);
}

describe('without a mouse', () => {
  it('the story is told with Tab and Enter', async () => {
    const { page } = pages;
    await tabTo(/^Skip to the verdict$/);
    await tabTo(/^Cut relay-rabbitmq$/);
    await press('Enter');
    await says(link(page, 'relay-rabbitmq'), 'cut');
    await tabTo(/^Send 1,000$/);
    await press('Enter');
    await says(verdict(page), /1,000 payments \(€1,000\.00\) are safe in the outbox/);
    await tabTo(/^Heal the link$/, 'Shift+Tab');
    await press('Enter');
    await says(verdict(page), 'The ledgers agree: 1,000 payments, €1,000.00');
  });

  it('the story is told with single keys: b, m, h', async () => {
    const { page } = pages;
    await press('b');
    await says(link(page, 'relay-rabbitmq'), 'cut');
    await press('s');
    await says(station(page, 'Outbox'), /1\s*waiting/);
    await press('m');
    await says(station(page, 'Outbox'), /1,001\s*waiting/);
    await press('h');
    await says(verdict(page), 'The ledgers agree: 1,001 payments, €1,001.00');
  });

  it('single keys do nothing while somebody types, and nothing once they are switched off', async () => {
    const { page } = pages;
    await press('Control+k');
    await page.keyboard.type('bsm');
    expect(await page.getByRole('searchbox').inputValue()).toBe('bsm');
    await page.getByRole('searchbox').fill('');
    await tabTo(/^Help and keys$/);
    await press('Enter');
    const help = page.getByRole('dialog', { name: 'Keys and words' });
    await help.getByRole('checkbox', { name: 'Single keys act' }).focus();
    await press('Space');
    await press('Escape');
    await help.waitFor({ state: 'hidden' });
    const asked: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && asked.push(request.url()));
    for (const key of ['b', 's', 'm', '?']) await press(key);
    await says(station(page, 'Payments'), /0\s*accepted/);
    expect(asked).toEqual([]);
    expect(await help.isVisible()).toBe(false);
  });

  it('? opens the help and Escape closes it; a closed drawer gives the focus back to its row', async () => {
    const { page } = pages;
    await press('?');
    await page.getByRole('dialog', { name: 'Keys and words' }).waitFor();
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await press('b');
    await says(link(page, 'relay-rabbitmq'), 'cut');
    await press('s');
    await says(ledgers(page), '1 on their way');
    const row = ledgers(page).getByRole('row').nth(1).getByRole('button');
    await row.focus();
    await press('Enter');
    await page.getByRole('dialog', { name: /life/ }).waitFor();
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await row.evaluate((element) => element === document.activeElement)).toBe(true);
  });
});
