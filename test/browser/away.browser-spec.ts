import { beforeEach, describe, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { events, link, openEvents, says, station, verdict } from './support/parts.ts';
import { act, afresh } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page);
  await act('runs', { rows: 3 });
  await says(verdict(pages.page), 'The ledgers agree: 3 payments');
});

const agreeAgain = () => says(verdict(pages.page), 'The ledgers agree: 3 payments');

const sides = [
  { process: 'payments', place: 'Payments', away: 'payments does not answer' },
  { process: 'ledger', place: 'Ledger', away: 'the ledger does not answer' },
] as const;

describe('a part that is away', () => {
  it.each(sides)('is named when it is killed: $process', async ({ process, place, away }) => {
    const { page } = pages;
    // It is there again in a second or two: the strip remembers what the station said meanwhile.
    await act(`processes/${process}/kill`);
    await says(verdict(page), `Whether the ledgers agree is not known: ${away}`);
    await openEvents(page);
    await says(events(page), new RegExp(`${process} .*(refused|reset|closed|answer)`, 'i'));
    await says(station(page, place), 'up');
    await agreeAgain();
  });

  it.each(sides)('is named while it hangs: $process', async ({ process, place, away }) => {
    const { page } = pages;
    await act(`processes/${process}/stop`);
    await says(station(page, place), 'down');
    await says(station(page, place), /answer/);
    await says(verdict(page), `Whether the ledgers agree is not known: ${away}`);
    await act(`processes/${process}/cont`);
    await says(station(page, place), 'up');
    await agreeAgain();
  });

  it('does not put in doubt what it has no part in: with a hanging relay, the ledgers are still compared', async () => {
    const { page } = pages;
    await act('processes/relay/stop');
    await says(station(page, 'Outbox'), 'down');
    await says(station(page, 'Outbox'), /answer/);
    await says(verdict(page), '3 payments');
    await act('processes/relay/cont');
    await says(station(page, 'Outbox'), 'up');
    await agreeAgain();
  });

  it('is told by those who wait for it: a ledger without RabbitMQ says what it waits for', async () => {
    const { page } = pages;
    await act('links/ledger-rabbitmq/break', { kind: 'cut' });
    await says(station(page, 'Ledger'), 'waiting');
    await says(station(page, 'Ledger'), /RabbitMQ|refused|reset|closed/i);
    await act('links/heal');
    await says(station(page, 'Ledger'), 'up');
    await says(link(page, 'ledger-rabbitmq'), /up$/);
    await agreeAgain();
  });
});
