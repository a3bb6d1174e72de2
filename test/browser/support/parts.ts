import type { LinkName } from '@paid-once/links';
import type { Locator, Page } from 'playwright-core';
import { patienceMs } from './open-page.ts';

// The parts of the page, found by what people see and hear of them.

export const verdict = (page: Page) => page.getByRole('region', { name: 'Verdict' });
export const events = (page: Page) => page.getByRole('contentinfo', { name: 'Events' });
export const payCard = (page: Page) => page.getByRole('region', { name: 'Pay', exact: true });
export const ledgers = (page: Page) => page.getByRole('region', { name: 'Both ledgers' });
export const deadLetters = (page: Page) => page.getByRole('region', { name: 'Dead letters' });
export const bench = (page: Page) => page.getByRole('group', { name: 'Break a link' });
export const button = (within: Page | Locator, name: string | RegExp) => within.getByRole('button', { name });

type StationName = 'Client' | 'Payments' | 'Outbox' | 'Relay' | 'Queue' | 'Inbox' | 'Ledger';
export const station = (page: Page, name: StationName) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) });

/** A link as it is drawn. */
export const link = (page: Page, name: LinkName) =>
  page.getByRole('listitem').filter({ has: cutSwitch(page, name) });
export const cutSwitch = (page: Page, name: LinkName) => button(page, `Cut ${name}`);

/** The strip with all its lines, not only the latest. */
export async function openEvents(page: Page): Promise<void> {
  await button(events(page), /^All \d+/).click();
}

/** Waits until it says that. @throws with what it says instead */
export async function says(part: Locator, text: string | RegExp, limitMs = patienceMs): Promise<void> {
  await part
    .filter({ hasText: text })
    .first()
    .waitFor({ timeout: limitMs })
    .catch(async () => {
      const instead = await part.allInnerTexts();
      throw new Error(`not within ${limitMs / 1_000} s: ${String(text)}. It says: ${instead.join(' | ')}`);
    });
}
