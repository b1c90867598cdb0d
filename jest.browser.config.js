'use strict';

const { projects, ...rest } = require('./jest.config.js');

/** The agent's pages in a real browser: needs chromium (`npm run browser`). */
module.exports = {
  ...rest,
  maxWorkers: 1,
  projects: [
    {
      ...projects[0],
      displayName: 'browser',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/support/patience.ts'],
      testMatch: ['<rootDir>/test/browser/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/'],
    },
  ],
};
