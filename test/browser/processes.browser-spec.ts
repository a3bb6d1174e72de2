import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { button, events, openEvents, says } from './support/parts.ts';
import { afresh, processByCommand, until } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page);
});

const processButton = (name: string) => button(pages.page, new RegExp(`^${name}( |$)`));

async function order(name: string, action: 'Kill' | 'Freeze' | 'Go on' | 'Restart' | 'Start'): Promise<void> {
  await processButton(name).click();
  await button(pages.page, new RegExp(`^${action} ${name}`)).click();
}

const pidOf = async (name: string) => (await processByCommand(name))?.pid;
const isState = (name: string, state: string) =>
  until(`${name} is ${state}`, async () => (await processByCommand(name))?.state === state);

describe('from its place in the pipeline', () => {
  it('a service is killed, and its supervisor starts it again', async () => {
    const pid = await pidOf('relay');
    await order('relay', 'Kill');
    await openEvents(pages.page);
    await says(events(pages.page), 'killed relay');
    await until('a new relay runs', async () => {
      const now = await processByCommand('relay');
      return now?.state === 'running' && now.pid !== pid;
    });
  });

  it('a process is frozen, says so, and goes on as the same process', async () => {
    const pid = await pidOf('ledger');
    await order('ledger', 'Freeze');
    await says(processButton('ledger'), 'frozen');
    await isState('ledger', 'stopped');
    await order('ledger', 'Go on');
    await processButton('ledger').filter({ hasText: 'frozen' }).waitFor({ state: 'detached' });
    await isState('ledger', 'running');
    expect(await pidOf('ledger')).toBe(pid);
  });

  it('a process is restarted in order', async () => {
    const pid = await pidOf('payments');
    await order('payments', 'Restart');
    await openEvents(pages.page);
    await says(events(pages.page), 'restarted payments');
    await isState('payments', 'running');
    expect(await pidOf('payments')).not.toBe(pid);
  });

  it('a killed server stays dead until it is started, and finds what it had', async () => {
    await button(pages.page, 'Send one').first().click();
    await says(pages.page.getByRole('region', { name: 'Verdict' }), 'The ledgers agree: 1 payment');
    await order('ledger-db', 'Kill');
    await says(processButton('ledger-db'), 'dead');
    await isState('ledger-db', 'dead');
    await order('ledger-db', 'Start');
    await says(pages.page.getByRole('region', { name: 'Verdict' }), 'The ledgers agree: 1 payment');
  });
});
