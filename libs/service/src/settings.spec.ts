import { globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { applyLabSettings } from './lab-guard.js';
import { serviceSettings, take } from './configuration.js';
import { BadSettings, readSettings } from './settings.js';
import { integer, port, url } from './variable-types.js';
import { knownVariables } from './variables.js';

const schema = serviceSettings.extend({
  PAID_ONCE_DB_URL: url('postgres:'),
  PAID_ONCE_PORT: port(8080),
  PAID_ONCE_SIZE: integer({ min: 1, max: 10, otherwise: 5 }),
});
const variables = /PAID_ONCE_[A-Z_]*[A-Z]/g;
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

  const refused: [title: string, variable: string, value: string][] = [
    ['K1: empty', 'PAID_ONCE_DB_URL', ''],
    ['K1: blank', 'PAID_ONCE_DB_URL', ' '],
    ['K2: a port of 0', 'PAID_ONCE_PORT', '0'],
    ['K2: a port above 65,535', 'PAID_ONCE_PORT', '70000'],
    ['K2: a port that is no number', 'PAID_ONCE_PORT', 'http'],
    ['K3: a URL of another scheme', 'PAID_ONCE_DB_URL', 'mysql://a:xyzzy@db/payments'],
    ['K3: a URL without a host', 'PAID_ONCE_DB_URL', 'postgres:///xyzzy'],
    ['K3: an @ in the password', 'PAID_ONCE_DB_URL', 'postgres://relay:xy@zzy@db/payments'],
    ['K4: a number with a unit', 'PAID_ONCE_SIZE', '5s'],
    ['K4: a number below zero', 'PAID_ONCE_SIZE', '-5'],
    ['K4: NaN', 'PAID_ONCE_SIZE', 'NaN'],
    ['K4: a number in exponents', 'PAID_ONCE_SIZE', '1e1'],
    ['K4: a fraction', 'PAID_ONCE_SIZE', '5.0'],
    ['K10: a size of 0', 'PAID_ONCE_SIZE', '0'],
    ['K10: a heartbeat of 0', 'PAID_ONCE_HEARTBEAT_SECONDS', '0'],
    ['K12: a file that cannot be read', 'PAID_ONCE_SIZE_FILE', '/nowhere/xyzzy'],
  ];
  it.each(refused)(
    'that hold %s are refused by name, and the value is not told',
    (_title, variable, value) => {
      const message = messageOf(() =>
        readSettings(schema.extend(take('PAID_ONCE_HEARTBEAT_SECONDS')), {
          ...database,
          [variable]: value,
        }),
      );
      expect(message).toContain(variable.replace('_FILE', ''));
      if (/\w{4}/.test(value)) expect(message).not.toContain(value);
      expect(message).not.toMatch(/xyzzy|zzy/);
    },
  );

  it.each([
    ['K5: a letter that is missing', 'PAID_ONCE_SIE', 'PAID_ONCE_SIZE'],
    ['K5: a letter too much', 'PAID_ONCE_SIZEE', 'PAID_ONCE_SIZE'],
    ['K5: two letters that changed places', 'PAID_ONCE_HSOT', 'PAID_ONCE_HOST'],
    ['K5: another letter, in the name of a file', 'PAID_ONCE_HOSK_FILE', undefined],
    ['K5: nothing like it', 'PAID_ONCE_FASTER', undefined],
  ])('with a slip of the pen are refused, not defaulted: %s', (_title, variable, meant) => {
    const message = messageOf(() => readSettings(schema, { ...database, [variable]: 'x' }));
    expect(message).toBe(
      `settings: ${variable}: is no variable of ours${meant === undefined ? '' : `; is ${meant} meant?`}`,
    );
  });

  it('K5: may be those of other programs: a stack gives all of them to each process', () => {
    const others = { PAID_ONCE_LEDGER_PORT: '1', PAID_ONCE_RELAY_AMQP_URL_FILE: 'x', OTHER: 'y' };
    expect(() => readSettings(schema, { ...database, ...others })).not.toThrow();
  });

  it('K5: are all on the list of those that are known, and nothing else is', () => {
    const cwd = fileURLToPath(new URL('../../../', import.meta.url));
    const code = globSync('{apps,libs,test,bench,scripts,deploy}/**/{*.ts,*.mjs,*.sh,Dockerfile}', {
      cwd,
      exclude: ['**/node_modules', '**/*spec.ts', '**/variables.ts', '**/configuration.ts'],
    });
    const sources = [...code, 'docker-compose.yml', 'jest.config.js', '.ci/run'];
    const used = sources.flatMap((file) => readFileSync(join(cwd, file), 'utf8').match(variables) ?? []);
    const names = used.map((name) => name.replace(/_FILE$/, ''));
    expect([...knownVariables].sort()).toEqual([...new Set(names)].sort());
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

  it('K6: is what a password needs that everybody knows', () => {
    const withBroker = schema.extend({ PAID_ONCE_RELAY_AMQP_URL: url('amqp:') });
    const settings = (lab: string) =>
      readSettings(withBroker, {
        ...database,
        PAID_ONCE_LAB: lab,
        PAID_ONCE_RELAY_AMQP_URL: 'amqp://guest:guest@broker/v',
      });
    expect(() => applyLabSettings(settings('false'))).toThrow('PAID_ONCE_RELAY_AMQP_URL: has RabbitMQ');
    expect(() => applyLabSettings(settings('true'))).not.toThrow();
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
