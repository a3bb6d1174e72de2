const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { module: { type: 'es6' } }] },
  moduleNameMapper: {
    '^@paid-once/service/basics$': '<rootDir>/libs/service/src/basics.ts',
    '^@paid-once/broker/lab$': '<rootDir>/libs/broker/src/lab.ts',
    '^@paid-once/(.*)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
};

const withServers = {
  ...base,
  globalSetup: '<rootDir>/test/servers.mjs',
  globalTeardown: '<rootDir>/test/stop-servers.mjs',
};

const inBrowser = {
  ...base,
  globalSetup: '<rootDir>/test/browser/start-system.mjs',
  globalTeardown: '<rootDir>/test/browser/stop-system.mjs',
};

// unit: no server. integration: real Postgres and RabbitMQ, started once for all by test/servers.mjs.
// e2e: the same, for what takes minutes; `npm test` leaves it out. long: for what takes longer still; only
// `npm run test:e2e -- --all` runs it. browser: the console's page in Chromium, on a system as `npm start` runs it.
export default {
  // Real servers on a busy machine: what hangs is still found, what is only slow is not called broken. Jest reads it
  // here only; in a project it says nothing and changes nothing.
  testTimeout: 30_000,
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,chaos}/**/*.spec.ts'] },
    {
      ...withServers,
      displayName: 'integration',
      testMatch: ['<rootDir>/{apps,libs,test}/**/*.int-spec.ts'],
    },
    { ...withServers, displayName: 'e2e', testMatch: ['<rootDir>/{apps,libs,test}/**/*.e2e-spec.ts'] },
    { ...inBrowser, displayName: 'browser', testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'] },
    {
      ...inBrowser,
      displayName: 'browser-long',
      testMatch: ['<rootDir>/test/browser/**/*.browser-long-spec.ts'],
    },
    { ...withServers, displayName: 'long', testMatch: ['<rootDir>/{apps,libs,test}/**/*.long-spec.ts'] },
  ],
};
