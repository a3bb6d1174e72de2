import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { button, ledgers, payCard, says, station, verdict } from './support/parts.ts';
import { act, afresh, urls } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page);
});

async function upload(csv: string): Promise<void> {
  await payCard(pages.page)
    .getByLabel('CSV file of payments')
    .setInputFiles({ name: 'rent.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
}

describe('a payments file', () => {
  it('is paid row by row', async () => {
    const { page } = pages;
    await upload('src,dest,amount\nbianca,marc,1.00\nbianca,marc,2.50\n');
    await says(payCard(page), 'payments of rent.csv');
    await says(payCard(page), 'done');
    await says(verdict(page), 'The ledgers agree: 2 payments, €3.50');
  });

  it('with a bad row is refused with its line, and nobody was paid', async () => {
    const { page } = pages;
    await upload('src,dest,amount\nbianca,marc,1.00\nbianca,marc,-1\n');
    await says(page.getByRole('alert'), /Line 3.*Nobody was paid/s);
    await says(station(page, 'Payments'), /0\s*accepted/);
    await button(page.getByRole('alert'), 'Dismiss').click();
    expect(await page.getByRole('alert').count()).toBe(0);
  });
});

describe('a run', () => {
  it('is stopped, and what was paid until then is posted once', async () => {
    const { page } = pages;
    await act('links/payment/break', { kind: 'slow', ms: 300 });
    await button(page, 'Send 1,000').click();
    await button(page, 'Stop').click();
    await says(payCard(page), 'stopped');
    await act('links/heal');
    await says(verdict(page), /The ledgers agree: \d+ payments?, €\d+\.00, each posted exactly once\./);
  });

  it('is the only one: while it pays, the buttons that would begin another are off, and say why', async () => {
    const { page } = pages;
    await act('links/payment/break', { kind: 'slow', ms: 300 });
    await button(page, 'Send 1,000').click();
    await says(payCard(page), 'One run pays at a time');
    expect(await button(payCard(page), 'Send one').isDisabled()).toBe(true);
    await button(page, 'Stop').click();
    await says(payCard(page), 'stopped');
  });
});

describe('emptying both ledgers', () => {
  it('asks once more, and then does it', async () => {
    const { page } = pages;
    await button(page, 'Send one').first().click();
    await says(verdict(page), 'The ledgers agree: 1 payment');
    await button(page, 'Empty both ledgers…').click();
    await button(page, 'Keep them').click();
    await says(station(page, 'Payments'), /1\s*accepted/);
    await button(page, 'Empty both ledgers…').click();
    await button(page, /^Empty both ledgers$/).click();
    await says(verdict(page), 'Both ledgers are empty, so they agree.');
  });
});

describe('a payment', () => {
  it('is found by its id with the keyboard, and tells its life and the request that looks it up', async () => {
    const { page } = pages;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: urls.console });
    await act('links/relay-rabbitmq/break', { kind: 'cut' });
    await act('runs', { rows: 3 });
    await says(ledgers(page), '3 on their way');
    const id = await ledgers(page).getByRole('row').nth(2).locator('.unseen').textContent();
    await page.keyboard.press('Control+k');
    await page.keyboard.type(id ?? '');
    await ledgers(page).getByRole('row').nth(2).waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog', { name: /life/ });
    await says(drawer, id ?? '');
    await says(drawer, '€1.00');
    await says(drawer, 'payment.accepted');
    await button(drawer, 'Copy as curl').click();
    await button(drawer, 'Copied as curl').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      `curl ${urls.payments}/payments/${id}`,
    );
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'hidden' });
  });

  it('about which both sides agree is found, too', async () => {
    const { page } = pages;
    await upload('src,dest,amount\nbianca,marc,1.00\nbianca,landlord,17.31\n');
    await says(verdict(page), 'The ledgers agree: 2 payments');
    await page.keyboard.press('Control+k');
    await page.keyboard.type('17.31');
    await says(ledgers(page), 'both agree');
    await says(ledgers(page), 'landlord');
  });
});
