'use strict';

const { projects } = require('./jest.config.js');
const [{ testMatch: _, testPathIgnorePatterns: __, ...unit }] = projects;

/** What needs Windows, and the parts of the agent for it; run by .github/workflows/windows.yml. */
module.exports = {
  ...unit,
  displayName: 'windows',
  testTimeout: 120_000,
  testMatch: ['<rootDir>/test/windows/**/*.test.ts', '<rootDir>/test/agent/session/windows/*.test.ts'],
};
