import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { button, cutSwitch, events, link, openEvents, says, station, verdict } from './support/parts.ts';
import { afresh } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
beforeEach(afresh);

describe('the story of the README, on the page alone', () => {
  it('an empty system, the link cut with the mouse, 1,000 payments safe in the outbox, healed, and each posted once', async () => {
    const { page } = pages;
    await openConsole(page);
    await says(verdict(page), 'Both ledgers are empty, so they agree.');

    await cutOnTheDrawing();
    await says(link(page, 'relay-rabbitmq'), 'cut');
    expect(await cutSwitch(page, 'relay-rabbitmq').getAttribute('aria-pressed')).toBe('true');

    await button(page, 'Send 1,000').click();
    await says(station(page, 'Outbox'), /1,000\s*waiting/);
    await says(station(page, 'Outbox'), '€1,000.00');
    await says(station(page, 'Outbox'), /oldest\s\d+\s/);
    await station(page, 'Outbox').locator('.mark-growing').waitFor(); // ▲, beside the words
    await says(verdict(page), /1,000 payments \(€1,000\.00\) are safe in the outbox/);
    await says(verdict(page), 'The link relay-rabbitmq has been cut for');
    await says(station(page, 'Ledger'), /0\s*posted/);

    await button(verdict(page), 'Heal the link').click();
    await says(verdict(page), 'The ledgers agree: 1,000 payments, €1,000.00, each posted exactly once.');
    await says(link(page, 'relay-rabbitmq'), /up$/);
    await openEvents(page);
    await says(events(page), '1,000 payments: 1,000 accepted');
    expect(page.url()).toBe(`${new URL(page.url()).origin}/`);
    expect(await page.evaluate(() => performance.getEntriesByType('navigation').length)).toBe(1);
  });
});

/** Where it is seen, not by its name: the middle of the line between the relay and the queue. */
async function cutOnTheDrawing(): Promise<void> {
  const { page } = pages;
  const drawn = await link(page, 'relay-rabbitmq').locator('.wire').boundingBox();
  if (drawn === null) throw new Error('the link is not drawn');
  await page.mouse.click(drawn.x + drawn.width / 2, drawn.y + drawn.height / 2);
}
