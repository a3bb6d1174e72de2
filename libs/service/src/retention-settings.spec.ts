import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { take } from './configuration.js';
import { inboxOutlivesOutbox, retentionVariables } from './retention-settings.js';
import { readSettings } from './settings.js';

const schema = inboxOutlivesOutbox(z.object(take(...retentionVariables)));

describe('the settings of retention', () => {
  it('remember messages for longer than they can be sent again, by default', () => {
    expect(readSettings(schema, {})).toEqual({
      PAID_ONCE_OUTBOX_RETENTION_MINUTES: 10_080,
      PAID_ONCE_INBOX_RETENTION_MINUTES: 20_160,
      PAID_ONCE_RETENTION_EVERY_SECONDS: 60,
    });
  });

  it.each([
    [{ PAID_ONCE_INBOX_RETENTION_MINUTES: '10079' }],
    [{ PAID_ONCE_OUTBOX_RETENTION_MINUTES: '20161' }], // contradicts the other one's default
    [{ PAID_ONCE_OUTBOX_RETENTION_MINUTES: '20', PAID_ONCE_INBOX_RETENTION_MINUTES: '19' }],
  ])('refuse an inbox that forgets sooner than the outbox: %j', (environment) => {
    expect(() => readSettings(schema, environment)).toThrow(
      /^settings: PAID_ONCE_INBOX_RETENTION_MINUTES: is less than PAID_ONCE_OUTBOX_RETENTION_MINUTES: /,
    );
  });

  it('allow both to be as long', () => {
    const both = { PAID_ONCE_OUTBOX_RETENTION_MINUTES: '5', PAID_ONCE_INBOX_RETENTION_MINUTES: '5' };
    expect(readSettings(schema, both)).toMatchObject({ PAID_ONCE_INBOX_RETENTION_MINUTES: 5 });
  });
});
