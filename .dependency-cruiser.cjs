/** The import rules of ARCHITECTURE.md. A broken rule fails `npm run check`. */
const only = (name, from, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  // Node's own modules have names with a slash too (fs/promises).
  to: { path: '^(?!node_modules)[^/]+/', pathNot: allowed, dependencyTypesNot: ['core'] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only(
      'contracts-stand-alone',
      '^contracts/',
      '^contracts/',
      'contracts/ is what crosses a process: it imports nothing of ours',
    ),
    only('domain-is-pure', '^domain/', '^(domain|contracts)/', 'rules know no I/O, no SDK'),
    {
      name: 'domain-has-no-sdk',
      severity: 'error',
      from: { path: '^domain/' },
      to: {
        dependencyTypes: ['npm', 'core'],
        pathNot: 'node_modules/(zod|croner|luxon|windows-iana|big\\.js|ajv|ajv-formats)/',
      },
    },
    only(
      'local-knows-contracts-only',
      '^local/(host|durable|broker|tables|store|clock)',
      '^(local|contracts)/',
      'local/ stands in for Azure and knows nothing of runs',
    ),
    only('agent-knows-contracts-only', '^agent/', '^(agent|contracts)/', 'the agent ships alone'),
    only(
      'entities-are-tables',
      '^entities/',
      '^(entities|domain|contracts)/',
      'an entity is a message table over domain/',
    ),
    only(
      'orchestrators-tell-the-story',
      '^orchestrators/(?!.*\\.activity\\.ts$)',
      '^(orchestrators|entities|domain|contracts)/',
      'no I/O in an orchestrator',
    ),
    {
      name: 'orchestrators-import-activities-as-types',
      severity: 'error',
      from: { path: '^orchestrators/(?!.*\\.activity\\.ts$)' },
      to: { path: '\\.activity\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    only(
      'functions-parse-act-answer',
      '^functions/',
      '^(functions|adapters|domain|contracts|orchestrators|entities)/',
      'triggers do not reach into local/ or agent/',
    ),
    only(
      'adapters-are-leaves',
      '^adapters/',
      '^(adapters|domain|contracts)/',
      'adapters know ports and contracts',
    ),
    only(
      'cli-talks-http',
      '^cli/',
      '^(cli|contracts|domain)/',
      'the CLI is a client of the API; the pure rules check files without a host',
    ),
    only(
      'broker-alone',
      '^local/broker/',
      '^local/(broker|store|clock|shared)',
      'the broker knows AMQP and Service Bus',
    ),
    only(
      'tables-alone',
      '^local/tables/',
      '^local/(tables|store|clock|shared)',
      'the tables know the Table REST API',
    ),
    only(
      'durable-alone',
      '^local/durable/',
      '^local/(durable|store|clock|shared)',
      'the engine knows the Durable protocol',
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test|console|bench|\\.attendant)/' },
  },
};
