/** Toxiproxy's own server, for the tests that hold the stand-in and the original to one contract. */
export function givenBinary(): string | undefined {
  return process.env['TOXIPROXY_BINARY'];
}
