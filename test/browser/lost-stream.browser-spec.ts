import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { Happened } from '../../apps/console/src/api.ts';
import { BreakableWay } from './support/breakable-way.ts';
import { openConsole, withPages } from './support/open-page.ts';
import { events, link, openEvents, says, station, verdict } from './support/parts.ts';
import { act, afresh, happened, urls } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
let way: BreakableWay;
beforeEach(async () => {
  await afresh();
  way = await BreakableWay.to(urls.console);
  await openConsole(pages.page, way.url);
  await act('runs', { rows: 5 });
  await says(verdict(pages.page), 'The ledgers agree: 5 payments');
});
afterEach(() => way?.close());

/** Both happen to somebody who carries a laptop out of the room, and only one of them is an error to the browser. */
const losses = [
  { how: 'breaks', lose: () => way.break() },
  { how: 'falls silent', lose: () => way.silence() },
];

describe('a page whose connection to the console', () => {
  it.each(losses)('$how says so, keeps the last figures with their age, and goes on', async ({ lose }) => {
    const { page } = pages;
    lose();
    await says(page.getByRole('banner'), 'reconnecting…');
    await says(page.getByRole('banner'), /figures are\s\d+\ss\sold/);
    await says(station(page, 'Ledger'), /5\s*posted/);
    await act('links/relay-rabbitmq/break', { kind: 'cut' });
    way.heal();
    await says(page.getByRole('banner'), 'live');
    await says(link(page, 'relay-rabbitmq'), 'cut');
  });

  it.each(losses)('$how misses no event, and shows none twice', async ({ lose }) => {
    const { page } = pages;
    await act('links/payment/break', { kind: 'slow' });
    await says(events(page), 'payment: 800 ms late');
    lose();
    await says(page.getByRole('banner'), 'reconnecting…');
    await act('links/payment/break', { kind: 'cut' });
    await act('links/heal', { link: 'payment' });
    await act('links/ledger-rabbitmq/break', { kind: 'drip' });
    way.heal();
    await says(link(page, 'ledger-rabbitmq'), 'drips');
    await openEvents(page);
    await act('links/heal');
    await says(link(page, 'ledger-rabbitmq'), /up$/);
    await says(events(page), 'ledger-rabbitmq is up again');
    const told = await happened();
    expect(await shown(page)).toEqual(told.toReversed().map(asShown));
  });
});

/** The newest first, as it stands there. */
function shown(page: Page): Promise<{ at: string | null; says: string }[]> {
  return events(page)
    .getByRole('listitem')
    .evaluateAll((lines) =>
      lines.map((line) => ({
        at: line.querySelector('time')?.getAttribute('datetime') ?? null,
        says: (line.querySelector('.event-says')?.textContent ?? '').replace(/^\S+ /, ''),
      })),
    );
}

/** As everywhere on the page: €2.00. */
function asShown({ at, says }: Happened) {
  return { at, says: says.replaceAll(/EUR (?=\d)/g, '€') };
}
