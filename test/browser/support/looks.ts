import type { Page } from 'playwright-core';
import { stateNames, type StateName } from '../../../apps/console/web/dev/scripted-states.ts';

/** What the page looks like in one of its scripted states, in a window so many pixels wide. */
export interface Look {
  name: string;
  state: StateName;
  width: number;
  prepare?: (page: Page) => Promise<void>;
}

const withDrawer = async (page: Page) => {
  await page.locator('.open-row').first().click();
  await page.locator('.life-amount').waitFor();
};
const withHelp = (page: Page) => page.getByRole('button', { name: 'Help and keys' }).click();
const withMenuAndProblem = async (page: Page) => {
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Show as table' }).first().click();
  await page.locator('.process-button').first().click();
  await page.getByRole('alert').waitFor();
};
const withOneFound = async (page: Page) => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('25.00');
  await page.getByText('both agree').first().waitFor();
};
const withNothingFound = async (page: Page) => {
  await page.getByRole('searchbox').fill('01993f2a-6c1e-7b44-9d10-5af3107a4999');
  await page.getByText('Nothing is found').waitFor();
};
const withTheOtherTab = async (page: Page) => {
  await page.getByRole('tab', { name: 'Payments ledger' }).focus();
  await page.keyboard.press('ArrowRight');
};
const withLostStream = (page: Page) => page.getByText(/figures are\s\d+\ss\sold/).waitFor();

/** For the README and the documentation. */
export const pictures: readonly Look[] = [
  { name: 'empty', state: 'empty', width: 1_280 },
  { name: 'healthy', state: 'healthy', width: 1_280 },
  { name: 'cut', state: 'cut', width: 1_280 },
  { name: 'mass-run', state: 'mass', width: 1_280 },
  { name: 'difference', state: 'differ', width: 1_280, prepare: withDrawer },
  { name: 'narrow', state: 'cut', width: 360 },
];

/** All that must be usable for everybody. */
export const looks: readonly Look[] = [
  ...stateNames.map((state) => ({
    name: state,
    state,
    width: 1_280,
    ...(state === 'silent' && { prepare: withLostStream }),
  })),
  { name: 'between both layouts', state: 'cut', width: 960 },
  { name: 'on a projector', state: 'mass', width: 1_920 },
  { name: 'with an open drawer', state: 'differ', width: 1_280, prepare: withDrawer },
  { name: 'with a payment found', state: 'mass', width: 1_280, prepare: withOneFound },
  { name: 'with nothing found', state: 'healthy', width: 1_280, prepare: withNothingFound },
  { name: 'with the other ledger’s tab', state: 'differ', width: 640, prepare: withTheOtherTab },
  { name: 'with the help open', state: 'healthy', width: 1_280, prepare: withHelp },
  { name: 'with a refusal, a menu and a table', state: 'mass', width: 1_280, prepare: withMenuAndProblem },
];
