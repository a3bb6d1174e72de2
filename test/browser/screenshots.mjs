// `npm run screenshots`: the six pictures of the documentation, in both themes, the same ones each time.
// `npm run screenshots -- FOLDER [NAME…]`: every look of the page whose name contains one of these, for whoever works on
// it; exits with 1 if somebody could not use one of them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureChromium } from './support/chromium.mjs';
import { launchChromium } from './support/launch-chromium.ts';
import { looks, pictures } from './support/looks.ts';
import { barriers, scriptedPages, themes } from './support/scripted-page.ts';

const [folder = join(import.meta.dirname, '../../docs/screenshots'), ...names] = process.argv.slice(2);
const isDocumentation = process.argv[2] === undefined;
const wanted = isDocumentation ? pictures : [...pictures, ...looks].filter(isNamed);
// The scripted states are a function of the time since the page was opened: so it stands still in them.
const now = Date.now();
Date.now = () => now;

await mkdir(folder, { recursive: true });
const browser = await launchChromium(await ensureChromium(console.error), [
  // What is drawn again in part, or in another thread's order, differs by single pixels.
  '--disable-partial-raster',
  '--num-raster-threads=1',
]);
const pages = await scriptedPages(browser);
let faults = 0;
for (const look of wanted) for (const theme of themes) faults += await photograph(look, theme);
await pages.close();
await browser.close();
process.exitCode = faults === 0 ? 0 : 1;

function isNamed({ name }) {
  return names.length === 0 || names.some((each) => name.includes(each));
}

async function photograph(look, theme) {
  const { page, complaints } = await pages.open(look, theme);
  // How many snapshots a second came is a mean of four seconds.
  if (look.state !== 'silent') await page.getByText('live 4/s').waitFor();
  if (!isDocumentation) await unroll(page, look.width);
  await page.evaluate(layOutAgain);
  const path = join(folder, `${look.name.replaceAll(/[^\w-]+/g, '-')}-${theme}.png`);
  await page.screenshot({ path, animations: 'disabled', scale: 'css' });
  complaints.push(...(await barriers(page)));
  await page.close();
  for (const complaint of complaints) console.log(`${look.name}, ${theme}: ${complaint}`);
  return complaints.length;
}

/** All in one go: what was laid out while the rest was still coming may lie a part of a pixel beside its place. */
async function layOutAgain() {
  const { style } = document.querySelector('main');
  style.display = 'none';
  document.body.getBoundingClientRect();
  style.display = '';
  for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
}

/** A window as high as the page: in a picture of a scrolled page the strip of events would lie across its middle. */
async function unroll(page, width) {
  if (await page.getByRole('dialog').isVisible()) return;
  await page.setViewportSize({
    width,
    height: await page.evaluate(() => document.documentElement.scrollHeight),
  });
}
