// Boundaries are a test: `npm run lint` fails when one is crossed. DESIGN of the layout: README, "Map".
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'libs-know-no-app', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'apps-are-islands',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: '^apps/console/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      // What both can do is written once, there.
      name: 'the-console-is-the-command-line-with-a-mouse',
      severity: 'error',
      from: { path: '^apps/console/' },
      to: { path: '^apps/', pathNot: '^apps/(console|cli/src)/' },
    },
    {
      name: 'libs-by-their-front-door',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/[^/]+/src/(?!(index|basics|lab)\\.ts$)', pathNot: '^$1/$2/' },
    },
    {
      // What loses messages by design must not be one import away from the code that must not.
      name: 'only-labs-publish-and-consume-naively',
      severity: 'error',
      from: { path: '^(apps|libs|test)/', pathNot: '^(libs/broker/src/|apps/[^/]+/src/lab/)' },
      to: { path: '^libs/broker/src/lab(\\.ts$|/)' },
    },
    {
      name: 'only-broker-speaks-amqp',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/broker/' },
      to: { path: 'node_modules/amqplib' },
    },
    {
      name: 'only-links-knows-toxiproxy',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: '^libs/links/' },
      to: { path: 'node_modules/toxiproxy-node-client' },
    },
    {
      name: 'outbox-and-inbox-know-no-payments',
      severity: 'error',
      from: { path: '^libs/(outbox|inbox|broker)/', pathNot: 'spec\\.ts$' },
      to: { path: '^libs/(payer|compare|links|infrastructure)/' },
    },
    {
      name: 'nothing-unresolvable',
      severity: 'error',
      from: {},
      // Not the build's output, which a fresh checkout does not have yet.
      to: { couldNotResolve: true, pathNot: 'dist/(apps|libs)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|bench/peers)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
