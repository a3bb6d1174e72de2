import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { applyLabSettings } from './lab-guard.js';
import { BadSettings, integer, port, readSettings, serviceSettings, url } from './settings.js';

const schema = serviceSettings.extend({
  PAID_ONCE_DB_URL: url('postgres:'),
  PAID_ONCE_PORT: port(8080),
  PAID_ONCE_SIZE: integer({ min: 1, max: 10, otherwise: 5 }),
});
const database = { PAID_ONCE_DB_URL: 'postgres://relay:secret@db/payments' };

describe('settings', () => {
  it('are read once, with their defaults', () => {
    expect(readSettings(schema, database)).toMatchObject({
      PAID_ONCE_LAB: false,
      PAID_ONCE_HOST: '127.0.0.1',
      PAID_ONCE_PORT: 8080,
      PAID_ONCE_SIZE: 5,
    });
  });

  it('that are wrong are all named together, and their values are never told', () => {
    const bad = {
      PAID_ONCE_DB_URL: 'mysql://secret',
      PAID_ONCE_PORT: '70000',
      PAID_ONCE_SIZE: '5s',
      PAID_ONCE_LAB: 'yes',
    };
    expect(() => readSettings(schema, bad)).toThrow(BadSettings);
    const message = messageOf(() => readSettings(schema, bad));
    for (const variable of Object.keys(bad)) expect(message).toContain(variable);
    for (const value of ['secret', '70000', '5s', 'yes']) expect(message).not.toContain(value);
    expect(messageOf(() => readSettings(schema, {}))).toBe('settings: PAID_ONCE_DB_URL: not set');
  });

  it('may be given as a file, but not twice', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'paid-once-settings-')), 'url');
    writeFileSync(file, `${database.PAID_ONCE_DB_URL}\n`);
    const given = { PAID_ONCE_DB_URL_FILE: file };
    expect(readSettings(schema, given).PAID_ONCE_DB_URL).toBe(database.PAID_ONCE_DB_URL);
    expect(messageOf(() => readSettings(schema, { ...given, ...database }))).toContain(
      'PAID_ONCE_DB_URL_FILE',
    );
    expect(messageOf(() => readSettings(schema, { PAID_ONCE_DB_URL_FILE: '/nowhere' }))).toContain(
      'cannot be read',
    );
  });
});

describe('lab mode', () => {
  const apply = (environment: Record<string, string>) => () =>
    applyLabSettings(readSettings(schema, { ...database, ...environment }));

  it('is what a crash point needs: outside it the process refuses to start', () => {
    expect(apply({ PAID_ONCE_CRASH_AT: 'relay.after-confirm' })).toThrow(
      'PAID_ONCE_CRASH_AT: is for lab mode only',
    );
    expect(apply({ PAID_ONCE_LAB: 'true', PAID_ONCE_CRASH_AT: 'nowhere' })).toThrow('is no crash point');
  });

  it('is refused where others than this machine, or the container network, can reach it', () => {
    expect(apply({ PAID_ONCE_LAB: 'true', PAID_ONCE_HOST: '0.0.0.0' })).toThrow(
      'PAID_ONCE_HOST: is not loopback',
    );
    expect(
      apply({ PAID_ONCE_LAB: 'true', PAID_ONCE_HOST: '0.0.0.0', PAID_ONCE_LAB_NETWORK: 'container' }),
    ).not.toThrow();
    expect(apply({ PAID_ONCE_LAB: 'true' })).not.toThrow();
    expect(apply({ PAID_ONCE_HOST: '0.0.0.0' })).not.toThrow();
  });
});

function messageOf(read: () => unknown): string {
  try {
    read();
    return '';
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
}
