/** A test that waits for whole programs is as slow as the machine; what waits in it says what it waited for (until.ts), long before. */
jest.setTimeout(240_000);
