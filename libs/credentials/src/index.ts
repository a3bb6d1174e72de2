export { ApiKey } from './api-key.entity.js';
export { callerOf, CredentialsModule } from './credentials.module.js';
export * from './manage-keys.js';
export { ApiKeys } from './migration.js';
export { runKeysProgram } from './keys-program.js';
