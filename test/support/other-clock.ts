import { ensureFaketime } from '@paid-once/infrastructure';

/** @returns why processes cannot be given another clock here; undefined when they can */
export async function whyNoFaketime(): Promise<string | undefined> {
  try {
    await ensureFaketime(
      (line) => void process.stderr.write(`${line}\n`),
      process.env['PAID_ONCE_INSTALL'] === 'never' ? 'never' : 'auto',
    );
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
