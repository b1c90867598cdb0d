'use strict';

const { projects, ...rest } = require('./jest.config.js');

/** Sessions of real users with real screens: needs root on Linux, xvfb, xdotool and python3-tk (`npm run gui`). */
module.exports = {
  ...rest,
  maxWorkers: 1,
  projects: [
    {
      ...projects[0],
      displayName: 'gui',
      setupFilesAfterEnv: ['<rootDir>/test/e2e/support/patience.ts'],
      testMatch: ['<rootDir>/test/e2e/gui/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/'],
    },
  ],
};
