import { rm } from 'node:fs/promises';

export default async function stopServersForTests() {
  await globalThis.paidOnceTestServers?.stop();
  if (process.env.TEST_PASSWORDS) await rm(process.env.TEST_PASSWORDS, { recursive: true });
}
