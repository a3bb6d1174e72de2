// `npm run fuzz`: generated requests against the running services; none may fail inside, and none that is refused leave a row.
import { request as httpRequest, Agent } from 'node:http';
import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import type { OpenAPIObject } from '@nestjs/swagger';
import { seededRandom } from '../../apps/cli/src/chapters/seeded-random.js';
import { environment } from '../rig/environment.js';
import { say } from '../rig/say.js';
import { BenchSystem } from '../rig/system.js';
import { knownId, RequestGenerator, type GeneratedRequest } from './requests.js';

interface Options {
  seed: number;
  requests: number;
  json: boolean;
}

const services = ['payments', 'ledger', 'relay'] as const;
const concurrency = 16;

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number below a billion.');
  return Number(text);
};

interface Answer {
  status: number;
  type: string;
  body: string;
}

async function run({ seed, requests, json }: Options): Promise<void> {
  say(`seed ${seed}`);
  const system = await BenchSystem.start();
  const logged: string[] = [];
  const running = await Promise.all(
    services.map((service) =>
      system.startService(service, {}, (line) => void (isTrouble(line) && logged.push(line))),
    ),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  try {
    const fuzz = new Fuzz(system, agent, seededRandom(seed));
    await fuzz.prepare();
    await fuzz.send(requests);
    const rowsFromRefused = await fuzz.rowsFromRefused();
    const died = running.filter(({ pid }) => pid === undefined).map(({ name }) => name);
    const result = {
      seed,
      requests,
      statuses: Object.fromEntries(fuzz.statuses),
      serverErrors: fuzz.failures.length,
      notProblems: fuzz.notProblems,
      rowsFromRefused,
      unhandled: logged.length,
      died,
    };
    for (const { sent, answer } of fuzz.failures.slice(0, 20))
      say(`${answer.status} for ${JSON.stringify(sent)}: ${answer.body}`);
    for (const line of logged.slice(0, 20)) say(line);
    const isGood = [...fuzz.failures, ...logged, ...died].length + rowsFromRefused + fuzz.notProblems === 0;
    process.stdout.write(
      json ? `${JSON.stringify(result)}\n` : `${isGood ? '✓' : '✗'} ${JSON.stringify(result)}\n`,
    );
    process.exitCode = isGood ? 0 : 1;
  } finally {
    agent.destroy();
    await Promise.all(running.map((service) => service.stop()));
    await system.stop();
  }
}

class Fuzz {
  readonly statuses = new Map<string, number>();
  readonly failures: { sent: GeneratedRequest; answer: Answer }[] = [];
  /** Refusals that were no problem documents. */
  notProblems = 0;
  private readonly paid = new Set<string>();
  private lastId = '01920000-0000-7000-8000-000000000001';
  private generators: { url: string; generator: RequestGenerator }[] = [];

  constructor(
    private readonly system: BenchSystem,
    private readonly agent: Agent,
    private readonly random: () => number,
  ) {}

  /** Reads what the services say they can do. */
  async prepare(): Promise<void> {
    for (const service of services) {
      const url = this.system.urlOf(service);
      const { body } = await this.ask(url, {
        method: 'GET',
        path: '/docs-json',
        headers: {},
        body: undefined,
      });
      this.generators.push({
        url,
        generator: new RequestGenerator(JSON.parse(body) as OpenAPIObject, this.random),
      });
    }
  }

  async send(requests: number): Promise<void> {
    const [payments] = this.generators;
    let left = requests;
    const sendNext = async () => {
      while (left-- > 0) {
        // Half of them to payments, where clients come in.
        const to =
          this.random() < 0.5
            ? payments
            : this.generators[Math.floor(this.random() * this.generators.length)];
        if (!to) throw new Error('Bug: nobody to ask');
        const made = to.generator.next();
        const sent = { ...made, path: made.path.replaceAll(knownId, this.lastId) };
        this.note(to.url, sent, await this.ask(to.url, sent));
        if (left % 2_000 === 0) say(`${left} requests left`);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, sendNext));
  }

  /** Payments whose request was refused, or that nobody sent. */
  async rowsFromRefused(): Promise<number> {
    const { rows } = await this.system.payments.query<{ key: string }>(
      'SELECT idempotency_key AS key FROM payment_event',
    );
    return rows.filter(({ key }) => !this.paid.has(key)).length;
  }

  private note(url: string, sent: GeneratedRequest, answer: Answer): void {
    const { status, type, body } = answer;
    this.statuses.set(String(status), (this.statuses.get(String(status)) ?? 0) + 1);
    if (status >= 500) this.failures.push({ sent, answer });
    else if (status >= 400 && !type.includes('application/problem+json')) {
      this.notProblems++;
      say(`no problem document: ${status} ${type} for ${sent.method} ${url}${sent.path.slice(0, 200)}`);
    }
    if (status !== 201 && status !== 208) return;
    const { 'idempotency-key': key = '', 'payment-idempotence-key': other = '' } = sent.headers;
    this.paid.add(key).add(other);
    this.lastId = /"id":"([0-9a-f-]{36})"/.exec(body)?.[1] ?? this.lastId;
  }

  private ask(url: string, { method, path, headers, body }: GeneratedRequest): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const authorization = `Bearer ${environment('BENCH_API_KEY')}`;
      const sending = httpRequest(url + path, {
        method,
        agent: this.agent,
        headers: { authorization, ...headers },
      });
      sending.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(0, 200_000)));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body: text,
          }),
        );
        response.on('error', reject);
      });
      sending.on('error', reject);
      sending.end(body);
    });
  }
}

function isTrouble(line: string): boolean {
  return /"level":"(error|fatal)"|unhandled|uncaught|    at /i.test(line);
}

await new Command('fuzz')
  .description(
    'Sends generated requests, good and bad, to every route of the services, and looks what they leave behind.',
  )
  .option(
    '--seed <n>',
    'the same requests again; default: a new one, which is printed',
    wholeNumber,
    randomInt(1e9),
  )
  .option('--requests <n>', 'how many', wholeNumber, 10_000)
  .option('--json', 'print one object, on the last line', false)
  .addHelpText(
    'after',
    `
Examples:
  npm run fuzz                                    10,000 requests, to a throw-away copy of the system
  npm run -s fuzz -- --seed 7 --json              the same ones as before, for scripts
  npm run fuzz -- --seed 7 --requests 500

Exit codes: 0 no service failed inside, 1 one did (the requests are printed), 2 wrong usage.`,
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync();
