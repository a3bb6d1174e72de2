import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { linkNames, type LinkName } from '@paid-once/links';
import { openConsole, withPages } from './support/open-page.ts';
import { bench, button, cutSwitch, events, link, openEvents, says, verdict } from './support/parts.ts';
import { afresh, brokenLinks } from './support/system.ts';

jest.setTimeout(180_000);

const pages = withPages();
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page);
});

const faults = [
  { kind: 'cut', title: 'Cut', drawn: 'cut' },
  { kind: 'slow', title: 'Slow', drawn: '800 ms late' },
  { kind: 'reset', title: 'Reset', drawn: 'reset 30 %' },
  { kind: 'lose-answers', title: 'Lose answers', drawn: 'answers lost' },
  { kind: 'lose-requests', title: 'Lose requests', drawn: 'requests lost' },
  { kind: 'half-open', title: 'Half-open', drawn: 'half-open' },
  { kind: 'drip', title: 'Drip', drawn: 'drips' },
] as const;

async function breakOnTheBench(name: LinkName, title: (typeof faults)[number]['title']): Promise<void> {
  const { page } = pages;
  await bench(page).getByRole('combobox', { name: 'Link' }).selectOption(name);
  await bench(page).getByText(title, { exact: true }).click();
  await button(page, `Break ${name}`).click();
}

const nothingIsBroken = () => button(pages.page, /^Heal (all|the link)/).waitFor({ state: 'detached' });

describe('a switch', () => {
  it.each(linkNames)('of the link %s does each fault, says so on the drawn link, and heals', async (name) => {
    const { page } = pages;
    for (const { kind, title, drawn } of faults) {
      await breakOnTheBench(name, title);
      await says(link(page, name), drawn);
      expect(await brokenLinks()).toEqual({ [name]: [kind] });
      await button(page, `Heal ${name}`).first().click();
      await nothingIsBroken();
    }
    expect(await brokenLinks()).toEqual({});
  });

  it('on the drawn link itself cuts and heals it, and tells by its pressed state which it does', async () => {
    const { page } = pages;
    const cut = cutSwitch(page, 'ledger-postgres');
    await cut.click();
    await page.getByRole('button', { name: 'Cut ledger-postgres', pressed: true }).waitFor();
    expect(await brokenLinks()).toEqual({ 'ledger-postgres': ['cut'] });
    await cut.click();
    await page.getByRole('button', { name: 'Cut ledger-postgres', pressed: false }).waitFor();
    expect(await brokenLinks()).toEqual({});
  });

  it('for some seconds counts down, and heals by itself', async () => {
    const { page } = pages;
    await bench(page).getByRole('combobox', { name: 'For' }).selectOption('5');
    await breakOnTheBench('relay-rabbitmq', 'Slow');
    await says(link(page, 'relay-rabbitmq'), /heals in\s[1-5]\ss/);
    await says(link(page, 'relay-rabbitmq'), /up$/);
    await openEvents(page);
    await says(events(page), 'healed relay-rabbitmq: its time was over');
    expect(await brokenLinks()).toEqual({});
  });

  it('of all links heals them together', async () => {
    const { page } = pages;
    await cutSwitch(page, 'relay-rabbitmq').click();
    await breakOnTheBench('payment', 'Slow');
    await breakOnTheBench('ledger-postgres', 'Lose answers');
    await button(verdict(page), 'Heal all 3 links').click();
    await nothingIsBroken();
    expect(await brokenLinks()).toEqual({});
  });

  it('is taken back by the undo beside what it did', async () => {
    const { page } = pages;
    await cutSwitch(page, 'ledger-rabbitmq').click();
    await says(events(page), 'ledger-rabbitmq: cut');
    await button(events(page), 'Heal ledger-rabbitmq').first().click();
    await says(link(page, 'ledger-rabbitmq'), /up$/);
    expect(await brokenLinks()).toEqual({});
  });
});

describe('a known failure', () => {
  it.each([
    { title: 'Confirm lost', link: 'relay-rabbitmq', kind: 'lose-answers', drawn: 'answers lost' },
    { title: 'Ack lost', link: 'ledger-rabbitmq', kind: 'lose-requests', drawn: 'requests lost' },
    { title: 'Commit answer lost', link: 'payments-postgres', kind: 'lose-answers', drawn: 'answers lost' },
    { title: 'Both ways 30 %', link: 'payment', kind: 'reset', drawn: 'reset 30 %' },
  ] as const)('$title breaks what it is known for', async ({ title, link: name, kind, drawn }) => {
    const { page } = pages;
    await button(page.getByRole('group', { name: /known to fail/ }), title).click();
    await says(link(page, name), drawn);
    expect(await brokenLinks()).toEqual({ [name]: [kind] });
    await button(verdict(page), 'Heal the link').click();
    await nothingIsBroken();
  });
});
