/**
 * The RabbitMQ that the test run started.
 * @returns its management URL with an administrator's credentials, and its AMQP port on loopback
 */
export function testBrokerSettings(): { adminUrl: string; port: number } {
  const { TEST_AMQP_ADMIN_URL: adminUrl, TEST_AMQP_PORT: port } = process.env;
  if (adminUrl === undefined || port === undefined)
    throw new Error('Bug: the test run has started no RabbitMQ');
  return { adminUrl, port: Number(port) };
}
