import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchChromium } from './support/launch-chromium.ts';
import { looks } from './support/looks.ts';
import {
  barriers,
  pixelsTooWide,
  scriptedPages,
  themes,
  type ScriptedPages,
} from './support/scripted-page.ts';

jest.setTimeout(60_000);

let browser: Browser;
let pages: ScriptedPages;
beforeAll(async () => {
  browser = await launchChromium(process.env.TEST_CHROMIUM ?? '');
  pages = await scriptedPages(browser);
});
// Also after a failure: what the other pages draw would slow down this one.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});
afterAll(async () => {
  await browser?.close();
  await pages?.close();
});

/** As wide as a window of 1,280 pixels at 200 %, and at 400 %, which is a narrow phone's, too. */
const [half, narrow] = [640, 320];

describe('nobody meets a barrier or a sideways scroll, in the light or the dark page', () => {
  it.each(looks)('$name', async (look) => {
    const { page, complaints } = await pages.open(look, 'light');
    const found = async () => {
      const inThemes: string[] = [];
      for (const theme of themes) {
        await page.emulateMedia({ colorScheme: theme });
        inThemes.push(...(await barriers(page)).map((barrier) => `${theme}: ${barrier}`));
      }
      return inThemes;
    };
    expect(await found()).toEqual([]);
    await page.setViewportSize({ width: half, height: 900 });
    expect(await pixelsTooWide(page)).toBe(0);
    await page.setViewportSize({ width: narrow, height: 900 });
    expect([...complaints, ...(await found())]).toEqual([]);
  });
});

describe('motion', () => {
  const animated = async (reducedMotion: 'reduce' | 'no-preference') => {
    const { page } = await pages.open(
      looks.find(({ state }) => state === 'mass')!,
      'light',
    );
    await page.emulateMedia({ reducedMotion });
    // Some seconds of money in motion: it is enough that one of them glides.
    const seen = await page.evaluate(async () => {
      let most = 0;
      for (let frame = 0; frame < 120; frame++) {
        await new Promise(requestAnimationFrame);
        most = Math.max(most, document.getAnimations().length);
      }
      return most;
    });
    return seen;
  };

  it('is there, and is not there for those who asked for none', async () => {
    expect(await animated('no-preference')).toBeGreaterThan(0);
    expect(await animated('reduce')).toBe(0);
  });
});
