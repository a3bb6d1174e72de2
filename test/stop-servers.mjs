export default async function stopServersForTests() {
  await globalThis.paidOnceTestServers?.stop();
}
