import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { cannotListen } from './api-error.js';

export interface Address {
  host: string;
  port: number;
}

/**
 * Splits `host:port` as Go does, with its error texts; the host may be empty, and IPv6 stands in brackets.
 * An empty text is Go's "any address, any port".
 * @throws ApiError 500
 */
export function splitAddress(text: string): Address {
  if (text === '') return { host: '', port: 0 };
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (!match) {
    const complaint = text.replace(/^\[[^\]]*\]/, '').includes(':')
      ? 'too many colons in address'
      : 'missing port in address';
    throw cannotListen(`address ${text}: ${complaint}`);
  }
  const [, bracketed, plain = '', portText = ''] = match;
  if (!/^\d*$/.test(portText)) throw cannotListen(`lookup tcp/${portText}: unknown port`);
  if (Number(portText) > 65_535) throw cannotListen(`address ${portText}: invalid port`);
  return { host: bracketed ?? plain, port: Number(portText) };
}

/** `host:port`, as `net.Addr` prints it. */
export function printAddress({ host, port }: Address): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where to listen, resolved. @throws ApiError 500 */
export async function listenAddress(text: string): Promise<Address> {
  return resolveAddress(splitAddress(text));
}

/** The same address with its host resolved, IPv4 first. @throws ApiError 500 */
export async function resolveAddress({ host, port }: Address): Promise<Address> {
  if (host === '') return { host: '::', port };
  if (isIP(host) !== 0) return { host, port };
  try {
    const { address } = await lookup(host, { order: 'ipv4first' });
    return { host: address, port };
  } catch {
    throw cannotListen(`lookup ${host}: no such host`);
  }
}

/** Where a resolved address is really listened on: a loopback one as it is, any other on 127.0.0.1. */
export function onLoopback({ host, port }: Address): Address {
  return { host: isLoopback(host) ? host : '127.0.0.1', port };
}

export function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost';
}
