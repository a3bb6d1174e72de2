export { chooseServers, whyNoContainers, type ServersChoice, type ServersSetting } from './choose-servers.js';
export { startPostgresContainer, startRabbitMqContainer } from './containers.js';
export {
  ensureRabbitMq,
  findRabbitMq,
  RabbitMqMissing,
  type InstallOptions,
  type RabbitMqInstallation,
} from './install-rabbitmq.js';
export { ensurePostgresTools, PostgresToolsMissing, type PostgresInstallation } from './install-postgres.js';
export { ensureFaketime, FaketimeMissing, type FaketimeInstallation } from './install-faketime.js';
export { ensureRedis, RedisMissing, type RedisInstallation } from './install-redis.js';
export { ensurePrometheus, type PrometheusInstallation } from './install-prometheus.js';
export { ensureWrk } from './install-wrk.js';
export { runToEnd } from './run-to-end.js';
export { startOnLifeline, startService } from './lifeline.js';
export { clockEnvironment, setClock, settableClockEnvironment } from './other-clock.js';
export { assertFree, freePorts, isFree, portHolder, type PortHolder } from './ports.js';
export { startPostgres, type PostgresOptions } from './postgres.js';
export { startRabbitMq, type RabbitMqOptions } from './rabbitmq.js';
export { startRedis, type RedisOptions } from './redis.js';
export type { RunningProcess } from './running-process.js';
export * from './server.js';
export { startServers, type ServersOptions } from './servers.js';
export {
  privateDirectory,
  removeTree,
  stateDirectory,
  stateDirectoryOf,
  sweepThrowAwayDirectories,
  throwAwayDirectory,
  type ThrowAwayDirectory,
} from './state-directory.js';
export { unprivilegedUser, type SystemUser } from './unprivileged.js';
