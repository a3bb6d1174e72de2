import cliProgress from 'cli-progress';
import type { Output } from './output.js';

export interface Progress {
  /** @param text what else is worth knowing now, in a few words */
  update(done: number, total: number, text: string): void;
  end(): void;
}

/** Between two plain lines, in milliseconds. */
const plainLineMs = 1_000;

/** A bar on a terminal; elsewhere a line a second, so that a log stays readable. Always on stderr. */
export function progressOf(out: Output, unit: string): Progress {
  return out.progress.moves ? bar(out, unit) : lines(out, unit);
}

function bar(out: Output, unit: string): Progress {
  const drawn = new cliProgress.SingleBar({
    format: `{bar} {value}/{total} ${unit} · {text}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: false,
    stream: out.progress.stream as NodeJS.WritableStream,
    fps: 10,
  });
  let started = false;
  return {
    update(done, total, text) {
      if (!started) drawn.start(total, done, { text });
      else drawn.update(done, { text });
      started = true;
    },
    end() {
      if (started) drawn.stop();
    },
  };
}

function lines(out: Output, unit: string): Progress {
  let last = performance.now();
  return {
    update(done, total, text) {
      if (performance.now() - last < plainLineMs) return;
      last = performance.now();
      out.note(`  ${done}/${total} ${unit} · ${text}`);
    },
    end() {},
  };
}

const slowMs = 2_000;

/** Says what is waited for if the work takes long. */
export async function tellIfSlow<Result>(
  out: Output,
  forWhat: string,
  work: Promise<Result>,
): Promise<Result> {
  const waiting = waitingLine(out);
  const timer = setTimeout(() => waiting.show(forWhat), slowMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    waiting.end();
  }
}

/** A line that says what is being waited for: rewritten in place on a terminal, else repeated when it changes. */
export function waitingLine(out: Output): { show(text: string): void; end(): void } {
  const { stream, moves } = out.progress;
  let shown = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(text) {
      if (text === shown) return;
      if (moves) stream.write(`\r\u001b[2K  … ${text.slice(0, (stream.columns ?? 80) - 6)}`);
      else if (performance.now() - shownAt >= plainLineMs) out.note(`  … ${text}`);
      else return;
      shown = text;
      shownAt = performance.now();
    },
    end() {
      if (moves && shown !== '') stream.write('\r\u001b[2K');
    },
  };
}
