'use strict';

const { projects, ...rest } = require('./jest.config.js');

/** The built product and the agent as processes (`npm run e2e`). */
module.exports = {
  ...rest,
  projects: [
    {
      ...projects[0],
      displayName: 'e2e',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/support/patience.ts'],
      testMatch: ['<rootDir>/test/e2e/**/*.test.ts'],
      // Those make users and screens (jest.gui.config.js).
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/e2e/gui/'],
    },
  ],
};
