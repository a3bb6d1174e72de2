import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openConsole, withPages } from './support/open-page.ts';
import { button, payCard, says, verdict } from './support/parts.ts';
import { afresh } from './support/system.ts';

jest.setTimeout(240_000);

const pages = withPages();
beforeEach(async () => {
  await afresh();
  await openConsole(pages.page);
});

const none = /^€0\.00$/;
const some = /^€[1-9]/;
const chapters = [
  { chapter: 1, name: 'Naive', lost: some, twice: none },
  { chapter: 2, name: 'Never pay too little', lost: none, twice: some },
  { chapter: 3, name: 'Avoid paying twice', lost: none, twice: some },
  { chapter: 4, name: 'Paying exactly once', lost: none, twice: none },
];

describe('the measured table', () => {
  it.each(chapters)(
    'tells what chapter $chapter loses and pays twice when requests and answers are reset',
    async ({ chapter, name, lost, twice }) => {
      const { page } = pages;
      const chosen = page
        .getByRole('group', { name: 'Chapter' })
        .getByRole('button', { name: `${chapter} ${name}` });
      await chosen.click();
      await page.getByRole('button', { name: `${chapter} ${name}`, pressed: true }).waitFor();
      await button(page, 'Both ways 30 %').click();
      await button(page, 'Send 1,000').click();
      await says(payCard(page), 'done');
      await button(verdict(page), 'Heal the link').click();

      const run = page
        .getByRole('region', { name: 'Measured table' })
        .getByRole('row')
        .filter({ hasText: '1,000 payments' });
      const row = run.first();
      await says(row, `${chapter} ${name}`);
      await says(row, 'done');
      await row.getByText(/not counted yet|still arriving/).waitFor({ state: 'detached' });
      const [, lostCell = '', twiceCell = '', attempts = ''] = await row.getByRole('cell').allInnerTexts();
      expect(lostCell.split('\n')[0]).toMatch(lost);
      expect(twiceCell.split('\n')[0]).toMatch(twice);
      if (chapter === 1) expect(attempts).toBe('1,000');
      else expect(Number(attempts.replace(',', ''))).toBeGreaterThan(1_000);
    },
  );
});
