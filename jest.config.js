'use strict';

const shared = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.attendant/'],
};

/**
 * unit: pure rules and single modules, in process. conformance: emulators against the vendors' own clients.
 * e2e: the built product as processes (needs `npm run build`).
 */
module.exports = {
  maxWorkers: 2,
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(conformance|e2e|browser|windows)/'],
    },
    { ...shared, displayName: 'conformance', testMatch: ['<rootDir>/test/conformance/**/*.test.ts'] },
    {
      ...shared,
      displayName: 'e2e',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/support/patience.ts'],
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      // Those make users and screens (jest.gui.config.js).
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/gui/'],
    },
  ],
};
