export default async function stopSystemOfBrowserTests() {
  const system = globalThis.paidOnceLaunchedSystem;
  if (system === undefined) return;
  // Then nothing that failed after that says anything about the page.
  if (!system.isRunning)
    process.stderr.write(`npm start has ended during the tests. It said:\n${system.said}\n`);
  await system.remove();
}
