import { brokerAdmin, brokerVhost } from './rabbitmq-files.js';

/** The URLs of a broker on loopback, wherever it runs. */
export abstract class RabbitAddress {
  readonly vhost = brokerVhost;
  abstract readonly amqpPort: number;
  abstract readonly managementPort: number;

  constructor(protected readonly password: string) {}

  get adminUrl(): string {
    return `http://${brokerAdmin}:${this.password}@127.0.0.1:${this.managementPort}`;
  }

  get adminAmqpUrl(): string {
    return this.amqpUrl(brokerAdmin, this.password);
  }

  amqpUrl(user: string, password: string): string {
    const login = [user, password].map(encodeURIComponent).join(':');
    return `amqp://${login}@127.0.0.1:${this.amqpPort}/${encodeURIComponent(this.vhost)}`;
  }
}

/** Asks once whether the management API answers its administrator. */
export async function answersManagement(adminUrl: string): Promise<boolean> {
  const { origin, username, password } = new URL(adminUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const signal = AbortSignal.timeout(5_000);
  try {
    const answer = await fetch(`${origin}/api/overview`, { headers: { authorization }, signal });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}
