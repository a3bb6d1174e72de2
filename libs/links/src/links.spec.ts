import { describe, expect, it } from '@jest/globals';
import { linkNames, linkProxies, linksCalled, UnknownLink } from './links.js';

describe('linkProxies', () => {
  it('gives each link a proxy of its name, enabled, in the order of the money', () => {
    const proxies = linkProxies({
      'ledger-postgres': { listen: '127.0.0.1:2', upstream: 'ledger-db:5432' },
      payment: { listen: '0.0.0.0:8888', upstream: 'payment:8080' },
    });
    expect(proxies).toEqual([
      { name: 'payment', listen: '0.0.0.0:8888', upstream: 'payment:8080', enabled: true },
      { name: 'ledger-postgres', listen: '127.0.0.1:2', upstream: 'ledger-db:5432', enabled: true },
    ]);
  });
});

describe('linksCalled', () => {
  it.each(linkNames)('knows %s', (name) => expect(linksCalled(name)).toEqual([name]));
  it('knows the broker’s links as a group', () => {
    expect(linksCalled('rabbitmq')).toEqual(linkNames.filter((name) => name.endsWith('-rabbitmq')));
  });
  it.each(['', 'postgres', 'Payment', 'toString'])('names all links when it does not know "%s"', (name) => {
    expect(() => linksCalled(name)).toThrow(UnknownLink);
    for (const known of [...linkNames, 'rabbitmq ']) expect(() => linksCalled(name)).toThrow(known);
  });
});
