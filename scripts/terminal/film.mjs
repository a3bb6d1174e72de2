import { Screen } from './screen.mjs';

/** Between two pictures, in seconds: what changes faster is seen at once. */
const closest = 0.05;

/**
 * The rows of a recording over time.
 * @param events     [seconds, output] in order
 * @param longest    seconds a pause may last in the film; longer ones are shortened to it
 * @returns `rows`: for each row of the screen its versions in order, `{ at, cells }`; `end`: when the last one begins
 */
export function film(events, { columns, longest }) {
  const screen = new Screen(columns);
  const rows = [];
  let [at, before] = [0, 0];
  for (const [seconds, output] of coalesced(events)) {
    at += Math.min(seconds - before, longest);
    before = seconds;
    screen.write(output);
    for (const [index, cells] of screen.rows.entries()) {
      const versions = (rows[index] ??= [{ at: 0, cells: [] }]);
      if (same(versions.at(-1).cells, cells)) continue;
      if (versions.at(-1).at === at) versions.at(-1).cells = [...cells];
      else versions.push({ at, cells: [...cells] });
    }
  }
  return { rows, end: at };
}

function* coalesced(events) {
  let [start, text] = [0, ''];
  for (const [seconds, output] of events) {
    if (text !== '' && seconds - start > closest) {
      yield [start, text];
      text = '';
    }
    if (text === '') start = seconds;
    text += output;
  }
  yield [start, text];
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
