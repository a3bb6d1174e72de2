import { describe, expect, it } from '@jest/globals';
import { isApiKey, newApiKey, readApiKey } from '@paid-once/contracts';
import { hashOf, isSecretOf } from './secret.js';

describe('an API key', () => {
  it('is new each time, and reads back as its parts', () => {
    const [one, other] = [newApiKey(), newApiKey()];
    expect(one).not.toBe(other);
    expect(isApiKey(one)).toBe(true);
    const { id = '', secret = '' } = readApiKey(one) ?? {};
    expect(`po_${id}_${secret}`).toBe(one);
    expect(isSecretOf(secret, hashOf(secret))).toBe(true);
    expect(isSecretOf(readApiKey(other)?.secret ?? '', hashOf(secret))).toBe(false);
  });

  it.each([
    '',
    'po_',
    'po_0123456789abcdef',
    `${newApiKey()}0`,
    newApiKey().toUpperCase(),
    ` ${newApiKey()}`,
  ])('is none when it is written %j', (text) =>
    expect([isApiKey(text), readApiKey(text)]).toEqual([false, undefined]),
  );
});
