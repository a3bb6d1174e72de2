import { chromium, type Browser } from 'playwright-core';

/** Root's Chromium has no sandbox: the kernel gives it none. */
export function launchChromium(program: string, args: string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: program, chromiumSandbox: process.getuid?.() !== 0, args });
}
