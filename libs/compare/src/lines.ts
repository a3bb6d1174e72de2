import { within } from './within.js';

/**
 * The lines of a byte stream, without their ends; blank ones are left out. What is not asked for is not read: the
 * stream's backpressure reaches the sender.
 * @param silenceMs how long to wait for the next piece; the time the caller takes between pieces does not count
 */
export async function* linesOf(
  bytes: ReadableStream<Uint8Array>,
  silenceMs: number,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = bytes.getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await within(silenceMs, reader.read());
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield line;
    }
    rest += decoder.decode();
    if (rest.trim() !== '') yield rest;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
