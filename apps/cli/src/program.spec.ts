import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fakeService, run, type FakeService } from './test/run.js';

const verbs = [
  'start',
  'demo',
  'chapters',
  'pay',
  'status',
  'compare',
  'links',
  'break',
  'heal',
  'crash',
  'chapter',
  'processes',
  'kill',
  'stop',
  'cont',
  'restart',
  'reset',
  'setup',
  'show',
  'dead list',
  'dead show',
  'dead redrive',
  'dead drop',
  'replay',
  'outbox rebase',
];

const started: FakeService[] = [];
afterEach(() => Promise.all(started.splice(0).map((service) => service.stop())));
const fake = async (answers: Record<string, object | number>) => {
  const service = await fakeService(answers);
  started.push(service);
  return service;
};

describe('the command line', () => {
  it.each(verbs)('%s has help with examples, and offers --json', async (verb) => {
    const { exitCode, stdout } = await run(`${verb} --help`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Examples:\n  $ npx paid-once');
    expect(stdout).toContain('--json');
  });

  it.each([
    ['', 'nothing to do'],
    ['reconcile', 'no such verb'],
    ['compare --forever', 'no such option'],
    ['compare --timeout soon', 'no number'],
    ['compare --timeout 5', 'nothing is waited for'],
    ['compare --why x', 'nothing is repaired'],
    ['compare --wait --by ann', 'nothing is repaired'],
    ['compare --repair --why=', 'no reason'],
    ['pay', 'no file'],
    ['pay payments.csv --concurrency 0', 'out of range'],
    ['break', 'no link'],
    ['break moon', 'no such link'],
    ['heal relay-rabbitmq --all', 'one or all'],
    ['crash relay.sometime', 'no such point'],
    ['crash 14', 'no such number'],
    ['chapters --seed soon', 'no number'],
    ['chapters --file nowhere.csv', 'no file'],
    ['chapter 5', 'no such chapter'],
    ['kill', 'no process'],
    ['stop', 'no process: it does not stop the system'],
    ['restart moon', 'no such process'],
    ['start --amqp amqp://localhost', 'servers go together'],
    ['setup', 'settings are missing'],
    ['dead', 'no verb of the group'],
    ['dead show', 'no reason or payment'],
    ['dead redrive poison', 'no reason why'],
    ['dead redrive --why x', 'neither which nor --all'],
    ['dead redrive poison --all --why x', 'both'],
    ['dead redrive --all --why x --rate 0', 'out of range'],
    ['dead drop poison --why x', 'no count'],
    ['replay --why x', 'nothing to replay'],
    ['replay --since 2h', 'no reason why'],
    ['replay --since 2h --missing --why x', 'two at once'],
    ['replay --payment 4711 --why x', 'no payment’s id'],
    ['show', 'no payment'],
    ['show 4711', 'no payment’s id'],
  ])('"%s" is a usage error (%s): exit 2, nothing on stdout', async (args) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
  });

  it('suggests the verb that was meant', async () => {
    expect((await run('compair')).stderr).toContain('Did you mean compare?');
  });

  it.each([
    'compare',
    'links',
    'break payment',
    'heal',
    'crash 7',
    'reset --yes',
    'status',
    'chapter',
    'chapter 2',
    'dead list',
    'dead show poison',
    'dead redrive --all --why x',
    'dead drop --all --count 1 --why x',
    'replay --since 2h --why x',
    'show 019a0000-0000-7000-8000-000000000001',
  ])('%s says what it means for the money when nothing answers: exit 3', async (args) => {
    const { exitCode, stdout, stderr } = await run(args);
    expect(exitCode).toBe(3);
    expect(`${stdout}${stderr}`).toMatch(/lost|[Mm]oney|kept|changes nothing/);
  });

  it.each([
    ['processes', 'docker compose ps'],
    ['kill ledger', 'docker compose kill ledger, and it stays down until: docker compose restart ledger'],
    ['stop payments-db', 'docker compose pause payments-db'],
    ['cont payments-db', 'docker compose unpause payments-db'],
    ['restart rabbitmq', 'docker compose restart rabbitmq'],
  ])('%s names the command for Docker when npm start does not run here: exit 3', async (args, command) => {
    const { exitCode, stderr } = await run(args);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('Nothing was started from this checkout by npm start.');
    expect(stderr).toContain(command);
  });

  it.each(['status', 'compare', 'dead list', 'chapter', 'replay --since 2h --why x', 'reset --yes'])(
    '%s says so when another program answers at our ports, and means no bug of ours: exit 3',
    async (args) => {
      const server = createServer((_, response) => response.end('<html>Welcome</html>'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const { exitCode, stdout, stderr } = await run(args, {
        PAID_ONCE_PAYMENTS_URL: url,
        PAID_ONCE_LEDGER_URL: url,
        PAID_ONCE_RELAY_URL: url,
      });
      server.closeAllConnections();
      server.close();
      expect(exitCode).toBe(3);
      expect(`${stdout}${stderr}`).toContain('another program seems to answer there');
      expect(stderr).not.toContain('bug');
    },
  );

  it('stop says that it does not end the system, and what does', async () => {
    expect((await run('stop')).stderr).toContain('press Ctrl-C where npm start runs');
  });

  it.each(['compare --json', 'links --json', 'status --json', 'crash 7 --json', 'chapter --json'])(
    '%s prints one object on stdout, also when it fails',
    async (args) => {
      const { stdout } = await run(args);
      expect(stdout.trim().split('\n')).toHaveLength(1);
      expect(JSON.parse(stdout)).toEqual(expect.any(Object));
    },
  );
});

describe('compare', () => {
  const digest = {
    bucket: '019a0000',
    count: 2,
    payments: 2,
    reversals: 0,
    totals: { EUR: '200' },
    hash: 'abc',
  };

  it('exits 0 when the ledgers agree, and says so in words and money', async () => {
    const side = await fake({ '/digests': digest });
    const { exitCode, stdout } = await run('compare', sides(side, side));
    expect(exitCode).toBe(0);
    expect(stdout).toContain('The ledgers agree: 2 payments, EUR 2.00, each posted exactly once.');
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('→ npx paid-once');
  });

  it('prints exactly the object of the contract with --json', async () => {
    const side = await fake({ '/digests': digest });
    const { stdout } = await run('compare --json', sides(side, side));
    const none = { count: 0, totals: {}, oldestSeconds: 0 };
    expect(JSON.parse(stdout)).toEqual({
      agree: true,
      payments: { count: 2, totals: { EUR: '2.00' } },
      ledger: { count: 2, totals: { EUR: '2.00' } },
      breaks: {
        inOutbox: none,
        inBroker: none,
        deadLettered: none,
        parked: none,
        missing: none,
        unexpected: none,
        duplicate: none,
        amountDiffers: none,
        order: none,
      },
    });
  });

  it('exits 1 when they differ, and with --wait when they still do at the end of the time', async () => {
    const [payments, ledger] = await twoSidesThatDiffer();
    const { exitCode, stdout } = await run('compare', sides(payments, ledger));
    expect(exitCode).toBe(1);
    expect(stdout).toContain('1 payment (EUR 1.00) is safe in the outbox');
    expect(stdout).toContain('nothing is lost, nothing is paid twice');
    const waited = await run('compare --wait --timeout 0.3', sides(payments, ledger));
    expect(waited.exitCode).toBe(1);
    expect(waited.stderr).toContain('… 1 payment (EUR 1.00) is safe in the outbox');
  });

  const sides = (payments: FakeService, ledger: FakeService) => ({
    PAID_ONCE_PAYMENTS_URL: payments.url,
    PAID_ONCE_LEDGER_URL: ledger.url,
  });

  async function twoSidesThatDiffer(): Promise<[FakeService, FakeService]> {
    const paymentId = '019a0000-0000-7000-8000-000000000001';
    const event = { paymentId, type: 'payment.accepted', messageId: 'm' };
    const payments = await fake({
      '/digests': digest,
      '/export': { ...event, src: 'a', dest: 'b', amountMinor: '100', currency: 'EUR' },
      '/stations': [{ ...event, station: 'outbox', since: new Date().toISOString() }],
    });
    const ledger = await fake({ '/digests': 200, '/export': 200, '/stations': [] });
    return [payments, ledger];
  }
});

describe('crash and reset', () => {
  it('arms the point at the service it belongs to, by name or number', async () => {
    const relay = await fake({ '/lab/crash': { armed: 'relay.after-confirm' } });
    const { exitCode, stdout } = await run('crash 5 --json', { PAID_ONCE_RELAY_URL: relay.url });
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { armed: 'relay.after-confirm', service: 'relay' }]);
    expect(relay.requests).toEqual([{ line: 'POST /lab/crash', body: '{"point":"relay.after-confirm"}' }]);
  });

  it('lists the crash points with their numbers', async () => {
    expect((await run('crash --help')).stdout).toContain(' 5  relay.after-confirm');
  });

  it('says what reset would delete and deletes nothing, unless told yes', async () => {
    const payments = await fake({
      '/stats': { count: 3, totals: { EUR: '3.00' }, reversals: 0 },
      '/payments': 204,
    });
    const env = { PAID_ONCE_PAYMENTS_URL: payments.url };
    const asked = await run('reset', env);
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toContain('This would delete 3 payments (EUR 3.00)');
    expect(payments.requests.some(({ line }) => line.startsWith('DELETE'))).toBe(false);
    expect((await run('reset --yes', env)).exitCode).toBe(0);
    expect(payments.requests.at(-1)?.line).toBe('DELETE /payments');
  });

  it('exits 3 and says that nothing was deleted when one side cannot be reached', async () => {
    const payments = await fake({ '/stats': { count: 3, totals: { EUR: '3.00' } }, '/payments': 503 });
    expect((await run('reset --yes', { PAID_ONCE_PAYMENTS_URL: payments.url })).exitCode).toBe(3);
  });
});
