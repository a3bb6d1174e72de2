import { afterEach, beforeEach, describe, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { button, deadLetters, ledgers, says, station, verdict } from './support/parts.ts';
import { act, afresh, sql } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
let runId = '';
beforeEach(async () => {
  await afresh();
  [{ run_id: runId } = { run_id: '' }] = await sql<{ run_id: string }>(
    'ledger',
    'SELECT run_id FROM inbox_settings',
  );
  // As if what comes now had been sent before the last reset: the ledger sets it aside.
  await sql('ledger', 'UPDATE inbox_settings SET run_id = gen_random_uuid()');
  await openConsole(pages.page);
  await act('runs', { rows: 2 });
  await says(station(pages.page, 'Ledger'), '2 parked');
});
afterEach(mendTheLedger);

async function mendTheLedger(): Promise<void> {
  await sql('ledger', `UPDATE inbox_settings SET run_id = '${runId}'`);
}

describe('what the ledger has parked', () => {
  it('stands there by reason with its money, and is posted when it is redriven', async () => {
    const { page } = pages;
    await says(verdict(page), /parked/);
    await says(deadLetters(page), /2 messages · €2\.00/);
    await says(deadLetters(page), 'other-run');
    await mendTheLedger();
    await button(deadLetters(page), 'Redrive 2 messages').click();
    await says(verdict(page), 'The ledgers agree: 2 payments, €2.00, each posted exactly once.');
    await says(deadLetters(page), 'None: nothing was given up');
  });

  it('is parked again, and not lost, when its cause is still there', async () => {
    const { page } = pages;
    await button(deadLetters(page), 'Redrive 2 messages').click();
    await says(page.getByRole('contentinfo', { name: 'Events' }), 'tried 2 messages again: 0 posted');
    await says(deadLetters(page), /2 messages · €2\.00/);
    await says(station(page, 'Ledger'), '2 parked');
  });

  it('is posted one by one, from where its life is told', async () => {
    const { page } = pages;
    await mendTheLedger();
    await button(deadLetters(page), /^Show one by one/).click();
    await says(ledgers(page), 'parked');
    await ledgers(page).getByRole('row').nth(1).getByRole('button').click();
    const drawer = page.getByRole('dialog', { name: /life/ });
    await button(drawer, 'Redrive this payment').click();
    await says(drawer, 'tried 1 message again: 1 posted');
    await page.keyboard.press('Escape');
    await says(station(page, 'Ledger'), '1 parked');
    await says(station(page, 'Ledger'), /1\s*posted/);
  });

  it('is redriven at once, whatever the reasons', async () => {
    const { page } = pages;
    await sql(
      'ledger',
      `UPDATE parked_message SET reason = 'dead-lettered' WHERE id = (SELECT min(id) FROM parked_message)`,
    );
    await mendTheLedger();
    await openConsole(page);
    await says(deadLetters(page), 'other-run');
    await says(deadLetters(page), 'dead-lettered');
    await button(deadLetters(page), 'Redrive all 2 messages').click();
    await says(verdict(page), 'The ledgers agree: 2 payments, €2.00, each posted exactly once.');
  });

  it('is posted by a repair, too', async () => {
    const { page } = pages;
    await mendTheLedger();
    await button(page, /^Repair/).click();
    await says(verdict(page), 'The ledgers agree: 2 payments, €2.00, each posted exactly once.');
  });
});
