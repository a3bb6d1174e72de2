/** RabbitMQ's management API: what `rabbitmqctl` does too, without the second that each call of it takes. */
export class BrokerOperator {
  private readonly api: string;
  private readonly authorization: string;

  /** @param adminUrl http://admin:password@host:15672 */
  constructor(
    adminUrl: string,
    private readonly vhost: string,
  ) {
    const { origin, username, password } = new URL(adminUrl);
    this.api = `${origin}/api`;
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  /** As an operator who restarts everything that is connected. @returns how many were */
  async closeAllConnections(): Promise<number> {
    const connections = (await this.ask('GET', '/connections')) as { name: string }[];
    for (const { name } of connections)
      await this.ask('DELETE', `/connections/${encodeURIComponent(name)}`).catch(() => {}); // it may be gone by now
    return connections.length;
  }

  async setPassword(user: string, password: string): Promise<void> {
    await this.ask('PUT', `/users/${user}`, { password, tags: '' });
  }

  async setPermissions(user: string, write: string): Promise<void> {
    await this.ask('PUT', `/permissions/${encodeURIComponent(this.vhost)}/${user}`, {
      configure: '^$',
      write,
      read: '^$',
    });
  }

  /** Of all queues of the ledger, if nothing else is said. */
  async setPolicy(definition: Record<string, unknown>, pattern = '^ledger'): Promise<void> {
    const policy = { pattern, definition, 'apply-to': 'queues' };
    await this.ask('PUT', `/policies/${encodeURIComponent(this.vhost)}/fault`, policy);
  }

  async removePolicy(): Promise<void> {
    await this.ask('DELETE', `/policies/${encodeURIComponent(this.vhost)}/fault`);
  }

  /** As anybody may who has the administrator's password. */
  async publish(queue: string, payload: string): Promise<void> {
    await this.ask('POST', `/exchanges/${encodeURIComponent(this.vhost)}/amq.default/publish`, {
      properties: {},
      routing_key: queue,
      payload,
      payload_encoding: 'string',
    });
  }

  async deleteQueue(name: string): Promise<void> {
    await this.ask('DELETE', `/queues/${encodeURIComponent(this.vhost)}/${name}`);
  }

  async deleteExchange(name: string): Promise<void> {
    await this.ask('DELETE', `/exchanges/${encodeURIComponent(this.vhost)}/${name}`);
  }

  /** Of all queues since they exist; the server's figures are some seconds old. */
  async deliveries(): Promise<{ acknowledged: number; redelivered: number }> {
    const queues = (await this.ask('GET', `/queues/${encodeURIComponent(this.vhost)}`)) as {
      message_stats?: { ack?: number; redeliver?: number };
    }[];
    const sum = (of: 'ack' | 'redeliver') =>
      queues.reduce((total, { message_stats: stats }) => total + (stats?.[of] ?? 0), 0);
    return { acknowledged: sum('ack'), redelivered: sum('redeliver') };
  }

  async queues(): Promise<string[]> {
    const queues = (await this.ask('GET', `/queues/${encodeURIComponent(this.vhost)}`)) as { name: string }[];
    return queues.map(({ name }) => name);
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(this.api + path, {
      method,
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`RabbitMQ refused ${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
