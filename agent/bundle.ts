#!/usr/bin/env node
/*
 * Where the bundled agent begins (scripts/bundle-agent.mjs): one file that is the command line, and with the word `worker` the process
 * of one run. Only what is asked for is loaded.
 */
void (process.argv[2] === 'worker' ? import('./worker.js') : import('./main.js'));
