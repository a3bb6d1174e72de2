/** Toxiproxy's own server and command-line client, for the tests that hold the stand-in and the original to one contract. */
export function givenServer(): string | undefined {
  return process.env['TOXIPROXY_BINARY'];
}

export function givenClient(): string | undefined {
  return process.env['TOXIPROXY_CLI'];
}
